"""Limits, overrides, trading states and stops: between domain values and protobuf."""

from collections.abc import Iterable
from decimal import Decimal

from kernel.decimals import plain
from ordermesh.oms.v1 import limit_pb2, order_pb2
from svc_oms.domain.controls.limits.controls import Controls
from svc_oms.domain.controls.limits.limit_values import (
    Limit,
    Override,
    Range,
    StatusTarget,
    TradingState,
    Values,
)
from svc_oms.domain.controls.state import Stop, StrategyKey
from svc_oms.domain.positions.account_positions import Openings, Position
from svc_oms.service.codec.derived import derive, reader, writer
from svc_oms.service.codec.values import timestamp
from svc_oms.service.ports import OpeningsRow, PositionRow
from svc_oms.service.ports.control_ports import RecordKind

VALUES = derive(Values, limit_pb2.LimitValues)
RANGE = derive(Range, limit_pb2.LimitRange)

# What a limit says, and where it holds.
values_message, values_value = VALUES.message, VALUES.read
range_message, range_value = RANGE.message, RANGE.read


_read_limit = reader(Limit, limit_pb2.Limit)
_write_limit = writer(Limit, limit_pb2.Limit, leave={"valid_from_ns", "valid_until_ns", "ended"})


def limit_value(message: limit_pb2.Limit) -> Limit:
    """Decode a version of a limit.

    One that was set to apply at once begins at zero, so it applies wherever it is read, also with
    a clock that is late.
    """
    limit = _read_limit(message)
    return limit._replace(valid_from_ns=0) if message.valid_from == message.set_at else limit


def limit_message(limit: Limit) -> limit_pb2.Limit:
    """Encode what a limit is and says; for limits of the settings."""
    message = limit_pb2.Limit()
    _write_limit(message, limit)
    return message


override_value = reader(Override, limit_pb2.Override)
"""Decodes a version of an override."""

Decoded = dict[tuple[int, bytes], Limit | Override | limit_pb2.TradingStatusRecord]


def decoded(records: Iterable[tuple[int, bytes]], known: Decoded) -> Decoded:
    """Decode records; those known already are reused.

    A change adds one of maybe thousands, and the batches of every replica wait for it.
    """
    made: Decoded = {}
    for record in records:
        value = known.get(record)
        if value is None:
            kind, body = record
            if kind == RecordKind.LIMIT:
                value = limit_value(limit_pb2.Limit.FromString(body))
            elif kind == RecordKind.OVERRIDE:
                value = override_value(limit_pb2.Override.FromString(body))
            else:
                value = limit_pb2.TradingStatusRecord.FromString(body)
        made[record] = value
    return made


def read_controls(version: int, records: Decoded) -> Controls:
    """Build the controls from all records in force or to come."""
    limits, overrides = [], []
    states: dict[tuple[StatusTarget, str], TradingState] = {}
    for value in records.values():
        if isinstance(value, Limit):
            limits.append(value)
        elif isinstance(value, Override):
            overrides.append(value)
        else:
            states[StatusTarget(value.target), value.target_id] = TradingState(value.status)
    return Controls(version, limits, overrides, states)


def position_row(position: Position) -> PositionRow:
    """Make the row of a position."""
    return PositionRow(
        position.account_id,
        position.isin,
        position.currency,
        plain(position.quantity),
        plain(position.cost),
        plain(position.average_price),
        plain(position.realised),
        position.as_of_sequence,
    )


def position_value(row: PositionRow) -> Position:
    """Read a row."""
    return Position(
        row.account_id,
        row.isin,
        row.currency,
        Decimal(row.quantity),
        Decimal(row.cost),
        Decimal(row.realised),
        row.as_of_sequence,
    )


def openings_value(row: OpeningsRow) -> Openings:
    """Read what an account's archived executions make."""
    positions = [position_value(each) for each in row.positions]
    return Openings(row.sequence, row.amended_to, {each.key: each for each in positions})


def position_message(row: PositionRow) -> order_pb2.Position:
    """Encode a row."""
    return order_pb2.Position(
        account_id=row.account_id,
        isin=row.isin,
        currency=row.currency,
        quantity=row.quantity,
        average_price=row.average_price,
        realised_profit=row.realised,
        as_of_sequence=row.as_of_sequence,
    )


def stop_message(account_id: str, key: StrategyKey, stop: Stop) -> limit_pb2.StrategyStop:
    """Encode a stop."""
    return limit_pb2.StrategyStop(
        account_id=account_id,
        strategy=key.strategy,
        instrument_id=key.instrument_id,
        side=key.side,  # type: ignore[arg-type] # by number
        limit_id=stop.limit_id,
        limit_version=stop.limit_version,
        executions=stop.executions,
        stopped_at=timestamp(stop.stopped_at_ns),
    )


def strategy_name(regulatory: bytes, placed_by: str) -> str:
    """Return the key by which the repeated-execution throttle counts."""
    if regulatory:
        algorithm = order_pb2.RegulatoryDetails.FromString(regulatory).algorithm_id
        if algorithm:
            return f"algorithm:{algorithm}"
    return f"trader:{placed_by}"
