"""Maps of reference data between proto and domain."""

import datetime as dt

from mesh.errors import wrong
from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import instrument_pb2
from ordermesh.marketdata.v1 import reference_data_service_pb2 as pb
from svc_marketdata.api.mapping import KINDS, listing_to_proto
from svc_marketdata.domain.listing import Listing, ListingKind
from svc_marketdata.domain.reference import records
from svc_marketdata.domain.reference.actions import ActionKind, ActionState, CorporateAction
from svc_marketdata.domain.reference.codes import WrongValueError
from svc_marketdata.domain.reference.csv_file import YEARS_AHEAD_MAX, Fault, checked_date
from svc_marketdata.domain.reference.enrichment import Reference
from svc_marketdata.domain.reference.records import InstrumentRecord, ListingRecord, Record
from svc_marketdata.service.reference.ports import HistoryRecord

ACTION_KINDS = {
    instrument_pb2.CORPORATE_ACTION_KIND_SPLIT: ActionKind.SPLIT,
    instrument_pb2.CORPORATE_ACTION_KIND_SYMBOL_CHANGE: ActionKind.SYMBOL_CHANGE,
    instrument_pb2.CORPORATE_ACTION_KIND_DELISTING: ActionKind.DELISTING,
}
ACTION_STATES = {
    ActionState.ANNOUNCED: instrument_pb2.CORPORATE_ACTION_STATE_ANNOUNCED,
    ActionState.EFFECTIVE: instrument_pb2.CORPORATE_ACTION_STATE_EFFECTIVE,
    ActionState.WITHDRAWN: instrument_pb2.CORPORATE_ACTION_STATE_WITHDRAWN,
}
KIND_TO_PROTO = {domain: proto for proto, domain in KINDS.items()}
_ACTION_KIND_TO_PROTO = {domain: proto for proto, domain in ACTION_KINDS.items()}


def enriched_to_proto(listing: Listing, reference: Reference) -> instrument_pb2.Instrument:
    """A venue's listing with what the reference data add, and where the two differ."""
    message = listing_to_proto(reference.fill(listing))
    if reference.instrument is not None:
        message.issuer = reference.instrument.issuer
        message.full_name = reference.instrument.name
    if reference.listing is not None:
        message.min_quantity = reference.listing.min_quantity
        message.calendar = reference.listing.calendar
    message.contradictions.extend(
        instrument_pb2.Contradiction(field=field, venue_value=venue, reference_value=said)
        for field, venue, said in reference.contradictions(listing)
    )
    message.corporate_actions.extend(action_to_proto(one) for one in reference.actions)
    return message


def reference_only(reference: Reference) -> instrument_pb2.Instrument:
    """A listing that no venue reports here."""
    record = reference.listing
    assert record is not None
    symbol, _, mic = record.instrument_id.rpartition(".")
    return enriched_to_proto(Listing(record.instrument_id, symbol, mic), reference)


def instrument_to_proto(record: InstrumentRecord) -> pb.InstrumentRecord:
    """A record of an instrument."""
    return pb.InstrumentRecord(
        isin=record.isin,
        cfi_code=record.cfi,
        kind=KIND_TO_PROTO[kind_of(record)],
        name=record.name,
        issuer=record.issuer,
    )


def kind_of(record: InstrumentRecord | None) -> ListingKind:
    """Return the kind of an instrument."""
    word = record.type if record is not None else ""
    return records.KINDS.get(word, ListingKind.UNSPECIFIED)


def listing_record_to_proto(record: ListingRecord) -> pb.ListingRecord:
    """A record of a listing."""
    return pb.ListingRecord(
        instrument_id=record.instrument_id,
        isin=record.isin,
        currency=record.currency,
        lot_size=record.lot_size,
        tick_table=[
            instrument_pb2.TickBand(from_price=start, tick_size=step)
            for start, step in record.bands
        ],
        min_quantity=record.min_quantity,
        max_quantity=record.max_quantity,
        ended=bool(record.ended),
        calendar=record.calendar,
    )


def history_to_proto(entry: HistoryRecord) -> pb.HistoryEntry:
    """A record, and who made it."""
    message = pb.HistoryEntry(
        valid_from=entry.valid_from.isoformat(),
        recorded_at=to_timestamp(entry.change.recorded_at_ns),
        username=entry.by.username,
        reason=entry.by.reason,
        change_id=entry.change.change_id,
    )
    put_record(message, entry.record)
    return message


def put_record(message: pb.HistoryEntry, record: Record | None) -> None:
    """Set what was recorded; nothing for a day that was withdrawn."""
    if isinstance(record, InstrumentRecord):
        message.instrument.CopyFrom(instrument_to_proto(record))
    elif record is not None:
        message.listing.CopyFrom(listing_record_to_proto(record))


def action_to_proto(action: CorporateAction) -> instrument_pb2.CorporateAction:
    """A corporate action."""
    return instrument_pb2.CorporateAction(
        action_id=action.action_id,
        kind=_ACTION_KIND_TO_PROTO[action.kind],
        isin=action.isin,
        instrument_id=action.instrument_id,
        effective_date=action.effective_date.isoformat(),
        new_shares=action.new_shares,
        old_shares=action.old_shares,
        new_symbol=action.new_symbol,
        state=ACTION_STATES[action.state],
        recorded_by=action.recorded_by,
        recorded_at=to_timestamp(action.recorded_at_ns),
        reason=action.reason,
    )


def fault_to_proto(fault: Fault) -> pb.RowFault:
    """A wrong value of a file."""
    return pb.RowFault(
        line=fault.line, field=fault.field, value=fault.value, expected=fault.expected
    )


def date_of(field: str, text: str, today: dt.date) -> dt.date:
    """Read a date; the present day if it is empty.

    Raises:
        MeshError: INVALID_FIELD.
    """
    if not text:
        return today
    try:
        return checked_date(text, today.replace(day=1, year=today.year + YEARS_AHEAD_MAX))
    except WrongValueError as error:
        raise wrong(field, text, str(error)) from error
