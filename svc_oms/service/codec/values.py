"""Small values: decimals, times, terms, rejections, executions."""

from decimal import Decimal
from functools import lru_cache

from kernel.decimals import plain
from mesh.errors import ERROR_TABLE
from mesh.timestamps import set_timestamp, to_timestamp
from ordermesh.oms.v1 import event_pb2, order_pb2
from ordermesh.type.v1 import error_pb2
from svc_oms.domain.model import (
    Execution,
    Link,
    OrderTerms,
    Peg,
    Rejection,
    Routing,
    RoutingSchedule,
    RoutingSums,
    TradedBefore,
    Trigger,
)
from svc_oms.domain.numbers import ZERO, Price
from svc_oms.service.codec.derived import derive, reader, register

TIMESTAMPS_KEPT_MAX = 64


def optional_price(text: str) -> Price | None:
    """Read a price that may be left out."""
    return Price(Decimal(text)) if text else None


timestamp = lru_cache(maxsize=TIMESTAMPS_KEPT_MAX)(to_timestamp)
"""Turn UTC nanoseconds into a Timestamp; copy it, never change it.

All events of a batch have one time, so most calls are for the last value.
"""


def _or_zero(text: str) -> Decimal:
    return Decimal(text) if text else ZERO


def _write_rejection(message: error_pb2.Rejection, rejection: Rejection) -> None:
    message.reason = getattr(error_pb2, f"ERROR_REASON_{rejection.reason}")
    # From the one error table.
    message.retry_class = ERROR_TABLE[rejection.reason].retry_class
    message.text, message.field = rejection.text, rejection.field
    message.venue_text = rejection.venue_text
    if rejection.venue_code is not None:
        message.venue_code = rejection.venue_code


def _reason(number: error_pb2.ErrorReason) -> str:
    return error_pb2.ErrorReason.Name(number).removeprefix("ERROR_REASON_")


REJECTION = register(
    Rejection,
    error_pb2.Rejection,
    _write_rejection,
    reader(Rejection, error_pb2.Rejection, {"reason": _reason}),
)


def _write_terms(message: order_pb2.OrderTerms, terms: OrderTerms) -> None:
    # By hand: every new order has terms, with most fields not given, and this takes half the time.
    message.quantity = plain(terms.quantity)
    message.time_in_force = terms.time_in_force  # type: ignore[assignment] # by number
    if terms.limit_price is not None:
        message.limit_price = plain(terms.limit_price)
    if terms.stop_price is not None:
        message.stop_price = plain(terms.stop_price)
    if terms.display_quantity is not None:
        message.display_quantity = plain(terms.display_quantity)
    if terms.expire_time_ns is not None:
        set_timestamp(message.expire_time, terms.expire_time_ns)
    if terms.trailing_offset is not None:
        message.trailing_offset = plain(terms.trailing_offset)
    if terms.peg is not None:
        PEG.write(message.peg, terms.peg)
    if terms.trigger_price_type is not None:
        message.trigger_price_type = terms.trigger_price_type  # type: ignore[assignment] # by number
    if terms.cash_quantity is not None:
        message.cash_quantity = plain(terms.cash_quantity)
        message.quantity_is_estimate = terms.quantity_is_estimate


PEG = derive(Peg, order_pb2.Peg, {"offset": _or_zero})
TERMS = register(
    OrderTerms,
    order_pb2.OrderTerms,
    _write_terms,
    reader(OrderTerms, order_pb2.OrderTerms, {"quantity": _or_zero}),
)
EXECUTION = derive(Execution, order_pb2.Execution)
LINK = derive(Link, order_pb2.OrderLink)
TRIGGER = derive(Trigger, order_pb2.OrderTrigger)
SUMS = derive(RoutingSums, event_pb2.RoutingSums)


SCHEDULE = derive(RoutingSchedule, order_pb2.RoutingSchedule)
TRADED_BEFORE = derive(TradedBefore, event_pb2.TradedBefore)


def routing_message(routing: Routing) -> order_pb2.Routing:
    """Encode how an order is routed."""
    message = order_pb2.Routing(
        strategy=routing.strategy,  # type: ignore[arg-type] # by number
        venues=routing.venues,
        denied_venues=routing.denied_venues,
    )
    if routing.schedule is not None:
        SCHEDULE.write(message.schedule, routing.schedule)
    return message


def routing_value(message: order_pb2.Routing) -> Routing:
    """Decode how an order is routed."""
    return Routing(
        int(message.strategy),
        tuple(message.venues),
        tuple(message.denied_venues),
        SCHEDULE.read(message.schedule) if message.HasField("schedule") else None,
    )


# What other files call.
terms_message, write_terms, terms_value = TERMS
execution_message, execution_value = EXECUTION.message, EXECUTION.read
link_message, link_value = LINK.message, LINK.read
trigger_message, trigger_value = TRIGGER.message, TRIGGER.read
rejection_message, rejection_value = REJECTION.message, REJECTION.read
