"""Listings and reference prices that orders are checked against."""

from collections.abc import Iterable
from decimal import Decimal

from kernel.clock import Clock
from kernel.ticks import TickBand
from mesh.errors import refuse
from ordermesh.marketdata.v1 import instrument_pb2
from svc_oms.domain.controls.trial import Reference
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.service.reference.reference_prices import References

NOT_KNOWN = instrument_pb2.TRADING_STATUS_NOT_KNOWN
# What is not known refuses nothing, as with the status of a venue (docs/adr/0018); such orders are
# marked.
TRADABLE = frozenset(
    {
        instrument_pb2.TRADING_STATUS_OPEN,
        instrument_pb2.TRADING_STATUS_PRE_OPEN,
        instrument_pb2.TRADING_STATUS_AUCTION,
        NOT_KNOWN,
    }
)

# Without the status that is not reported.
_STATUS_WORDS = {
    number: name.removeprefix("TRADING_STATUS_")
    for name, number in instrument_pb2.TradingStatus.items()
    if number
}


def instrument_value(message: instrument_pb2.Instrument) -> Instrument:
    """Decode a listing."""
    return Instrument(
        instrument_id=message.instrument_id,
        symbol=message.symbol,
        venue_mic=message.venue_mic,
        isin=message.isin,
        currency=message.currency,
        lot_size=Quantity(Decimal(message.lot_size or "1")),
        tick_table=tuple(
            TickBand(Price(Decimal(band.from_price)), Price(Decimal(band.tick_size)))
            for band in message.tick_table
        ),
        tradable=message.trading_status in TRADABLE,
        status_known=message.trading_status != NOT_KNOWN,
        trading_status=_STATUS_WORDS.get(message.trading_status, ""),
        max_quantity=Quantity(Decimal(message.max_quantity)) if message.max_quantity else None,
        venue_symbol=message.venue_symbol,
        min_quantity=Quantity(Decimal(message.min_quantity)) if message.min_quantity else None,
        calendar=message.calendar,
    )


class Market:
    """The known listings and their last prices."""

    def __init__(self, clock: Clock) -> None:
        self.references = References(clock)
        self._instruments: dict[str, Instrument] = {}
        self._by_isin: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._instruments)

    def learn(self, messages: Iterable[instrument_pb2.Instrument]) -> None:
        """Set listings."""
        for message in messages:
            listing = instrument_value(message)
            before = self._instruments.get(listing.instrument_id)
            if before is not None and before.isin != listing.isin:
                self._by_isin.get(before.isin, set()).discard(listing.instrument_id)
            if listing.isin:
                self._by_isin.setdefault(listing.isin, set()).add(listing.instrument_id)
            self._instruments[listing.instrument_id] = listing

    def instrument(self, instrument_id: str) -> Instrument:
        """Return a listing.

        Raises:
            MeshError: INSTRUMENT_NOT_FOUND.
        """
        found = self._instruments.get(instrument_id)
        if found is None:
            raise refuse(
                "INSTRUMENT_NOT_FOUND",
                f"instrument_id is {instrument_id!r}: no venue has reported such a listing",
                "instrument_id",
                instrument_id=instrument_id,
            )
        return found

    def listings(self, isin: str, currency: str = "") -> list[Instrument]:
        """Return the listings of an instrument, by their names; in one currency if it is given."""
        return [
            self._instruments[name]
            for name in sorted(self._by_isin.get(isin, ()))
            if currency in {"", self._instruments[name].currency}
        ]

    def find(self, instrument_id: str) -> Instrument | None:
        """Return a listing, if it is known."""
        return self._instruments.get(instrument_id)

    def isin(self, instrument_id: str) -> str:
        """Return the ISIN of a listing, or its id if it has none; empty if unknown."""
        found = self._instruments.get(instrument_id)
        return "" if found is None else found.isin or instrument_id

    def all(self) -> list[Instrument]:
        """Return every listing, by its name."""
        return [self._instruments[name] for name in sorted(self._instruments)]

    def reference_price(self, instrument_id: str) -> Price | None:
        """Return the last price, or None if there is none that counts.

        Of an instrument, "ISIN/currency", it is the highest of its listings: a routed order may
        be executed at any of them.
        """
        isin, routed, currency = instrument_id.partition("/")
        if not routed:
            return self.references.price(instrument_id)
        names = [listing.instrument_id for listing in self.listings(isin, currency)]
        found = [price for name in names if (price := self.references.price(name)) is not None]
        return max(found, default=None)

    def collar_price(self, instrument_id: str) -> Reference | None:
        """Return the price limits are compared with: last, mid or close; None without any.

        Of an instrument, "ISIN/currency", it is that of its first listing that has one.
        """
        isin, routed, currency = instrument_id.partition("/")
        if routed:
            names = [listing.instrument_id for listing in self.listings(isin, currency)]
            return next((one for name in names if (one := self.collar_price(name))), None)
        found = self.references.reference(instrument_id)
        return None if found.collar is None else Reference(found.collar, found.source)
