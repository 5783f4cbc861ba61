"""The manifest: what the archive has, as a chain of entries that are only ever added.

An entry is a JSON object in a file of its own, whose name is its number. It names the hash of the
entry before it, and hash(n) = SHA-256(hash(n - 1) ‖ bytes of entry n), as in the logs. Creating the
file is what makes the entry true: whoever comes second for a number finds it taken.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

from event_archive.stores.port import MissingError, Store
from kernel.hashchain import GENESIS, event_hash

FORMAT: Final = "ordermesh event archive 1"
FOLDER: Final = "manifest"
CHECKPOINTS: Final = "checkpoints"
ENDS: Final = "removed"
"""Folder of what stays of files that retention removed."""
ENTRIES_A_FOLDER: Final = 1_000
READS_AT_ONCE: Final = 32
"""Entries that are read at the same time: a store that speaks S3 takes milliseconds for each."""
ENTRY_BYTES_MAX: Final = 4 << 20
"""A larger entry is none of ours."""
IDENTITY: Final = "identity"
FILES: Final = "files"
CHECKPOINT: Final = "checkpoint"
HOLD: Final = "hold"
RELEASE: Final = "release"
REMOVED: Final = "removed"
KINDS: Final = (IDENTITY, FILES, CHECKPOINT, HOLD, RELEASE, REMOVED)

# Names of files, which are read and removed: none leads out of the archive.
_FILE_NAME: Final = re.compile(r"[a-z][a-z0-9-]*/\d{4}-\d\d-\d\d/\w[\w.-]*\.parquet")
_ENDS_NAME: Final = re.compile(rf"{ENDS}/\w[\w.-]*\.json\.gz")
_CHECKPOINT_NAME: Final = re.compile(r"\w[\w.:+-]*")
_BODIES: Final[Mapping[str, Mapping[str, type]]] = {
    IDENTITY: {"cluster_id": str, "topic_prefix": str},
    FILES: {"files": list, "positions": dict},
    CHECKPOINT: {"name": str, "sha256": str},
    HOLD: {"account": str, "reason": str, "by": str},
    RELEASE: {"hold": int, "reason": str, "by": str},
    REMOVED: {"files": list, "before_us": int, "by": str},
}
"""What the body of each kind has at least."""

Positions = dict[str, dict[int, int]]
"""The next offset to archive, by topic (without the prefix) and partition."""


class ArchiveError(Exception):
    """The archive is not as it should be; the text names what."""


class Identity(NamedTuple):
    """Whose archive it is; the first entry of the manifest."""

    cluster_id: str
    """Of Kafka."""
    topic_prefix: str

    def words(self) -> str:
        """Return it for people."""
        return f"cluster {self.cluster_id}, topics {self.topic_prefix}*"


class ArchivedFile(NamedTuple):
    """One Parquet file: records of one partition, in the order of their offsets."""

    name: str
    topic: str
    """Without the prefix."""
    partition: int
    rows: int
    bytes: int
    sha256: str
    """Hexadecimal digits, of the whole file."""
    first_offset: int
    last_offset: int
    first_us: int
    """Earliest `recorded_at` in it, microseconds since 1970."""
    last_us: int
    """Latest `recorded_at` in it."""


class RemovedFile(NamedTuple):
    """A file that retention removed, and the file that has the ends of its key chains."""

    name: str
    heads: str
    heads_sha256: str


class Hold(NamedTuple):
    """A legal hold: what it covers is not removed."""

    number: int
    """Of its entry in the manifest."""
    account: str
    """Empty: everything."""
    reason: str
    by: str
    at_us: int


class Entry(NamedTuple):
    """One entry of the manifest."""

    number: int
    """From 1, without a gap."""
    kind: str
    at_us: int
    """By the clock of the machine that wrote it, microseconds since 1970."""
    body: Mapping[str, Any]
    before: bytes
    """Hash of the entry before, as this entry names it."""
    hash: bytes

    def files(self) -> list[ArchivedFile]:
        """Return the files that an entry of kind `files` adds."""
        return [ArchivedFile(**one) for one in self.body["files"]] if self.kind == FILES else []

    def removed(self) -> list[RemovedFile]:
        """Return the files that an entry of kind `removed` takes away."""
        return [RemovedFile(**one) for one in self.body["files"]] if self.kind == REMOVED else []

    def positions(self) -> Positions | None:
        """Return how far every partition is archived; None if the entry does not say."""
        if self.kind != FILES:
            return None
        return {
            topic: {int(partition): offset for partition, offset in partitions.items()}
            for topic, partitions in self.body["positions"].items()
        }


class Tail(NamedTuple):
    """The newest entry."""

    number: int
    hash: bytes


EMPTY: Final = Tail(0, GENESIS)


def files_body(files: Sequence[ArchivedFile], positions: Positions) -> dict[str, Any]:
    """Return the body of an entry that adds files."""
    return {"files": [one._asdict() for one in files], "positions": positions}


def removed_body(files: Sequence[RemovedFile], before_us: int, by: str) -> dict[str, Any]:
    """Return the body of an entry that says what retention takes away."""
    return {"files": [one._asdict() for one in files], "before_us": before_us, "by": by}


def hold_body(account: str, reason: str, by: str) -> dict[str, Any]:
    """Return the body of an entry that holds an account, or everything."""
    return {"account": account, "reason": reason, "by": by}


def release_body(hold: int, reason: str, by: str) -> dict[str, Any]:
    """Return the body of an entry that ends a hold."""
    return {"hold": hold, "reason": reason, "by": by}


def checkpoint_body(name: str, digest: str) -> dict[str, Any]:
    """Return the body of an entry that adds a checkpoint of the order book."""
    return {"name": name, "sha256": digest}


def checkpoint_name(name: str) -> str:
    """Return where the archive has a checkpoint."""
    return f"{CHECKPOINTS}/{name}"


def entry_name(number: int) -> str:
    """Return the name of an entry's file."""
    return f"{FOLDER}/{number // ENTRIES_A_FOLDER:06}/{number:012}.json"


def append(store: Store, tail: Tail, kind: str, at_us: int, body: Mapping[str, Any]) -> Tail:
    """Add an entry after the newest one.

    Raises:
        ExistsError: Somebody else added one meanwhile.
    """
    assert kind in KINDS
    number = tail.number + 1
    values = {"number": number, "before": tail.hash.hex(), "kind": kind, "at_us": at_us, **body}
    content = json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()
    store.create(entry_name(number), content)
    return Tail(number, event_hash(tail.hash, content))


def parse(content: bytes, previous: bytes) -> Entry:
    """Read an entry, given the hash of the one before it.

    Raises:
        ValueError: It is no entry.
    """
    if len(content) > ENTRY_BYTES_MAX:
        raise ValueError(f"has {len(content)} bytes, should have {ENTRY_BYTES_MAX} at most")
    values = json.loads(content)
    if not isinstance(values, dict):
        raise ValueError("is no JSON object")  # noqa: TRY004  a file, no argument
    try:
        number, kind = values.pop("number"), values.pop("kind")
        at_us = values.pop("at_us")
        before = bytes.fromhex(values.pop("before"))
    except (KeyError, TypeError) as error:
        raise ValueError(f"has no {error}") from None
    if not isinstance(number, int) or not isinstance(at_us, int) or kind not in KINDS:
        raise ValueError("number, kind or at_us is not as it should be")
    entry = Entry(number, kind, at_us, values, before, event_hash(previous, content))
    try:
        _check_body(entry)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"its body is not that of kind {kind}: {error}") from None
    return entry


def _check_body(entry: Entry) -> None:
    """Refuse a body of another shape, and names that lead out of the archive."""
    _check_types(entry.body, _BODIES[entry.kind])
    for file in entry.files():
        _check_types(file._asdict(), ArchivedFile.__annotations__)
        _check_name(file.name, _FILE_NAME)
    for removed in entry.removed():
        _check_types(removed._asdict(), RemovedFile.__annotations__)
        _check_name(removed.name, _FILE_NAME)
        _check_name(removed.heads, _ENDS_NAME)
    for partitions in (entry.positions() or {}).values():
        _check_types(partitions, dict.fromkeys(partitions, int))
    if entry.kind == CHECKPOINT:
        _check_name(entry.body["name"], _CHECKPOINT_NAME)


def _check_types(values: Mapping[Any, Any], types: Mapping[Any, type]) -> None:
    for name, kind in types.items():
        # A bool is an int for isinstance.
        if type(values[name]) is not kind:
            raise ValueError(f"{name} is {values[name]!r}, should be {kind.__name__}")


def _check_name(name: str, names: re.Pattern[str]) -> None:
    if not names.fullmatch(name):
        raise ValueError(f"name {name!r} is none of the archive's")


def numbers(store: Store, folder: str) -> list[int]:
    """Return the numbers of the entries in a folder of the manifest."""
    found = []
    for name in store.files(f"{FOLDER}/{folder}"):
        stem = name.rpartition("/")[2].removesuffix(".json")
        if stem.isdigit():
            found.append(int(stem))
    return found


def entries(store: Store) -> Iterator[Entry]:
    """Yield every entry in order, and check that each follows the one before it.

    Raises:
        ArchiveError: An entry is missing, or is not what followed the one before it.
    """
    tail = EMPTY
    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        for folder in store.folders(FOLDER):
            found = numbers(store, folder)
            for begin in range(0, len(found), READS_AT_ONCE):
                some = found[begin : begin + READS_AT_ONCE]
                reads = [pool.submit(store.read, entry_name(number)) for number in some]
                for number, read in zip(some, reads, strict=True):
                    if number != tail.number + 1:
                        raise ArchiveError(f"entry {tail.number + 1} of the manifest is missing")
                    entry = _following(read.result, tail, number)
                    yield entry
                    tail = Tail(entry.number, entry.hash)


def _following(read: Callable[[], bytes], tail: Tail, number: int) -> Entry:
    name = entry_name(number)
    try:
        entry = parse(read(), tail.hash)
    except (ValueError, MissingError) as error:
        raise ArchiveError(f"{name}: {error}") from None
    if entry.number != number or entry.before != tail.hash:
        raise ArchiveError(f"{name}: it or an entry before it was changed")
    return entry


def newest_tail(store: Store) -> Tail:
    """Return the newest entry, without reading those before it. Raises ArchiveError."""
    for folder in reversed(store.folders(FOLDER)):
        if found := numbers(store, folder):
            entry = _alone(store, max(found))
            return Tail(entry.number, entry.hash)
    return EMPTY


def back_from(store: Store, tail: Tail) -> Iterator[Entry]:
    """Yield the entries from the newest one back to the first. Raises ArchiveError."""
    for number in range(tail.number, 0, -1):
        yield _alone(store, number)


def newer_entries(store: Store, tail: Tail) -> Iterator[Entry]:
    """Yield the entries after one. Raises ArchiveError."""
    while True:
        try:
            content = store.read(entry_name(tail.number + 1))
        except MissingError:
            return
        entry = _following(partial(bytes, content), tail, tail.number + 1)
        yield entry
        tail = Tail(entry.number, entry.hash)


def _alone(store: Store, number: int) -> Entry:
    """Read an entry, and believe what it says of the hash before it."""
    name = entry_name(number)
    try:
        content = store.read(name)
        before = bytes.fromhex(json.loads(content)["before"])
        return parse(content, before)
    except (ValueError, KeyError, TypeError, MissingError) as error:
        raise ArchiveError(f"{name}: {error}") from None


@dataclass
class Contents:
    """What the entries add up to."""

    identity: Identity | None = None
    tail: Tail = EMPTY
    positions: Positions = field(default_factory=dict)
    holds: dict[int, Hold] = field(default_factory=dict)
    """By number of the entry; those that were released are not in it."""

    def add(self, entry: Entry) -> None:
        """Take the next entry in."""
        body = entry.body
        self.tail = Tail(entry.number, entry.hash)
        if entry.kind == IDENTITY:
            self.identity = Identity(body["cluster_id"], body["topic_prefix"])
        elif entry.kind == FILES:
            self.positions = entry.positions() or {}
        elif entry.kind == HOLD:
            self.holds[entry.number] = Hold(
                entry.number, body["account"], body["reason"], body["by"], entry.at_us
            )
        elif entry.kind == RELEASE:
            self.holds.pop(body["hold"], None)


def newest(store: Store) -> Contents:
    """Return what a writer needs: whose archive it is, its newest entry, how far it is.

    Only the entries back to the last one with positions are read, and the first. Holds are left
    out. Raises ArchiveError.
    """
    found = Contents(tail=newest_tail(store))
    for entry in back_from(store, found.tail):
        if (positions := entry.positions()) is not None:
            found.positions = positions
            break
    if found.tail.number:
        body = _alone(store, 1).body
        found.identity = Identity(body["cluster_id"], body["topic_prefix"])
    return found


def contents(store: Store) -> Contents:
    """Fold the whole manifest. Raises ArchiveError."""
    found = Contents()
    for entry in entries(store):
        found.add(entry)
    return found


@dataclass
class Present(Contents):
    """The same, with all files: about 1 KiB of memory for each."""

    files: dict[str, ArchivedFile] = field(default_factory=dict)
    """By name, in the order of the manifest."""
    removed: dict[str, ArchivedFile] = field(default_factory=dict)
    """Files that retention removed."""

    def add(self, entry: Entry) -> None:
        """Take the next entry in. Raises ArchiveError if it removes what was never there."""
        super().add(entry)
        self.files.update((one.name, one) for one in entry.files())
        for one in entry.removed():
            file = self.files.pop(one.name, None) or self.removed.get(one.name)
            if file is None:
                raise ArchiveError(
                    f"entry {entry.number} of the manifest removes {one.name}, which no entry "
                    "before it names"
                )
            self.removed[one.name] = file


def present(store: Store) -> Present:
    """Fold the whole manifest, with the files. Raises ArchiveError."""
    found = Present()
    for entry in entries(store):
        found.add(entry)
    return found


def present_files(store: Store) -> dict[str, ArchivedFile]:
    """Return the files that the archive has, by name, in the order of the manifest."""
    return present(store).files
