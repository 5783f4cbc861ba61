"""Reference data in words."""

from mesh.names import called
from meshctl.commands.common import enum_word
from ordermesh.marketdata.v1 import instrument_pb2
from ordermesh.marketdata.v1 import reference_data_service_pb2 as pb


def record_words(record: pb.InstrumentRecord | pb.ListingRecord) -> str:
    """Describe a record in a line."""
    if isinstance(record, pb.InstrumentRecord):
        kind = enum_word(instrument_pb2.InstrumentKind, record.kind) if record.kind else ""
        parts = [record.isin, record.name, kind, record.cfi_code, record.issuer]
        return ", ".join(part for part in parts if part)
    ticks = " ".join(f"{band.from_price}:{band.tick_size}" for band in record.tick_table)
    known = {
        "lot": record.lot_size,
        "at least": record.min_quantity,
        "at most": record.max_quantity,
        "ticks": ticks,
    }
    parts = [record.instrument_id, record.isin, record.currency]
    parts += [f"{name} {value}" for name, value in known.items() if value]
    return ", ".join([*parts, *(["ended"] if record.ended else [])])


def contradiction_words(one: instrument_pb2.Contradiction) -> str:
    """Describe where venue and reference data differ."""
    return (
        f"{one.field}: the venue says {one.venue_value}, which is in force; "
        f"the reference data say {one.reference_value}"
    )


def action_words(action: instrument_pb2.CorporateAction) -> str:
    """Describe a corporate action in a line."""
    kind = enum_word(instrument_pb2.CorporateActionKind, action.kind).lower().replace("_", " ")
    state = enum_word(instrument_pb2.CorporateActionState, action.state).lower()
    what = {
        instrument_pb2.CORPORATE_ACTION_KIND_SPLIT: f" {action.new_shares} for {action.old_shares}",
        instrument_pb2.CORPORATE_ACTION_KIND_SYMBOL_CHANGE: f" to {action.new_symbol}",
    }.get(action.kind, "")
    by = called(action.recorded_by, action.recorded_by)
    return (
        f"{action.effective_date} {action.instrument_id or action.isin} {kind}{what}, {state}; "
        f"{action.action_id} by {by}: {action.reason}"
    )
