"""Small values: decimals, times, terms, rejections, executions."""

from decimal import Decimal
from functools import lru_cache

from kernel.decimals import plain
from kernel.side import Side
from mesh.errors import ERROR_TABLE
from mesh.timestamps import from_timestamp, to_timestamp
from ordermesh.oms.v1 import order_pb2
from ordermesh.type.v1 import error_pb2
from svc_oms.domain.model import (
    Execution,
    Link,
    LinkKind,
    OrderTerms,
    Peg,
    Rejection,
    TimeInForce,
    Trigger,
    TriggerPriceType,
)
from svc_oms.domain.numbers import NO_QUANTITY, Price, Quantity

TIMESTAMPS_KEPT_MAX = 64


def optional_text(number: Decimal | None) -> str:
    """Return the canonical text, or the empty text if there is no number."""
    return "" if number is None else plain(number)


def optional_price(text: str) -> Price | None:
    """Read a price that may be left out."""
    return Price(Decimal(text)) if text else None


def optional_quantity(text: str) -> Quantity | None:
    """Read a quantity that may be left out."""
    return Quantity(Decimal(text)) if text else None


timestamp = lru_cache(maxsize=TIMESTAMPS_KEPT_MAX)(to_timestamp)
"""Turn UTC nanoseconds into a Timestamp; copy it, never change it.

All events of a batch have one time, so most calls are for the last value.
"""

nanoseconds = from_timestamp
"""Turn a Timestamp into UTC nanoseconds; an unset one is 0."""


def terms_message(terms: OrderTerms) -> order_pb2.OrderTerms:
    """Encode terms; those not given stay empty."""
    message = order_pb2.OrderTerms(
        quantity=plain(terms.quantity),
        time_in_force=terms.time_in_force,  # type: ignore[arg-type] # by number
    )
    if terms.limit_price is not None:
        message.limit_price = plain(terms.limit_price)
    if terms.stop_price is not None:
        message.stop_price = plain(terms.stop_price)
    if terms.display_quantity is not None:
        message.display_quantity = plain(terms.display_quantity)
    if terms.expire_time_ns is not None:
        message.expire_time.CopyFrom(timestamp(terms.expire_time_ns))
    if terms.trailing_offset is not None:
        message.trailing_offset = plain(terms.trailing_offset)
    if terms.peg is not None:
        message.peg.reference = terms.peg.reference  # type: ignore[assignment] # by number
        message.peg.offset = plain(terms.peg.offset)
    if terms.trigger_price_type is not None:
        message.trigger_price_type = terms.trigger_price_type  # type: ignore[assignment] # by number
    if terms.cash_quantity is not None:
        message.cash_quantity = plain(terms.cash_quantity)
        message.quantity_is_estimate = terms.quantity_is_estimate
    return message


def terms_value(message: order_pb2.OrderTerms) -> OrderTerms:
    """Decode terms that passed the field rules."""
    return OrderTerms(
        quantity=Quantity(Decimal(message.quantity)) if message.quantity else NO_QUANTITY,
        limit_price=optional_price(message.limit_price),
        stop_price=optional_price(message.stop_price),
        display_quantity=optional_quantity(message.display_quantity),
        time_in_force=TimeInForce(message.time_in_force),
        expire_time_ns=(
            nanoseconds(message.expire_time) if message.HasField("expire_time") else None
        ),
        trailing_offset=optional_price(message.trailing_offset),
        peg=(
            Peg(message.peg.reference, Price(Decimal(message.peg.offset or "0")))
            if message.HasField("peg")
            else None
        ),
        trigger_price_type=(
            TriggerPriceType(message.trigger_price_type) if message.trigger_price_type else None
        ),
        cash_quantity=Decimal(message.cash_quantity) if message.cash_quantity else None,
        quantity_is_estimate=message.quantity_is_estimate,
    )


def link_message(link: Link) -> order_pb2.OrderLink:
    """Encode the link of an order with others."""
    return order_pb2.OrderLink(
        kind=link.kind,  # type: ignore[arg-type] # by number
        group_id=link.group_id,
        parent_order_id=link.parent_order_id,
    )


def link_value(message: order_pb2.OrderLink) -> Link:
    """Decode the link of an order with others."""
    return Link(LinkKind(message.kind), message.group_id, message.parent_order_id)


def trigger_message(trigger: Trigger) -> order_pb2.OrderTrigger:
    """Encode the trigger of a watched stop."""
    return order_pb2.OrderTrigger(
        stop_price=optional_text(trigger.stop_price),
        extreme_price=optional_text(trigger.extreme_price),
    )


def trigger_value(message: order_pb2.OrderTrigger) -> Trigger:
    """Decode the trigger of a watched stop."""
    return Trigger(optional_price(message.stop_price), optional_price(message.extreme_price))


def rejection_message(rejection: Rejection) -> error_pb2.Rejection:
    """Encode a rejection; the retry class comes from the one error table."""
    message = error_pb2.Rejection(
        reason=f"ERROR_REASON_{rejection.reason}",
        retry_class=ERROR_TABLE[rejection.reason].retry_class,
        text=rejection.text,
        field=rejection.field,
        venue_text=rejection.venue_text,
    )
    if rejection.venue_code is not None:
        message.venue_code = rejection.venue_code
    return message


def rejection_value(message: error_pb2.Rejection) -> Rejection:
    """Decode a rejection."""
    return Rejection(
        reason=error_pb2.ErrorReason.Name(message.reason).removeprefix("ERROR_REASON_"),
        text=message.text,
        field=message.field,
        venue_code=message.venue_code if message.HasField("venue_code") else None,
        venue_text=message.venue_text,
    )


def execution_message(execution: Execution) -> order_pb2.Execution:
    """Encode an execution."""
    message = order_pb2.Execution(
        exec_id=execution.exec_id,
        venue_mic=execution.venue_mic,
        order_id=execution.order_id,
        account_id=execution.account_id,
        instrument_id=execution.instrument_id,
        side=execution.side,  # type: ignore[arg-type] # by number
        quantity=plain(execution.quantity),
        price=plain(execution.price),
        currency=execution.currency,
        liquidity=execution.liquidity,
        last_market_mic=execution.last_market_mic,
        busted=execution.busted,
    )
    if execution.venue_time_ns:
        message.venue_time.CopyFrom(timestamp(execution.venue_time_ns))
    if execution.received_at_ns:
        message.received_at.CopyFrom(timestamp(execution.received_at_ns))
    return message


def execution_value(message: order_pb2.Execution) -> Execution:
    """Decode an execution."""
    return Execution(
        exec_id=message.exec_id,
        venue_mic=message.venue_mic,
        order_id=message.order_id,
        account_id=message.account_id,
        instrument_id=message.instrument_id,
        side=Side(message.side),
        quantity=Quantity(Decimal(message.quantity)),
        price=Price(Decimal(message.price)),
        currency=message.currency,
        venue_time_ns=nanoseconds(message.venue_time),
        received_at_ns=nanoseconds(message.received_at),
        liquidity=message.liquidity,
        last_market_mic=message.last_market_mic,
        busted=message.busted,
    )
