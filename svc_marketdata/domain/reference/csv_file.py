"""The CSV file of reference data: a row for each listing, with the fields of its instrument.

A row without MIC and symbol is an instrument without a listing. A column that the file does not
have leaves what is known as it is; an empty field says that nothing is known.
"""

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from svc_marketdata.domain.reference.codes import WrongValueError
from svc_marketdata.domain.reference.records import (
    CHECKS,
    InstrumentRecord,
    ListingRecord,
    Record,
    RecordKind,
    check_instrument,
    check_listing,
)

INSTRUMENT_FIELDS: Final[tuple[str, ...]] = ("cfi", "type", "name", "issuer")
LISTING_FIELDS: Final[tuple[str, ...]] = (
    "currency", "lot_size", "tick_table", "min_quantity", "max_quantity", "ended",
    "calendar",
)  # fmt: skip
COLUMNS: Final = (
    "isin", *INSTRUMENT_FIELDS, "mic", "symbol", *LISTING_FIELDS, "valid_from",
)  # fmt: skip
EXPORTED: Final = COLUMNS[:-1]
ROWS_MAX: Final = 30_000
"""Rows of a file; a longer file is refused. They take about 6 s of two processors, and 18 s where
other work takes most of these: less than the 30 s of a call. The time grows with the rows."""
VALUES_KEPT_MAX: Final = 1_024
"""Values of a column whose checks are remembered while a file is read."""
YEARS_AHEAD_MAX: Final = 5
"""Years that a valid_from may be ahead of today."""
FIRST_DATE: Final = dt.date(1970, 1, 1)
VALUE_SHOWN_CHARACTERS_MAX: Final = 100
LINE_CHARACTERS_MAX: Final = 10_000
"""Characters of a line: a whole row has less than 2,000."""
FAULTS_MAX: Final = 10_000
"""Wrong values after which a file is read no further."""


class Fault(NamedTuple):
    """A wrong value: where it is, what it was, and what it should be."""

    line: int
    field: str
    value: str
    expected: str


class Row(NamedTuple):
    """What a row says of an instrument or of a listing."""

    line: int
    kind: RecordKind
    key: str
    valid_from: dt.date
    given: dict[str, str]
    """The fields that the row sets, checked one by one."""

    def onto(self, known: Record | None) -> Record:
        """Return the record as this row changes it."""
        if self.kind is RecordKind.INSTRUMENT:
            instrument = known if isinstance(known, InstrumentRecord) else None
            return (instrument or InstrumentRecord(self.key))._replace(**self.given)
        listing = known if isinstance(known, ListingRecord) else None
        return (listing or ListingRecord(self.key, ""))._replace(**self.given)


class File(NamedTuple):
    """A file that was read: what its rows say, or what is wrong with it."""

    rows: list[Row]
    faults: list[Fault]


def read(text: str, today: dt.date, valid_from: dt.date) -> File:
    """Read a file.

    Args:
        text: The whole file.
        today: The present day.
        valid_from: Day from which rows hold that have no valid_from.
    """
    reader = csv.reader(_lines(text), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        faults = list(_wrong_columns(header))
        if faults:
            return File([], faults)
        return _Reading(header, today, valid_from).of(reader)
    except csv.Error as error:
        expected = f"a row of CSV (RFC 4180): {error}"
        return File([], [Fault(reader.line_num, "row", "", expected)])


def _lines(text: str) -> Iterator[str]:
    for line in io.StringIO(text, newline=""):
        if len(line) > LINE_CHARACTERS_MAX:
            raise csv.Error(f"a line has at most {LINE_CHARACTERS_MAX} characters")
        yield line


def _wrong_columns(header: list[str]) -> Iterator[Fault]:
    known = f"one of {', '.join(COLUMNS)}"
    for number, name in enumerate(header):
        if name not in COLUMNS:
            yield Fault(1, "column", name, known)
        elif name in header[:number]:
            yield Fault(1, "column", name, "each column once")
    if "isin" not in header:
        yield Fault(1, "column", ",".join(header), "a line of column names with isin")
    if ("mic" in header) != ("symbol" in header):
        yield Fault(1, "column", ",".join(header), "both mic and symbol, or neither")


class _Reading:
    """Reads the rows below a line of column names."""

    def __init__(
        self,
        header: list[str],
        today: dt.date,
        valid_from: dt.date,
    ) -> None:
        self._header = header
        self._last = today.replace(day=1, year=today.year + YEARS_AHEAD_MAX)
        self._valid_from = valid_from
        # Most columns have the same few values again and again.
        self._checks: dict[str, Callable[[str], str]] = {
            name: lru_cache(VALUES_KEPT_MAX)(check)
            for name, check in {**CHECKS, "ended": _ended}.items()
        }
        self._rows: dict[tuple[RecordKind, str, dt.date], Row] = {}
        self._faults: list[Fault] = []

    def of(self, reader: "Iterator[list[str]]") -> File:
        """Read all rows; `reader` is a csv.reader."""
        # A quoted field may hold line breaks: a row begins after the line on which the last ended.
        begins = 2
        for number, cells in enumerate(reader, 1):
            if number > ROWS_MAX:
                self._wrong(begins, "row", "", f"at most {ROWS_MAX} rows in a file")
                break
            if any(cell.strip() for cell in cells):
                self._row(begins, cells)
            if len(self._faults) >= FAULTS_MAX:
                break
            begins = reader.line_num + 1  # type: ignore[attr-defined]  # of csv.reader
        return File(list(self._rows.values()), self._faults)

    def _wrong(self, line: int, field: str, value: str, expected: str) -> None:
        self._faults.append(Fault(line, field, value[:VALUE_SHOWN_CHARACTERS_MAX], expected))

    def _row(self, line: int, cells: list[str]) -> None:
        if len(cells) != len(self._header):
            expected = f"{len(self._header)} fields, as many as there are column names"
            self._wrong(line, "row", f"{len(cells)} fields", expected)
            return
        before = len(self._faults)
        given = {
            name: self._value(line, name, cell.strip())
            for name, cell in zip(self._header, cells, strict=True)
            if name != "valid_from"
        }
        since = self._since(line, dict(zip(self._header, cells, strict=True)))
        if not given["isin"] and len(self._faults) == before:
            self._wrong(line, "isin", "", "an ISIN, as in NL0010273215")
        mic, symbol = given.pop("mic", ""), given.pop("symbol", "")
        if bool(mic) != bool(symbol) and len(self._faults) == before:
            missing = "symbol" if mic else "mic"
            self._wrong(line, missing, "", "both mic and symbol, or neither")
        if len(self._faults) > before:
            return
        isin = given.pop("isin")
        of_instrument = {name: given[name] for name in INSTRUMENT_FIELDS if name in given}
        of_listing = {name: given[name] for name in LISTING_FIELDS if name in given}
        self._instrument(Row(line, RecordKind.INSTRUMENT, isin, since, of_instrument))
        if mic:
            of_listing["isin"] = isin
            self._listing(Row(line, RecordKind.LISTING, f"{symbol}.{mic}", since, of_listing))
        elif set_fields := [name for name, value in of_listing.items() if value]:
            value = of_listing[set_fields[0]]
            self._wrong(line, set_fields[0], value, "nothing, for the row has no mic and symbol")

    def _value(self, line: int, name: str, cell: str) -> str:
        if not cell:
            return ""
        try:
            return self._checks[name](cell)
        except WrongValueError as error:
            self._wrong(line, name, cell, str(error))
            return ""

    def _since(self, line: int, cells: dict[str, str]) -> dt.date:
        text = cells.get("valid_from", "").strip()
        if not text:
            return self._valid_from
        try:
            return checked_date(text, self._last)
        except WrongValueError as error:
            self._wrong(line, "valid_from", text, str(error))
            return self._valid_from

    def _instrument(self, row: Row) -> None:
        """Take what a row says of the instrument; all rows of an ISIN must say the same."""
        same = self._rows.setdefault((row.kind, row.key, row.valid_from), row)
        for name, value in row.given.items():
            if value != (first := same.given[name]):
                self._wrong(row.line, name, value, f"{first!r}, as line {same.line} has it")

    def _listing(self, row: Row) -> None:
        first = self._rows.setdefault((row.kind, row.key, row.valid_from), row)
        if first is not row:
            expected = f"another listing or valid_from than line {first.line}"
            self._wrong(row.line, "symbol", row.key, expected)


def checked_date(text: str, last: dt.date) -> dt.date:
    """Read a date between 1970 and a last one.

    Raises:
        WrongValueError: It is none, or out of bounds.
    """
    try:
        date = dt.date.fromisoformat(text)
    except ValueError as error:
        raise WrongValueError("a date, as in 2027-01-31") from error
    if not FIRST_DATE <= date <= last:
        raise WrongValueError(f"a date from {FIRST_DATE} to {last}")
    return date


def _ended(text: str) -> str:
    word = text.lower()
    if word not in {"true", "false"}:
        raise WrongValueError("true, false or nothing")
    return "true" if word == "true" else ""


def faults_of(row: Row, record: Record) -> Iterator[Fault]:
    """Check a record as a whole, as a row makes it of what was known."""
    if isinstance(record, InstrumentRecord):
        wrong = check_instrument(record)
        missing = [name for name in ("type", "name") if not getattr(record, name)]
        if missing and wrong is None:
            wrong = missing[0], "not empty, for the instrument is new"
    else:
        wrong = check_listing(record)
    if wrong is not None:
        field, expected = wrong
        shown = getattr(record, field)[:VALUE_SHOWN_CHARACTERS_MAX]
        yield Fault(row.line, field, shown, expected)


def write(
    instruments: Iterable[InstrumentRecord],
    listings_of: Callable[[str], Iterable[ListingRecord]],
    *,
    header: bool,
) -> str:
    """Write instruments and their listings as lines of a file that `read` takes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(EXPORTED)
    for one in instruments:
        of_instrument = (one.isin, *(getattr(one, name) for name in INSTRUMENT_FIELDS))
        listings = list(listings_of(one.isin))
        for listing in listings:
            symbol, _, mic = listing.instrument_id.rpartition(".")
            of_listing = (getattr(listing, name) for name in LISTING_FIELDS)
            writer.writerow((*of_instrument, mic, symbol, *of_listing))
        if not listings:
            writer.writerow((*of_instrument, *("" for _ in EXPORTED[len(of_instrument) :])))
    return out.getvalue()
