"""Checks the manifest: every entry is there, in its place, and as it was written."""

from collections.abc import Collection, Generator, Iterator
from typing import Final

from event_archive.manifest import (
    CHECKPOINT,
    EMPTY,
    FILES,
    FOLDER,
    Contents,
    Entry,
    RemovedFile,
    Tail,
    entry_name,
    numbers,
    parse,
)
from event_archive.retention import ORDERS, YEARS_MIN, oldest_kept_us
from event_archive.stores.port import MissingError, Store
from event_archive.verification.ends import read_ends
from event_archive.verification.heads import Memory

CLOCK_AHEAD_US: Final = 86_400_000_000
"""The clock of a machine that writes to an archive may be ahead of ours by so much."""


class ManifestCheck:
    """Walks the whole manifest, and notes what it says of the files."""

    def __init__(self, store: Store, memory: Memory, now_us: int) -> None:
        """Begin before the first entry; `now_us` is the time, in microseconds since 1970."""
        self._store = store
        self._memory = memory
        self._now_us = now_us
        self.contents = Contents()
        self.checkpoints: list[tuple[str, str, int]] = []
        """Name, SHA-256, and when the archive took it, of each checkpoint."""
        self.last_files_us = 0
        """When the newest entry with files was written."""
        self.bytes = 0
        """Of all files."""

    def check(self) -> Iterator[str]:
        """Yield what is wrong."""
        tail = EMPTY
        for folder in self._store.folders(FOLDER):
            for number in numbers(self._store, folder):
                if number > tail.number + 1:
                    yield f"manifest: entries {tail.number + 1} to {number - 1} are missing"
                entry = yield from self._entry(number, tail)
                if entry is not None:
                    yield from self._take(entry)
                    tail = Tail(number, entry.hash)
        if self.contents.identity is None:
            yield "manifest: the first entry, which says whose archive it is, is missing"

    def _entry(self, number: int, tail: Tail) -> Generator[str, None, Entry | None]:
        try:
            entry = parse(self._store.read(entry_name(number)), tail.hash)
        except (ValueError, MissingError) as error:
            yield f"manifest: entry {number} is none: {error}"
            return None
        if entry.number != number:
            yield f"manifest: entry {number} says that it is entry {entry.number}"
        if number == tail.number + 1 and entry.before != tail.hash:
            yield f"manifest: entry {number} or {tail.number} was changed"
        return entry

    def _take(self, entry: Entry) -> Iterator[str]:
        if entry.at_us > self._now_us + CLOCK_AHEAD_US:
            yield f"manifest: entry {entry.number} is of a time that has not come: {entry.at_us}"
        before = self.contents.positions
        self.contents.add(entry)
        if entry.kind == FILES:
            self.last_files_us = entry.at_us
            places = {topic: dict(of) for topic, of in before.items()}
            for file in entry.files():
                self.bytes += file.bytes
                if not self._memory.add_file(file):
                    yield f"manifest: entry {entry.number} names {file.name} once more"
                next_offset = places.get(file.topic, {}).get(file.partition, 0)
                if file.first_offset < next_offset:
                    yield (
                        f"manifest: entry {entry.number}: {file.name} begins at offset "
                        f"{file.first_offset}, and the archive has the offsets below {next_offset}"
                    )
                places.setdefault(file.topic, {})[file.partition] = file.last_offset + 1
            if places != self.contents.positions:
                yield f"manifest: entry {entry.number}: the positions are not those of its files"
        for removed in entry.removed():
            yield from self._removed(entry, removed)
            self._memory.remove(removed)
        if entry.kind == CHECKPOINT:
            self.checkpoints.append((entry.body["name"], entry.body["sha256"], entry.at_us))

    def _removed(self, entry: Entry, removed: RemovedFile) -> Iterator[str]:
        """Yield what retention would not have done."""
        says = f"manifest: entry {entry.number} removes {removed.name}"
        file = self._memory.file(removed.name)
        if file is None:
            yield f"{says}, which no entry before it names"
            return
        if file.last_us >= oldest_kept_us(entry.at_us, YEARS_MIN):
            yield f"{says}, whose newest entry was less than {YEARS_MIN} years old"
        for hold in self.contents.holds.values():
            if not hold.account or file.topic != ORDERS:
                yield f"{says}, which hold {hold.number} keeps"
            elif hold.account in self._keys(removed):
                yield f"{says}, which hold {hold.number} of account {hold.account} keeps"

    def _keys(self, removed: RemovedFile) -> Collection[str]:
        """Return whose entries a removed file had; none if what stays of it cannot be read.

        Whether that is as it was written is verified with the files.
        """
        try:
            return read_ends(self._store.read(removed.heads)).keys()
        except (MissingError, ValueError):
            return ()
