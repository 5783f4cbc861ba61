"""Limits, overrides, trading states and stops: between domain values and protobuf."""

from collections.abc import Iterable
from decimal import Decimal

from kernel.decimals import plain
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import limit_pb2, order_pb2
from svc_oms.domain.controls.limit_values import (
    Controls,
    Limit,
    LimitKind,
    LimitScope,
    Override,
    OverrideState,
    PermissionMode,
    Range,
    SelfMatchPolicy,
    StatusTarget,
    TradingState,
    Values,
)
from svc_oms.domain.controls.state import Stop, StrategyKey
from svc_oms.domain.positions import Position
from svc_oms.service.codec.values import timestamp
from svc_oms.service.ports import PositionRow
from svc_oms.service.ports.control_ports import RecordKind


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def values_value(message: limit_pb2.LimitValues) -> Values:
    """Decode the values of a limit."""
    return Values(
        quantity=_number(message.quantity),
        value=_number(message.value),
        percent=_number(message.percent),
        window_percent=_number(message.window_percent),
        long_quantity=_number(message.long_quantity),
        short_quantity=_number(message.short_quantity),
        messages=message.messages,
        cancels=message.cancels,
        executions=message.executions,
        permission=PermissionMode(message.permission) if message.permission else None,
        instruments=frozenset(message.instruments),
        self_match=SelfMatchPolicy(message.self_match) if message.self_match else None,
        short_sale_allowed=message.short_sale_allowed,
        window_ms=message.window_ms,
    )


def values_message(values: Values) -> limit_pb2.LimitValues:
    """Encode the values of a limit."""
    message = limit_pb2.LimitValues(
        messages=values.messages,
        cancels=values.cancels,
        executions=values.executions,
        permission=values.permission or 0,  # type: ignore[arg-type] # by number
        instruments=sorted(values.instruments),
        self_match=values.self_match or 0,  # type: ignore[arg-type] # by number
        short_sale_allowed=values.short_sale_allowed,
        window_ms=values.window_ms,
    )
    for name in (
        "quantity",
        "value",
        "percent",
        "window_percent",
        "long_quantity",
        "short_quantity",
    ):
        number = getattr(values, name)
        if number is not None:
            setattr(message, name, plain(number))
    return message


def range_value(message: limit_pb2.LimitRange) -> Range:
    """Decode the range of a limit."""
    return Range(
        LimitScope(message.scope),
        message.scope_id,
        message.instrument_id,
        message.venue_mic,
        message.currency,
    )


def range_message(range_: Range) -> limit_pb2.LimitRange:
    """Encode the range of a limit."""
    return limit_pb2.LimitRange(
        scope=range_.scope,  # type: ignore[arg-type] # by number
        scope_id=range_.scope_id,
        instrument_id=range_.instrument_id,
        venue_mic=range_.venue_mic,
        currency=range_.currency,
    )


def limit_value(message: limit_pb2.Limit) -> Limit:
    """Decode a version of a limit.

    One that was set to apply at once begins at zero, so it applies wherever it is read, also with
    a clock that is late.
    """
    at_once = message.valid_from == message.set_at
    return Limit(
        message.limit_id,
        message.version,
        LimitKind(message.kind),
        range_value(message.range),
        values_value(message.values),
        0 if at_once else from_timestamp(message.valid_from),
        from_timestamp(message.valid_until),
        message.ended,
    )


def limit_message(limit: Limit) -> limit_pb2.Limit:
    """Encode a limit of the settings."""
    return limit_pb2.Limit(
        limit_id=limit.limit_id,
        version=limit.version,
        kind=limit.kind,  # type: ignore[arg-type] # by number
        range=range_message(limit.range),
        values=values_message(limit.values),
    )


def override_value(message: limit_pb2.Override) -> Override:
    """Decode a version of an override."""
    return Override(
        message.override_id,
        message.limit_id,
        message.account_id,
        values_value(message.values),
        from_timestamp(message.valid_until),
        OverrideState(message.state),
    )


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
