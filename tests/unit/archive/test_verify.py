"""`verify` names whatever was changed in an archive, and nothing else."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from event_archive.columns import SCHEMA
from event_archive.manifest import (
    ENTRY_BYTES_MAX,
    ArchiveError,
    append,
    entries,
    entry_name,
    newest_tail,
    present,
    present_files,
    removed_body,
)
from event_archive.retention import _leave_ends, hold, remove
from event_archive.stores.folder import FolderStore
from event_archive.values import US_MAX
from event_archive.verification.verify import Asked, Verification
from kernel.hashchain import GENESIS, Head, event_hash
from mesh.checkpoints import About, write_checkpoint, write_new_key
from tests.support.archived_records import DAY_US, Log
from tests.support.archiving import archive_all, archiver, made_archive

ACCOUNTS = ["ACC-0", "ACC-1", "ACC-2", "ACC-3", "ACC-4", "ACC-5"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An archive with two days, taken once; tests work on copies."""
    log = Log()
    for number in range(72):
        log.write(ACCOUNTS[number % 6], day=number // 36)
    made_archive(tmp_path_factory.mktemp("made") / "a", log)
    return log, tmp_path_factory.getbasetemp() / next(
        path.relative_to(tmp_path_factory.getbasetemp())
        for path in tmp_path_factory.getbasetemp().glob("made*/a")
    )


@pytest.fixture
def log(made):
    return made[0]


@pytest.fixture
def folder(made, tmp_path):
    shutil.copytree(made[1], tmp_path / "a")
    return tmp_path / "a"


NOTHING = Asked()


def found(folder: Path, asked: Asked = NOTHING) -> list[str]:
    return list(Verification(FolderStore(folder), asked, lambda *_: None).findings())


def files_of(folder: Path) -> list[Path]:
    return [folder / name for name in present_files(FolderStore(folder))]


def test_an_archive_as_it_was_written_has_no_finding(folder, log):
    verification = Verification(FolderStore(folder), Asked(), lambda *_: None)
    assert list(verification.findings()) == []
    assert verification.entries == log.count
    assert verification.notes == []


def test_one_flipped_byte_is_found_wherever_it_is(folder):
    for path in (folder / entry_name(1), folder / entry_name(2), files_of(folder)[0]):
        content = path.read_bytes()
        for at in (0, len(content) // 3, len(content) // 2, len(content) - 5, len(content) - 1):
            changed = bytearray(content)
            changed[at] ^= 1
            path.write_bytes(changed)
            findings = found(folder)
            assert findings, f"{path} at {at}"
            if path.suffix == ".parquet":
                assert any(path.name in finding for finding in findings)
        path.write_bytes(content)
    assert found(folder) == []


def rewritten(folder: Path, number: int, change) -> str:
    """Change the rows of a file, and make the whole manifest fit it: as a forger would."""
    store = FolderStore(folder)
    old = list(present_files(store).values())[number]
    path = folder / old.name
    rows = change(pq.read_table(path).to_pylist())
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path, compression="zstd")
    digest, head = sha256(path.read_bytes()).hexdigest(), GENESIS
    for entry in sorted(folder.glob("manifest/*/*.json")):
        values = json.loads(entry.read_bytes()) | {"before": head.hex()}
        for file in values.get("files", []):
            if file["name"] == old.name:
                file |= {"sha256": digest, "bytes": path.stat().st_size, "rows": len(rows)}
        entry.write_text(json.dumps(values))
        head = event_hash(head, entry.read_bytes())
    return old.name


def flipped(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])


# What a forger does to the rows of a file, and what is said of it.
FORGED = {
    "a value": (
        lambda rows: [rows[0] | {"value": flipped(rows[0]["value"])}, *rows[1:]],
        "the value or its hash was changed",
    ),
    "a hash": (
        lambda rows: [rows[0] | {"hash": bytes(32)}, *rows[1:]],
        "the value or its hash was changed",
    ),
    "a missing entry": (lambda rows: [rows[0], *rows[2:]], "are missing"),
    "a doubled entry": (lambda rows: [rows[0], rows[0], *rows[1:]], "is there twice"),
    "another order": (lambda rows: [rows[1], rows[0], *rows[2:]], "the order was changed"),
    "a venue": (
        lambda rows: [rows[0] | {"venue_mic": "XPAR"}, *rows[1:]],
        "venue_mic is not what its value says",
    ),
    "an account": (
        lambda rows: [rows[0] | {"account_id": "ACC-9"}, *rows[1:]],
        "account_id is not what its value says",
    ),
    "another topic": (lambda rows: [rows[0] | {"topic": "audit"}, *rows[1:]], "is in a file of"),
    "no header": (
        lambda rows: [rows[0] | {"sequence": None}, *rows[1:]],
        "a header is missing",
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forger_who_fits_the_manifest_is_found_by_the_entries(folder, what):
    change, words = FORGED[what]
    rewritten(folder, 0, change)
    findings = found(folder)
    assert any(words in finding for finding in findings), findings
    assert not any("SHA-256" in finding for finding in findings)


def without_entry(folder):
    (folder / entry_name(2)).unlink()


def with_entry_changed(folder):
    path = folder / entry_name(2)
    path.write_text(path.read_text().replace('"at_us":', '"at_us": '))


def with_entries_swapped(folder):
    one, other = (folder / entry_name(number) for number in (2, 3))
    text = one.read_text()
    one.write_text(other.read_text())
    other.write_text(text)


def without_file(folder):
    files_of(folder)[0].unlink()


def with_files_swapped(folder):
    one, other = files_of(folder)[:2]
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def with_file_added(folder):
    path = files_of(folder)[0]
    shutil.copy(path, path.with_name("000-0000000000000000000-0123456789abcdef.parquet"))


def without_manifest(folder):
    shutil.rmtree(folder / "manifest")


# What is done to an archive, and what is said of it.
TAMPERED = {
    without_entry: ("manifest: entries 2 to 2 are missing", "no entry of the manifest names it"),
    with_entry_changed: ("manifest: entry 3 or 2 was changed",),
    with_entries_swapped: ("manifest: entry 2 says that it is entry 3",),
    without_file: ("is missing: ",),
    with_files_swapped: ("SHA-256 is not that of the manifest", "is in a file of"),
    with_file_added: ("000-0000000000000000000-0123456789abcdef.parquet: no entry",),
    without_manifest: ("the first entry, which says whose archive it is, is missing",),
}


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda one: one.__name__)
def test_what_is_done_to_files_and_manifest_is_named(folder, tamper):
    tamper(folder)
    findings = found(folder)
    for words in TAMPERED[tamper]:
        assert any(words in finding for finding in findings), findings


DAY = "orders/2026-09-21"
REMOVAL = {"files": [], "before_us": 1, "by": "mallory"}
GONE = {"heads": "removed/x.json.gz", "heads_sha256": "00"}
FILE = {
    "name": f"{DAY}/000-1-a.parquet", "topic": "orders", "partition": 0, "rows": 1, "bytes": 1,
    "sha256": "00", "first_offset": 1, "last_offset": 1, "first_us": 1, "last_us": 1,
}  # fmt: skip
HELD = {"account": "A", "reason": "r", "by": "b"}
# Entries of the manifest that none of ours is: kind, body.
NO_ENTRIES = [
    ("removed", REMOVAL | {"files": [GONE | {"name": "/etc/hosts"}]}),
    ("removed", REMOVAL | {"files": [GONE | {"name": f"{DAY}/../../../outside.parquet"}]}),
    ("removed", REMOVAL | {"files": [GONE | {"name": "manifest/000000/000000000001.json"}]}),
    ("removed", REMOVAL | {"files": [GONE | {"name": FILE["name"], "heads": "removed/../x"}]}),
    ("removed", REMOVAL | {"files": [FILE["name"]]}),
    ("removed", {"files": [], "by": "mallory"}),
    ("files", {"files": [FILE | {"name": "orders/../../outside.parquet"}], "positions": {}}),
    ("files", {"files": [FILE | {"last_us": "1"}], "positions": {}}),
    ("files", {"files": [FILE | {"rows": True}], "positions": {}}),
    ("files", {"files": [], "positions": {"orders": {"0": "1"}}}),
    ("files", {"files": [], "positions": {"orders": {"x": 1}}}),
    ("checkpoint", {"name": "../../outside", "sha256": "00"}),
    ("checkpoint", {"name": "oms-1.jsonl"}),
    ("hold", {"reason": "r", "by": "b"}),
    ("hold", HELD | {"account": 7}),
    ("hold", HELD | {"reason": "r" * ENTRY_BYTES_MAX}),
    ("release", {"hold": "3", "reason": "r", "by": "b"}),
    ("identity", {"cluster_id": "c"}),
]


@pytest.mark.parametrize(("kind", "body"), NO_ENTRIES)
def test_an_entry_of_another_shape_or_that_leads_out_of_the_archive_is_refused(folder, kind, body):
    store = FolderStore(folder)
    outside = folder.parent / "outside.parquet"
    outside.write_bytes(b"kept")
    append(store, newest_tail(store), kind, 1, body)
    assert any("is none: " in finding for finding in found(folder)), kind
    with pytest.raises(ArchiveError, match=r"its body is not that of kind|should have \d+ at most"):
        list(remove(store, US_MAX, "olga", lambda: 2 * US_MAX * 1_000))
    assert outside.exists()


YEAR_US = 366 * DAY_US


@pytest.mark.parametrize(
    ("age_us", "held", "said"),
    [
        (5 * YEAR_US, None, ""),
        (4 * YEAR_US, None, "whose newest entry was less than 5 years old"),
        (5 * YEAR_US, "", "which hold 3 keeps"),
        (5 * YEAR_US, "ACC-0", "which hold 3 of account ACC-0 keeps"),
    ],
)
def test_a_removal_that_retention_would_not_have_done_is_named(tmp_path, age_us, held, said):
    log = Log(partitions=1)
    log.write("ACC-0")
    store = made_archive(tmp_path / "a", log)
    if held is not None:
        hold(store, held, "case 7", "olga", 1)
    (file,) = present_files(store).values()
    gone = _leave_ends(store, present(store), file)
    at_us = file.last_us + age_us
    append(store, newest_tail(store), "removed", at_us, removed_body([gone], at_us, "mallory"))
    store.remove(file.name)
    findings = found(tmp_path / "a", Asked(now_us=at_us))
    assert len(findings) == bool(said)
    assert all(said in finding for finding in findings)
    (later,) = found(tmp_path / "a", Asked(now_us=at_us - 2 * DAY_US))[:1]
    assert "is of a time that has not come" in later


def test_a_removal_of_a_file_that_never_was_is_named(folder):
    store = FolderStore(folder)
    gone = [GONE | {"name": FILE["name"]}]
    append(store, newest_tail(store), "removed", 1, REMOVAL | {"files": gone})
    assert any("which no entry before it names" in finding for finding in found(folder))


def test_a_key_may_begin_later_where_the_book_had_archived_its_beginning(tmp_path):
    log = Log()
    for number in range(12):
        log.write(ACCOUNTS[number % 2])
    for records in log.partitions.values():
        del records[:2]
    made_archive(tmp_path / "a", log)
    assert found(tmp_path / "a") == [
        "orders ACC-0: sequences 1 to 2 are missing",
        "orders ACC-1: sequences 1 to 2 are missing",
    ]
    assert found(tmp_path / "a", Asked(begins_later=True)) == []


class TestCheckpoints:
    @pytest.fixture
    def key(self, tmp_path):
        write_new_key(tmp_path / "key.pem")
        return tmp_path / "key.pem"

    def checkpoint(self, folder: Path, key: Path, log: Log, at: str) -> Path:
        newest = {record.key: record for record in log.records}
        heads = [Head("order_events", one.key, one.sequence, one.hash) for one in newest.values()]
        return write_checkpoint(folder, key, About("oms", "1", at), heads)[0]

    def test_one_kept_elsewhere_finds_a_log_that_was_rewritten(self, tmp_path, folder, key, log):
        file = self.checkpoint(tmp_path, key, log, "2026-10-01T00:00:00+00:00")
        asked = Asked(Path(f"{key}.pub"), (file,))
        assert found(folder, asked) == []
        other = Log()
        for number in range(72):
            other.write(ACCOUNTS[(number + 1) % 6], day=number // 36)
        made_archive(tmp_path / "forged", other)
        findings = found(tmp_path / "forged", asked)
        assert len(findings) == 6
        assert all("rewritten (checkpoint oms-20261001T000000Z" in one for one in findings)

    def test_one_in_the_archive_is_in_its_chain(self, tmp_path, key):
        log, taken = Log(), tmp_path / "checkpoints"
        for number in range(12):
            log.write(ACCOUNTS[number % 6])
        taken.mkdir()
        file = self.checkpoint(taken, key, log, "2026-10-01T00:00:00+00:00")
        store = made_archive(tmp_path / "a", log, checkpoints=taken)
        assert [entry.kind for entry in entries(store)].count("checkpoint") == 1
        (taken / "oms-20261002T000000Z.jsonl").write_bytes(file.read_bytes()[:-9])
        archive_all(archiver(store, log, checkpoints=taken))
        kinds = [entry.kind for entry in entries(store)]
        assert kinds.count("checkpoint") == 1, "one that is being written is not taken yet"
        asked = Asked(Path(f"{key}.pub"))
        assert found(tmp_path / "a", asked) == []
        copy = tmp_path / "a" / "checkpoints" / file.name
        content = copy.read_bytes()
        copy.write_bytes(content.replace(b"ACC-1", b"ACC-9"))
        assert found(tmp_path / "a", asked) == [f"checkpoint {file.name} was changed"]
        copy.unlink()
        assert found(tmp_path / "a", asked) == [f"checkpoint {file.name} is missing"]
        copy.write_bytes(content)
        write_new_key(tmp_path / "other.pem")
        (finding,) = found(tmp_path / "a", Asked(tmp_path / "other.pem.pub"))
        assert "signed with another key" in finding

    def test_an_archive_that_was_cut_is_found(self, tmp_path, key, log):
        file = self.checkpoint(tmp_path, key, log, "2026-10-01T00:00:00+00:00")
        short = Log()
        for number in range(66):
            short.write(ACCOUNTS[number % 6], day=number // 36)
        made_archive(tmp_path / "short", short)
        asked = Asked(Path(f"{key}.pub"), (file,))
        verification = Verification(FolderStore(tmp_path / "short"), asked, lambda *_: None)
        findings = list(verification.findings())
        assert verification.not_archived_yet == 0
        assert len(findings) == 6
        assert (
            "orders ACC-0: sequence 12 is missing (checkpoint oms-20261001T000000Z" in findings[0]
        )
        soon = self.checkpoint(tmp_path, key, log, "2026-12-01T00:00:00+00:00")
        verification = Verification(
            FolderStore(tmp_path / "short"), Asked(Path(f"{key}.pub"), (soon,)), lambda *_: None
        )
        assert list(verification.findings()) == []
        assert verification.not_archived_yet == 6, "it may still be on its way"
