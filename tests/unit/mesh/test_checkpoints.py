"""Signed checkpoints: what cannot be trusted is refused, with the reason."""

import stat

import pytest

from kernel.hashchain import GENESIS, ChainCheck, Head, differences, event_hash
from mesh.checkpoints import (
    About,
    CheckpointError,
    read_checkpoint,
    read_checkpoints,
    write_checkpoint,
    write_new_key,
)

HEADS = [Head("audit_log", "oms-1", 7, b"a" * 32), Head("state_log", "people/alice", 1, b"b" * 32)]
ABOUT = About("oms", "epoch", "2026-11-30T10:00:00+00:00")


@pytest.fixture
def key(tmp_path):
    write_new_key(tmp_path / "key.pem")
    return tmp_path / "key.pem"


@pytest.fixture
def public(key):
    return key.with_name("key.pem.pub")


@pytest.fixture
def file(tmp_path, key):
    path = tmp_path / "checkpoint"
    assert write_checkpoint(path, key, ABOUT, HEADS) == (path, 2)
    return path


def test_a_checkpoint_is_read_as_it_was_written(file, public):
    assert read_checkpoint(file, public, "oms") == (ABOUT, HEADS)
    assert list(read_checkpoints([file], public, "oms").values()) == [HEADS]
    assert read_checkpoints([], None, "oms") == {}


def test_in_a_folder_a_checkpoint_has_the_name_of_its_time(tmp_path, key):
    path, _ = write_checkpoint(tmp_path, key, ABOUT, HEADS)
    assert path == tmp_path / "oms-20261130T100000Z.jsonl"
    assert path.exists()


def test_only_its_owner_can_read_the_key(key, tmp_path):
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o644)
    with pytest.raises(CheckpointError, match="chmod 600"):
        write_checkpoint(tmp_path / "other", key, ABOUT, HEADS)
    assert not (tmp_path / "other").exists()


def test_nothing_is_overwritten(file, key):
    with pytest.raises(CheckpointError, match="is there already"):
        write_checkpoint(file, key, ABOUT, HEADS)
    with pytest.raises(CheckpointError, match="is there already"):
        write_new_key(key)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace('"version": 7', '"version": 6'), "signature is wrong"),
        (lambda text: text.replace("oms-1", "oms-2"), "signature is wrong"),
        (lambda text: "".join(text.splitlines(True)[::2]), "signature is wrong|no signature"),
        (lambda text: "".join(text.splitlines(True)[:-1]), "no signature"),
        (lambda text: text[:-20], "no signature"),
        (lambda _text: "", "no signature"),
    ],
)
def test_a_changed_checkpoint_is_refused(file, public, change, reason):
    file.write_text(change(file.read_text()))
    with pytest.raises(CheckpointError, match=reason):
        read_checkpoint(file, public, "oms")


def test_another_key_schema_or_kind_of_file_is_refused(file, public, tmp_path):
    other = write_new_key(tmp_path / "other.pem")
    with pytest.raises(CheckpointError, match="another key"):
        read_checkpoint(file, other, "oms")
    with pytest.raises(CheckpointError, match="should be 'identity'"):
        read_checkpoint(file, public, "identity")
    with pytest.raises(CheckpointError, match="not a PEM public key"):
        read_checkpoint(file, file, "oms")
    with pytest.raises(CheckpointError, match="No such file"):
        read_checkpoint(tmp_path / "none", public, "oms")
    with pytest.raises(CheckpointError, match="needs --key"):
        read_checkpoints([file], None, "oms")


def chain(*payloads: bytes) -> list[tuple[int, bytes, bytes]]:
    entries, head = [], GENESIS
    for number, payload in enumerate(payloads, start=1):
        head = event_hash(head, payload)
        entries.append((number, payload, head))
    return entries


def faults(*entries: tuple[str, int, bytes, bytes]) -> list[str]:
    check = ChainCheck()
    return [text for entry in entries for text in check.add(*entry)]


def test_chains_are_checked_one_after_the_other():
    one, two = chain(b"a", b"b"), chain(b"c")
    entries = [*(("A", *entry) for entry in one), *(("B", *entry) for entry in two)]
    assert faults(*entries) == []
    assert faults(*entries[1:]) == ["entry 2 is where 1 should be", "the hash of entry 2 is wrong"]
    assert faults(("A", 1, b"x", one[0][2])) == ["the hash of entry 1 is wrong"]


def test_heads_that_are_gone_or_others_are_named():
    found = {("audit_log", "oms-1", 7): b"c" * 32}
    assert [(head.key, text) for head, text in differences(HEADS, found)] == [
        ("oms-1", "entry 7 or one before it was rewritten"),
        ("people/alice", "entry 1 is gone"),
    ]
    assert list(differences(HEADS, {head[:3]: head.hash for head in HEADS})) == []
