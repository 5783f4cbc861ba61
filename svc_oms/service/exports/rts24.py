"""Rows of RTS 24: the fields of table 2 of the annex to Delegated Regulation (EU) 2017/580.

A row is an event of field 21. A field that nobody has recorded is `NOT_KNOWN`, and is never
guessed; one that does not apply to the order is empty. docs/REPLAY.md lists the fields.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_S, NS_PER_US
from kernel.side import Side
from ordermesh.oms.v1 import order_pb2
from svc_oms.domain.events import OrderCanceled, OrderExecuted
from svc_oms.domain.lifecycle import EventKind, OrderState
from svc_oms.domain.model import Order, OrderType, TimeInForce
from svc_oms.domain.verification.verify import LogLine

NOT_KNOWN: Final = "?"
"""The sign of what is not recorded."""

_CODES: Final = {
    EventKind.ACCEPTED: "NEWO",
    EventKind.TRIGGERED: "TRIG",
    EventKind.REPLACED: "REME",
    EventKind.REJECTED: "REMO",
    EventKind.SUSPENDED: "CHMO",
    EventKind.EXPIRED: "EXPI",
    # Whether by a person or by a program of the venue is not known.
    EventKind.RESTATED: NOT_KNOWN,
    # Field 21 has no code for them.
    EventKind.DONE_FOR_DAY: NOT_KNOWN,
    EventKind.EXECUTION_BUSTED: NOT_KNOWN,
    EventKind.EXECUTION_CORRECTED: NOT_KNOWN,
}
_VALIDITY: Final = {
    TimeInForce.DAY: "DAVY",
    TimeInForce.GTC: "GTCV",
    TimeInForce.GTD: "GTDV",
    TimeInForce.IOC: "IOCV",
    TimeInForce.FOK: "FOKV",
}
_CAPACITY: Final = {
    order_pb2.TRADING_CAPACITY_UNSPECIFIED: "AOTC",
    order_pb2.TRADING_CAPACITY_DEAL: "DEAL",
    order_pb2.TRADING_CAPACITY_MTCH: "MTCH",
    order_pb2.TRADING_CAPACITY_AOTC: "AOTC",
}
_STOPS: Final = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})
_TRADABLE: Final = frozenset({OrderState.NEW, OrderState.PARTIALLY_FILLED})


class Event(NamedTuple):
    """What a row is made of."""

    code: str
    order: Order
    """After the event."""
    line: LogLine
    regulatory: order_pb2.RegulatoryDetails


def code_of(order: Order, line: LogLine) -> str:
    """Return the code of field 21; empty if the event is none of it."""
    event = line.event
    if isinstance(event, OrderExecuted):
        return "PARF" if order.leaves_quantity else "FILL"
    if isinstance(event, OrderCanceled):
        return "CAMO" if event.unsolicited else "CAME"
    return _CODES.get(event.kind, "")


def time_text(at_ns: int) -> str:
    """Write a time of UTC with microseconds, as in 2026-11-30T09:30:00.000001Z; empty for 0."""
    if not at_ns:
        return ""
    seconds, rest_ns = divmod(at_ns, NS_PER_S)
    at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest_ns // NS_PER_US)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _number(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _not_known(_: Event) -> str:
    return NOT_KNOWN


def _not_applicable(_: Event) -> str:
    return ""


def _executed(event: Event) -> OrderExecuted | None:
    return event.line.event if isinstance(event.line.event, OrderExecuted) else None


def _displayed(event: Event) -> str:
    shown, leaves = event.order.terms.display_quantity, event.order.leaves_quantity
    return plain(leaves if shown is None else min(shown, leaves))


def _status(event: Event) -> str:
    if event.order.state is OrderState.SUSPENDED:
        return "SUSP"
    return "ACTI" if event.order.base_state in _TRADABLE else "INAC"


def _passive(event: Event) -> str:
    executed = _executed(event)
    if executed is None:
        return ""
    # LastLiquidityInd(851): 1 added, 2 removed.
    return {1: "PASV", 2: "AGRE"}.get(executed.execution.liquidity, NOT_KNOWN)


def _price_of(event: Event) -> str:
    executed = _executed(event)
    return "" if executed is None else plain(executed.execution.price)


def _quantity_of(event: Event) -> str:
    executed = _executed(event)
    return "" if executed is None else plain(executed.execution.quantity)


class Field(NamedTuple):
    """A column: `f<number>_<name>` with the number of the field in table 2."""

    number: int
    name: str
    value: Callable[[Event], str]


FIELDS: Final = (
    Field(1, "submitting_entity", _not_known),
    Field(2, "direct_electronic_access", lambda e: _flag(e.regulatory.direct_electronic_access)),
    Field(3, "client_id_code", lambda e: e.regulatory.client_short_code or NOT_KNOWN),
    Field(4, "investment_decision",
          lambda e: e.regulatory.investment_decision.short_code or NOT_KNOWN),
    Field(5, "execution_decision",
          lambda e: e.regulatory.execution_decision.short_code or NOT_KNOWN),
    Field(6, "non_executing_broker", lambda e: e.regulatory.non_executing_broker_lei),
    Field(7, "trading_capacity", lambda e: _CAPACITY.get(e.regulatory.capacity, NOT_KNOWN)),
    Field(8, "liquidity_provision", lambda e: _flag(e.regulatory.liquidity_provision)),
    Field(9, "date_and_time",
          lambda e: time_text(e.line.stamp.venue_time_ns or e.line.stamp.occurred_at_ns)),
    Field(10, "validity_period",
          lambda e: _VALIDITY.get(e.order.terms.time_in_force, NOT_KNOWN)),
    Field(11, "order_restriction", _not_known),
    Field(12, "validity_date_and_time", lambda e: time_text(e.order.terms.expire_time_ns or 0)),
    Field(13, "priority_time_stamp", _not_known),
    Field(14, "priority_size", _not_known),
    Field(15, "sequence_number", lambda e: str(e.line.sequence)),
    Field(16, "segment_mic", lambda e: e.order.venue_mic or NOT_KNOWN),
    Field(17, "order_book_code", lambda e: e.order.venue_symbol or e.order.symbol or NOT_KNOWN),
    Field(18, "instrument_isin", lambda e: e.order.isin or NOT_KNOWN),
    Field(19, "date_of_receipt", lambda e: time_text(e.order.created_at_ns)),
    Field(20, "order_id_code", lambda e: e.order.venue_order_id or NOT_KNOWN),
    Field(21, "event", lambda e: e.code),
    Field(22, "order_type", lambda e: e.order.type.name),
    Field(23, "order_type_class", lambda e: "STOP" if e.order.type in _STOPS else "LMTO"),
    Field(24, "limit_price", lambda e: _number(e.order.terms.limit_price)),
    Field(25, "additional_limit_price", _not_applicable),
    Field(26, "stop_price", lambda e: _number(e.order.terms.stop_price)),
    Field(27, "pegged_limit_price", lambda e: _number(e.order.pegged_price)),
    Field(28, "transaction_price", _price_of),
    Field(29, "price_currency", lambda e: e.order.currency),
    Field(30, "currency_of_leg_2", _not_applicable),
    Field(31, "price_notation", lambda _: "MONE"),
    Field(32, "buy_sell", lambda e: "BUYI" if e.order.side is Side.BUY else "SELL"),
    Field(33, "order_status", _status),
    Field(34, "quantity_notation", lambda _: "UNIT"),
    Field(35, "quantity_currency", _not_applicable),
    Field(36, "initial_quantity", lambda e: plain(e.order.terms.quantity)),
    Field(37, "remaining_quantity", lambda e: plain(e.order.leaves_quantity)),
    Field(38, "displayed_quantity", _displayed),
    Field(39, "traded_quantity", _quantity_of),
    Field(40, "minimum_acceptable_quantity", _not_applicable),
    Field(41, "minimum_executable_size", _not_known),
    Field(42, "mes_first_execution_only", _not_known),
    Field(43, "passive_only", _not_known),
    Field(44, "passive_or_aggressive", _passive),
    Field(45, "self_execution_prevention", _not_known),
    Field(46, "strategy_linked_order", _not_known),
    Field(47, "routing_strategy", _not_known),
    Field(48, "transaction_id_code", lambda e: NOT_KNOWN if _executed(e) else ""),
    Field(49, "trading_phase", _not_known),
    Field(50, "indicative_auction_price", _not_known),
    Field(51, "indicative_auction_volume", _not_known),
)  # fmt: skip

OWN: Final = ("account_id", "order_id", "cl_ord_id")
"""Columns that table 2 does not have: with account_id field 15 names one event of the log."""
COLUMNS: Final = (*OWN, *(f"f{field.number:02}_{field.name}" for field in FIELDS))


def row(order: Order, line: LogLine) -> tuple[str, ...] | None:
    """Return the row of an event; None if it is none of field 21.

    A routed order makes no rows: its children are the orders at venues.
    """
    code = code_of(order, line)
    if not code or order.routing is not None:
        return None
    regulatory = order_pb2.RegulatoryDetails.FromString(order.regulatory)
    event = Event(code, order, line, regulatory)
    own = order.account_id, order.order_id, order.cl_ord_id
    return (*own, *(field.value(event) for field in FIELDS))
