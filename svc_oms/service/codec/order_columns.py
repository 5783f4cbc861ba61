"""The one list of the columns of oms.orders, and how each is taken from the order.

INSERT, UPDATE, packing, unpacking and verification follow from it. A field of the order has a
column only if a statement looks orders up by it; all fields are in the body.
"""

from typing import Annotated, NamedTuple

from kernel.nanoseconds import NS_PER_US
from ordermesh.oms.v1 import order_pb2
from svc_oms.domain.lifecycle import LOCAL
from svc_oms.domain.model import Order, OrderOrigin
from svc_oms.service.codec.order_records import fold_message
from svc_oms.service.columns import (
    BIG,
    BODY,
    FLAG,
    MESSAGE,
    NUMBER,
    OPTIONAL_NUMBER,
    SINCE,
    SMALL,
    TEXT,
    TIME,
)


class OrderWrite(NamedTuple):
    """Every column of an order."""

    order_id: Annotated[str, TEXT]
    account_id: Annotated[str, TEXT]
    instrument_id: Annotated[str, TEXT.moving]
    """Moves, like venue_mic, because both may be empty until the venue of an order is known."""
    venue_mic: Annotated[str, TEXT.moving]
    side: Annotated[int, SMALL]
    type: Annotated[int, SMALL]
    state: Annotated[int, SMALL.moving]
    is_open: Annotated[bool, FLAG.moving]
    quantity: Annotated[str, NUMBER.moving]
    limit_price: Annotated[str, OPTIONAL_NUMBER.moving]
    cum_quantity: Annotated[str, NUMBER.moving]
    leaves: Annotated[str, NUMBER.moving]
    average_price: Annotated[str, NUMBER.moving]
    cl_ord_id: Annotated[str, TEXT.moving]
    created_sequence: Annotated[int, BIG]
    last_sequence: Annotated[int, BIG.moving]
    created_at_us: Annotated[int, TIME.named("created_at")]
    updated_at_us: Annotated[int, TIME.moving.named("updated_at")]
    closed: Annotated[bool, SINCE.moving.named("closed_at")]
    waits: Annotated[bool, FLAG.moving]
    """It is here and not at the venue."""
    group_id: Annotated[str, TEXT]
    """Of the orders it is linked with; empty if there are none."""
    unsolicited_key: Annotated[str, TEXT]
    """OrderID(37) of an unsolicited order: with venue_mic it opens one order. Empty for others."""
    fold: Annotated[bytes, MESSAGE.moving]
    """OrderFold, which the domain needs and readers do not get."""
    body: Annotated[bytes, BODY.moving]
    """ordermesh.oms.v1.Order, sent to readers as it is."""


def order_write(order: Order, message: order_pb2.Order, body: bytes) -> OrderWrite:
    """Fill every column from the order, its encoded form and its bytes."""
    progress = message.progress
    terms = message.terms
    closed = order.is_closed
    link = order.link
    return OrderWrite(
        order_id=order.order_id,
        account_id=order.account_id,
        instrument_id=order.instrument_id,
        venue_mic=order.venue_mic,
        side=order.side.value,
        type=order.type.value,
        state=order.state.value,
        is_open=not closed,
        quantity=terms.quantity,
        limit_price=terms.limit_price,
        cum_quantity=progress.cum_quantity,
        leaves=progress.leaves_quantity,
        average_price=progress.average_price,
        cl_ord_id=order.cl_ord_id,
        created_sequence=order.created_sequence,
        last_sequence=order.last_sequence,
        created_at_us=order.created_at_ns // NS_PER_US,
        updated_at_us=order.updated_at_ns // NS_PER_US,
        closed=closed,
        waits=order.base_state in LOCAL,
        group_id="" if link is None else link.group_id,
        unsolicited_key=order.idempotency_key if order.origin is OrderOrigin.VENUE else "",
        fold=fold_message(order).SerializeToString(),
        body=body,
    )
