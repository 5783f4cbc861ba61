"""The archive as a copy of the logs, for whoever replays them: the port of `eventlog.copies`."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from typing_extensions import override

from event_archive.columns import Record
from event_archive.manifest import ArchiveError, present
from event_archive.reading import read_file
from event_archive.stores import open_store
from event_archive.stores.port import StoreError
from eventlog.copies.entries import PAGE_ENTRIES, CopiedEntry, EventSource, SourceError

PAGE_BYTES = 8 << 20
"""Values of a page at most; one that is larger comes alone."""


class ArchiveSource(EventSource):
    """What an archive had when it was opened."""

    def __init__(self, place: str) -> None:
        """Read the manifest.

        Args:
            place: A folder, or s3://bucket/prefix.

        Raises:
            SourceError: There is no archive, or its manifest is not as it should be.
        """
        self._removed: dict[str, set[int]] = {}
        self._place = place
        try:
            self._store = open_store(place)
            known = present(self._store)
        except (ArchiveError, StoreError) as error:
            raise SourceError(f"{self.name}: {error}") from error
        self._files = list(known.files.values())
        for file in known.removed.values():
            self._removed.setdefault(file.topic, set()).add(file.partition)
        if not known.files and not known.removed:
            raise SourceError(f"{self.name}: it is no archive, or nothing was archived yet")

    @property
    @override
    def name(self) -> str:
        return f"archive {self._place}"

    @override
    async def pages(self, topic: str) -> AsyncIterator[list[CopiedEntry]]:
        pages = self._pages(topic)
        try:
            while (page := await asyncio.to_thread(next, pages, None)) is not None:
                yield page
        except (ArchiveError, StoreError) as error:
            raise SourceError(f"{self.name}: {error}") from error

    def _pages(self, topic: str) -> Iterator[list[CopiedEntry]]:
        page: list[CopiedEntry] = []
        size = 0
        for file in self._files:
            if file.topic != topic:
                continue
            for entry in read_file(self._store, file):
                page.append(_copied(entry))
                size += len(entry.value)
                if len(page) == PAGE_ENTRIES or size >= PAGE_BYTES:
                    yield page
                    page, size = [], 0
        if page:
            yield page

    @override
    async def removed(self, topic: str) -> frozenset[int]:
        return frozenset(self._removed.get(topic, ()))

    @override
    async def close(self) -> None:
        """Nothing is held between two readings."""


def _copied(entry: Record) -> CopiedEntry:
    """Return an entry of a log. Raises ArchiveError if it is none."""
    if None in (entry.sequence, entry.log_number, entry.schema_version, entry.hash):
        raise ArchiveError(
            f"{entry.topic}/{entry.partition} offset {entry.offset}: this is no entry of a log"
        )
    return CopiedEntry._make(entry[: len(CopiedEntry._fields)])
