"""What persons record of an instrument and of a listing, and how it adds to a venue's list.

All values are texts in their one spelling: canonical decimals, codes in capitals. An empty text
means that nothing is known.
"""

from decimal import Decimal
from enum import Enum
from typing import Final, NamedTuple

from kernel.calendars.library import NAMES
from kernel.decimals import canonical
from kernel.ticks import TickBand
from svc_marketdata.domain.listing import ListingKind
from svc_marketdata.domain.reference import codes
from svc_marketdata.domain.reference.codes import WrongValueError


class RecordKind(Enum):
    """What a record is about."""

    INSTRUMENT = 1
    LISTING = 2


KINDS: Final = {
    "SHARE": ListingKind.SHARE,
    "ETF": ListingKind.ETF,
    "BOND": ListingKind.BOND,
    "FUND": ListingKind.FUND,
    "CRYPTO": ListingKind.CRYPTO,
    "FUTURE": ListingKind.FUTURE,
}
_CFI_OF_KIND: Final = {"SHARE": "E", "ETF": "CE", "BOND": "D", "FUND": "C", "FUTURE": "F"}
"""How the CFI code of a kind begins; that of a crypto-asset may be any."""
TICK_BANDS_MAX: Final = 50


class InstrumentRecord(NamedTuple):
    """An instrument, by its ISIN."""

    isin: str
    cfi: str = ""
    type: str = ""
    name: str = ""
    issuer: str = ""

    @property
    def key(self) -> tuple[RecordKind, str]:
        """What identifies it."""
        return RecordKind.INSTRUMENT, self.isin


class ListingRecord(NamedTuple):
    """A listing of an instrument at a venue."""

    instrument_id: str
    isin: str
    currency: str = ""
    lot_size: str = ""
    tick_table: str = ""
    """Bands "from price:tick size", lowest first: "0:0.01 10:0.05"."""
    min_quantity: str = ""
    max_quantity: str = ""
    ended: str = ""
    """"true" if it was delisted or has another symbol."""
    calendar: str = ""
    """MIC of the library whose trading days it has; empty: those of its venue."""

    @property
    def key(self) -> tuple[RecordKind, str]:
        """What identifies it."""
        return RecordKind.LISTING, self.instrument_id

    @property
    def bands(self) -> tuple[TickBand[str], ...]:
        """The tick table."""
        pairs = (band.split(":") for band in self.tick_table.split())
        return tuple(TickBand(start, step) for start, step in pairs)


Record = InstrumentRecord | ListingRecord


def body_of(record: Record) -> dict[str, str]:
    """Return the fields that are known, by name."""
    return {name: value for name, value in record._asdict().items() if value}


def record_of(kind: RecordKind, body: dict[str, str]) -> Record:
    """Make a record of its fields; fields of a later version are left out."""
    record = InstrumentRecord if kind is RecordKind.INSTRUMENT else ListingRecord
    return record(**{name: value for name, value in body.items() if name in record._fields})


def instrument_type(text: str) -> str:
    """Check the type of an instrument."""
    word = text.strip().upper()
    if word not in KINDS:
        raise WrongValueError(f"one of {', '.join(KINDS)}")
    return word


def calendar(text: str) -> str:
    """Check the name of a calendar."""
    code = text.strip().upper()
    if code not in NAMES:
        raise WrongValueError("a MIC that has a calendar of the library, as in XAMS or XNYS")
    return code


def quantity(text: str) -> str:
    """Check a quantity or lot."""
    try:
        number = canonical(text.strip())
    except ValueError as error:
        raise WrongValueError("a decimal number above 0, as in 100 or 0.001") from error
    if Decimal(number) <= 0:
        raise WrongValueError("a decimal number above 0, as in 100 or 0.001")
    return number


def tick_table(text: str) -> str:
    """Check a tick table (RTS 11): bands in ascending order, the first one from 0."""
    expected = 'bands "from price:tick size", the first from 0, ascending, as in "0:0.01 10:0.05"'
    bands: list[TickBand[str]] = []
    for word in text.split():
        start, separator, step = word.partition(":")
        try:
            bands.append(TickBand(canonical(start), canonical(step)))
        except ValueError as error:
            raise WrongValueError(expected) from error
        if not separator or Decimal(bands[-1].tick_size) <= 0:
            raise WrongValueError(expected)
    starts = [Decimal(band.from_price) for band in bands]
    if not bands or starts[0] != 0 or starts != sorted(set(starts)):
        raise WrongValueError(expected)
    if len(bands) > TICK_BANDS_MAX:
        raise WrongValueError(f"at most {TICK_BANDS_MAX} bands")
    return " ".join(f"{band.from_price}:{band.tick_size}" for band in bands)


def check_instrument(record: InstrumentRecord) -> tuple[str, str] | None:
    """Return the field of an instrument that contradicts another one, and what it should be."""
    begins = _CFI_OF_KIND.get(record.type, "")
    if record.cfi and not record.cfi.startswith(begins):
        return "cfi", f"a CFI code that begins with {begins}, for type is {record.type}"
    if record.type == "FUND" and record.cfi.startswith("CE"):
        return "cfi", "a CFI code other than CE…, which is an ETF, for type is FUND"
    return None


def check_listing(record: ListingRecord) -> tuple[str, str] | None:
    """Return the field of a listing that contradicts another one, and what it should be."""
    if not record.currency:
        return "currency", "a currency of ISO 4217, as in EUR: a listing has one"
    least, most = record.min_quantity, record.max_quantity
    if least and most and Decimal(least) > Decimal(most):
        return "max_quantity", f"at least min_quantity, which is {least}"
    for field, value in (("min_quantity", least), ("max_quantity", most)):
        if record.lot_size and value and Decimal(value) % Decimal(record.lot_size):
            return field, f"a multiple of lot_size, which is {record.lot_size}"
    return None


CHECKS: Final = {
    "isin": codes.isin,
    "cfi": codes.cfi,
    "type": instrument_type,
    "name": codes.name,
    "issuer": codes.name,
    "mic": codes.mic,
    "symbol": codes.symbol,
    "currency": codes.currency,
    "lot_size": quantity,
    "tick_table": tick_table,
    "min_quantity": quantity,
    "max_quantity": quantity,
    "calendar": calendar,
}
"""How each field that a person may set is checked."""
