"""The one list of the columns of oms.orders.

INSERT, UPDATE, packing, unpacking and verification follow from it. `order_write` in
`codec/order_records.py` takes each column from the order. A field of the order needs a column
only if a statement looks orders up by it: the body holds all fields.
"""

from typing import Annotated, NamedTuple

from svc_oms.service.ports.rows.columns import (
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
    """The OMS watches it: it is not at the venue, or it is open and reduce-only or routed."""
    group_id: Annotated[str, TEXT]
    """Of the orders it is linked with; empty if there are none."""
    unsolicited_key: Annotated[str, TEXT]
    """OrderID(37) of an unsolicited order: with venue_mic it opens one order. Empty for others."""
    fold: Annotated[bytes, MESSAGE.moving]
    """OrderFold, which the domain needs and readers do not get."""
    body: Annotated[bytes, BODY.moving]
    """ordermesh.oms.v1.Order, sent to readers as it is."""
