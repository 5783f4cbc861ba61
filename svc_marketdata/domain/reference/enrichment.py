"""What the reference data add to a venue's listing, and where the two differ."""

from typing import Final, NamedTuple

from svc_marketdata.domain.listing import Listing
from svc_marketdata.domain.reference.actions import CorporateAction
from svc_marketdata.domain.reference.records import KINDS, InstrumentRecord, ListingRecord


class Contradiction(NamedTuple):
    """A field of which venue and reference data say different things."""

    field: str
    venue_value: str
    reference_value: str


class Reference(NamedTuple):
    """What the reference data say of one listing."""

    instrument: InstrumentRecord | None = None
    listing: ListingRecord | None = None
    actions: tuple[CorporateAction, ...] = ()

    def fill(self, venue: Listing) -> Listing:
        """Return the venue's listing; what the venue leaves out comes from the reference data."""
        values: dict[str, object] = {
            field: value for field, value in self._comparable() if not getattr(venue, field)
        }
        if self.instrument is not None and self.instrument.type:
            values["kind"] = KINDS[self.instrument.type]
        if self.instrument is not None and not venue.name:
            values["name"] = self.instrument.name
        return venue.with_values(values) if values else venue

    def contradictions(self, venue: Listing) -> list[Contradiction]:
        """Compare the venue's listing with the reference data, field by field."""
        found = []
        for field, value in self._comparable():
            said = getattr(venue, field)
            if said and value and said != value:
                found.append(Contradiction(field, _text(said), _text(value)))
        if self.listing is not None and self.listing.ended and venue.is_listed:
            found.append(Contradiction("trading_status", venue.trading_status.name, "ended"))
        return found

    def _comparable(self) -> list[tuple[str, object]]:
        values: list[tuple[str, object]] = []
        if self.instrument is not None:
            values.append(("cfi_code", self.instrument.cfi))
        if (listing := self.listing) is not None:
            values += [
                ("isin", listing.isin),
                ("currency", listing.currency),
                ("lot_size", listing.lot_size),
                ("tick_table", listing.bands),
                ("max_quantity", listing.max_quantity),
            ]
        return [(field, value) for field, value in values if value]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(f"{start}:{step}" for start, step in value)
    return str(value)


NO_REFERENCE: Final = Reference()
"""Of a listing that the reference data do not know."""
