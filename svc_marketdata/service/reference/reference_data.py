"""Imports, exports and questions about the past."""

import asyncio
import datetime as dt
import gzip
import io
import zlib
from typing import Final, NamedTuple

from svc_marketdata.domain.reference import csv_file
from svc_marketdata.domain.reference.bitemporal import Dated
from svc_marketdata.domain.reference.changes import Changes, Key, changes_of
from svc_marketdata.domain.reference.codes import WrongValueError
from svc_marketdata.domain.reference.csv_file import Fault, File
from svc_marketdata.domain.reference.records import Record
from svc_marketdata.service.reference.ports import NEWEST, By, ReferenceStore
from svc_marketdata.service.reference.view import ReferenceView, records_by_isin

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
"""Bytes of a file after it is unpacked."""
EXPORT_PAGE_INSTRUMENTS: Final = 1_000
"""Instruments, with all their listings, in a page of an export."""
GZIP_MAGIC: Final = b"\x1f\x8b"


class Imported(NamedTuple):
    """What an import did."""

    changed: int
    unchanged: int
    faults: list[Fault]
    change_id: str


class ReferenceData:
    """The use cases, on one store."""

    def __init__(self, store: ReferenceStore, view: ReferenceView) -> None:
        self.store = store
        self.view = view

    async def import_file(
        self,
        packed: bytes,
        valid_from: dt.date,
        by: By,
        *,
        dry_run: bool,
    ) -> Imported:
        """Record a file, all of it or nothing.

        Raises:
            WrongValueError: It is no text, or too long.
            StoreUnavailableError: The database is away; nothing is recorded.
        """
        today = self.view.today()
        # Reading a long file takes seconds: prices go on in this thread meanwhile.
        file = await asyncio.to_thread(_read, packed, today, valid_from)
        if file.faults:
            return Imported(0, 0, file.faults, "")
        async with self.store.writing() as writing:
            known = await writing.known({(row.kind, row.key) for row in file.rows})
            changes = await asyncio.to_thread(_compare, file, known, writing.change.number)
            if changes.faults or not changes.records or dry_run:
                return Imported(len(changes.records), changes.unchanged, changes.faults, "")
            await writing.add(by, changes.records, today)
            change_id = writing.change.change_id
        await self.view.changed()
        return Imported(len(changes.records), changes.unchanged, [], change_id)

    async def export_page(
        self, day: dt.date, known_at_ns: int | None, place: tuple[int, str] | None
    ) -> tuple[str, tuple[int, str] | None]:
        """Return a page of the CSV file, and where the next page begins.

        Args:
            day: What is known about this day.
            known_at_ns: What was known at this time; None for now.
            place: Where the page begins: the change up to which all pages go, and the ISIN after
                which it begins. None for the first page.
        """
        if place is None:
            # What is recorded while a reader turns pages is not in them.
            change, after = await self.store.last_change(known_at_ns or NEWEST), ""
        else:
            change, after = place
        instruments, listings, last = await self.store.page_as_of(
            day, change, after, EXPORT_PAGE_INSTRUMENTS
        )
        _, by_isin = records_by_isin(listings)
        text = csv_file.write(instruments, lambda isin: by_isin.get(isin, ()), header=place is None)
        return text, (change, last) if last else None

    async def as_of(self, key: str, day: dt.date, known_at_ns: int | None) -> list[Record]:
        """Return what was known at a time about a day."""
        change = NEWEST
        if known_at_ns is not None:
            change = await self.store.last_change(known_at_ns)
        return await self.store.as_of(key, day, change)


def _read(packed: bytes, today: dt.date, valid_from: dt.date) -> File:
    return csv_file.read(_text(packed), today, valid_from)


def _compare(file: File, known: dict[Key, list[Dated[Record]]], change: int) -> Changes:
    return changes_of(file.rows, known, change)


def _text(packed: bytes) -> str:
    data = packed
    if packed.startswith(GZIP_MAGIC):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(packed)) as unpacked:
                data = unpacked.read(FILE_BYTES_MAX + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise WrongValueError("a whole gzip file") from error
    if len(data) > FILE_BYTES_MAX:
        raise WrongValueError(f"at most {FILE_BYTES_MAX} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WrongValueError(f"text in UTF-8; line {line} is none") from error
