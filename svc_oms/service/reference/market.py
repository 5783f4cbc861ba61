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
    {instrument_pb2.TRADING_STATUS_OPEN, instrument_pb2.TRADING_STATUS_AUCTION, NOT_KNOWN}
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
    )


class Market:
    """The known listings and their last prices."""

    def __init__(self, clock: Clock) -> None:
        self.references = References(clock)
        self._instruments: dict[str, Instrument] = {}

    def __len__(self) -> int:
        return len(self._instruments)

    def learn(self, messages: Iterable[instrument_pb2.Instrument]) -> None:
        """Set listings."""
        for message in messages:
            self._instruments[message.instrument_id] = instrument_value(message)

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
        """Return the last price, or None if there is none that counts."""
        return self.references.price(instrument_id)

    def collar_price(self, instrument_id: str) -> Reference | None:
        """Return the price limits are compared with: last, mid or close; None without any."""
        found = self.references.reference(instrument_id)
        return None if found.collar is None else Reference(found.collar, found.source)
