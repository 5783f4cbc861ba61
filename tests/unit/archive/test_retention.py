"""Whole files go when they are old enough and nothing holds them; the chains stay provable."""

import pytest

from event_archive import retention
from event_archive.manifest import ArchiveError, contents, entries, present_files
from event_archive.retention import (
    YEARS_MIN,
    hold,
    oldest_kept_us,
    plan,
    release,
    remove,
)
from event_archive.stores.folder import FolderStore
from event_archive.verification.verify import Asked, Verification
from kernel.hashchain import Head
from mesh.checkpoints import About, write_checkpoint, write_new_key
from tests.support.archive import FIRST_US
from tests.support.archived_records import DAY_US, Log
from tests.support.archiving import archive_all, archiver, made_archive, rows

SECOND_DAY = FIRST_US // DAY_US * DAY_US + DAY_US


def now() -> int:
    return 2_000_000_000_000_000_000


@pytest.fixture
def log():
    log = Log()
    for day in range(3):
        for number in range(12):
            log.write(f"ACC-{number % 6}", day=day)
    return log


@pytest.fixture
def store(tmp_path, log):
    return made_archive(tmp_path / "a", log)


def findings(store) -> list[str]:
    return list(Verification(store, Asked(), lambda *_: None).findings())


def test_only_whole_files_go_and_what_stays_verifies(store, log):
    first_day = [one for one in present_files(store).values() if "2026-09-21" in one.name]
    gone = list(remove(store, SECOND_DAY, "olga", now))
    assert gone == first_day
    assert sorted({one[1] for one in rows(store)}) >= [0] or rows(store)
    assert all(one.last_us >= SECOND_DAY for one in present_files(store).values())
    assert findings(store) == []
    assert list(remove(store, SECOND_DAY, "olga", now)) == []
    list(remove(store, SECOND_DAY + DAY_US, "olga", now))
    assert findings(store) == []
    log.write("ACC-1", day=3)
    archive_all(archiver(store, log))
    assert findings(store) == []


def test_what_was_removed_cannot_be_given_other_ends(store, tmp_path):
    list(remove(store, SECOND_DAY, "olga", now))
    (ends, *_) = sorted((tmp_path / "a" / "removed").iterdir())
    content = ends.read_bytes()
    ends.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert f"removed/{ends.name} was changed" in findings(store)
    ends.unlink()
    assert any(f"removed/{ends.name} is missing" in one for one in findings(store))


def test_a_hold_keeps_the_files_of_an_account_until_it_is_released(store):
    held = hold(store, "ACC-1", "case 7", "olga", now())
    planned = list(plan(store, SECOND_DAY))
    kept = [one.file.name for one in planned if one.hold == held]
    assert 0 < len(kept) < len(planned)
    gone = {one.name for one in remove(store, SECOND_DAY, "olga", now)}
    assert gone == {one.file.name for one in planned} - set(kept)
    assert findings(store) == []
    release(store, held.number, "closed", "olga", now())
    assert {one.name for one in remove(store, SECOND_DAY, "olga", now)} == set(kept)
    assert findings(store) == []
    kinds = [entry.kind for entry in entries(store)]
    assert (kinds.count("hold"), kinds.count("release")) == (1, 1)


def test_a_hold_of_an_account_without_events_is_refused(store):
    with pytest.raises(ArchiveError, match="--account is 'ACC-9', and the archive has no event"):
        hold(store, "ACC-9", "case 7", "olga", now())
    assert hold(store, "ACC-9", "case 7", "olga", now(), not_archived_yet=True).account == "ACC-9"


def test_a_hold_that_is_set_while_files_are_removed_keeps_what_it_covers(store, monkeypatch):
    wanted = {one.file.name for one in plan(store, SECOND_DAY)}
    create, held = FolderStore.create, []

    def hold_first(self, name, content):
        if name.startswith("manifest/") and not held:
            held.append(True)
            hold(self, "ACC-1", "case 7", "olga", now())
        create(self, name, content)

    monkeypatch.setattr(FolderStore, "create", hold_first)
    gone = {one.name for one in remove(store, SECOND_DAY, "olga", now)}
    kept = {one.file.name for one in plan(store, SECOND_DAY) if one.hold is not None}
    assert kept
    assert gone == wanted - kept
    assert findings(store) == []


def test_the_manifest_is_read_once_for_any_number_of_files(store, monkeypatch):
    monkeypatch.setattr(retention, "FILES_AT_ONCE", 1)
    count, reads, read = len(list(entries(store))), [], FolderStore.read

    def counted(self, name):
        reads.append(name)
        return read(self, name)

    monkeypatch.setattr(FolderStore, "read", counted)
    gone = list(remove(store, SECOND_DAY, "olga", now))
    assert len(gone) > 2
    assert sum(name.startswith("manifest/") for name in reads) <= count + 2 * len(gone)


def test_a_hold_of_everything_keeps_everything(store):
    hold(store, "", "an inquiry", "olga", now())
    assert all(one.hold is not None for one in plan(store, SECOND_DAY))
    assert list(remove(store, SECOND_DAY, "olga", now)) == []


def test_a_hold_of_an_account_keeps_all_of_the_other_topics(tmp_path):
    log = Log("states", partitions=1)
    log.write("ACC-5")
    store = made_archive(tmp_path / "a", log)
    hold(store, "ACC-1", "case 7", "olga", now(), not_archived_yet=True)
    assert [one.hold is not None for one in plan(store, SECOND_DAY)] == [True]


@pytest.mark.parametrize("topic", ["controls", "decisions"])
def test_a_topic_with_one_chain_or_none_verifies_before_and_after(tmp_path, topic):
    log = Log(topic, partitions=1)
    for number in range(12):
        log.write(f"ACC-{number % 2}", day=number // 6)
    heads = [Head("control_records", "all", 8, log.records[7].hash)]
    write_new_key(tmp_path / "key.pem")
    about = About("oms", "1", "2026-10-01T00:00:00+00:00")
    file, _ = write_checkpoint(tmp_path / "c.jsonl", tmp_path / "key.pem", about, heads)
    asked = Asked(tmp_path / "key.pem.pub", (file,) if topic == "controls" else ())
    store = made_archive(tmp_path / "a", log)
    assert list(Verification(store, asked, lambda *_: None).findings()) == []
    assert len(list(remove(store, SECOND_DAY, "olga", now))) == 1
    assert list(Verification(store, asked, lambda *_: None).findings()) == []
    log.partitions[0][-1] = log.partitions[0][-1]._replace(hash=bytes(32))
    forged = made_archive(tmp_path / "forged", log)
    (finding,) = Verification(forged, asked, lambda *_: None).findings()
    assert "the value or its hash was changed" in finding


def test_a_hold_that_is_not_in_force_cannot_be_released(store):
    with pytest.raises(ArchiveError, match="hold 3 is not in force; in force: none"):
        release(store, 3, "closed", "olga", now())


def test_a_run_that_was_killed_before_it_removed_a_file_is_finished(store, monkeypatch):
    def killed(_self, _name):
        raise KeyboardInterrupt

    before = set(present_files(store))
    with monkeypatch.context() as patch:
        patch.setattr(FolderStore, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            list(remove(store, SECOND_DAY, "olga", now))
    gone = before - set(present_files(store))
    assert gone
    assert all("no entry" in one for one in findings(store))
    list(remove(store, SECOND_DAY, "olga", now))
    assert findings(store) == []


def test_a_file_that_is_missing_or_damaged_is_named(store, tmp_path):
    path = tmp_path / "a" / next(iter(present_files(store)))
    path.unlink()
    with pytest.raises(ArchiveError, match=f"{path.name} is missing"):
        list(remove(store, SECOND_DAY, "olga", now))
    hold(store, "ACC-1", "case 7", "olga", now())
    with pytest.raises(ArchiveError, match=f"{path.name} is missing"):
        list(plan(store, SECOND_DAY))
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(ArchiveError, match=f"{path.name} cannot be read"):
        list(plan(store, SECOND_DAY))


def test_a_file_that_was_changed_is_not_removed(store, tmp_path):
    name = next(iter(present_files(store)))
    path = tmp_path / "a" / name
    content = path.read_bytes()
    path.write_bytes(content[:-9] + b"x" + content[-8:])
    with pytest.raises(ArchiveError, match="was changed: run `ordermesh archive verify`"):
        list(remove(store, SECOND_DAY, "olga", now))
    assert path.exists()
    assert contents(store).identity is not None


@pytest.mark.parametrize(("years", "days"), [(5, 1_827), (7, 2_557)])
def test_the_age_is_named_in_years(years, days):
    assert oldest_kept_us(10**16, years) == 10**16 - days * DAY_US
    assert YEARS_MIN == 5


def test_two_at_a_time_remove_each_file_once(store):
    others = []

    def another_runs() -> int:
        if not others:
            others.append("begun")
            others.extend(one.name for one in remove(store, SECOND_DAY, "olga", now))
        return now()

    mine = [one.name for one in remove(store, SECOND_DAY, "otto", another_runs)]
    assert len(others) > 1
    assert not set(mine) & set(others)
    removed = [one.name for entry in entries(store) for one in entry.removed()]
    assert len(removed) == len(set(removed))
    assert not [one for one in findings(store) if "which no entry before it names" in one]
