"""What the requests in a gateway's FIX store change in a book that does not know them.

The order of a NewOrderSingle(D) is opened again under its own id, so the venue's reports find it.
Requests between which the venue answered look like requests that wait: of several
replaces the last one counts as pending, and a cancel only if it came after it. Every request that
counts is in doubt until the venue's reports, or its answer to an OrderStatusRequest(H), end that.
"""

from collections.abc import Sequence
from typing import NamedTuple

from kernel.side import Side
from svc_oms.domain.events import (
    CancelRequested,
    Event,
    OrderAccepted,
    OrderInDoubt,
    ReplaceRequested,
)
from svc_oms.domain.lifecycle import TABLE, EventKind, OrderState
from svc_oms.domain.model import Order, OrderOrigin, OrderTerms, OrderType
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.domain.recovery.book_marks import number_of

IN_DOUBT_TEXT = "found in the FIX store after the order book was restored to an earlier state"


class SentOrder(NamedTuple):
    """A request as it was sent: D, F or G."""

    cl_ord_id: str
    msg_type: str
    account_id: str
    side: Side
    type: OrderType | None
    """None of a cancel."""
    terms: OrderTerms | None
    """None of a cancel."""


def opened(order_id: str, sent: SentOrder, instrument: Instrument, now_ns: int) -> Order:
    """Return the order of a NewOrderSingle(D), as it was accepted."""
    assert sent.type is not None, "a new order has a type"
    assert sent.terms is not None, "a new order has terms"
    return Order(
        order_id=order_id,
        account_id=sent.account_id,
        # The client's key is lost; nobody else can have this one.
        idempotency_key=f"recovered-{order_id}",
        instrument_id=instrument.instrument_id,
        symbol=instrument.symbol,
        venue_mic=instrument.venue_mic,
        isin=instrument.isin,
        currency=instrument.currency,
        side=sent.side,
        type=sent.type,
        terms=sent.terms,
        leaves_quantity=sent.terms.quantity,
        cl_ord_id=sent.cl_ord_id,
        placed_by="recovered",
        created_at_ns=now_ns,
        updated_at_ns=now_ns,
        state=OrderState.PENDING_NEW,
        origin=OrderOrigin.RECOVERED,
    )


def unknown_to(order: Order | None, requests: Sequence[SentOrder]) -> list[SentOrder]:
    """Return the requests of one order that the book does not know, in the order they were sent."""
    known = 0 if order is None else order.request_count
    return [sent for sent in requests if number_of(sent.cl_ord_id) > known]


def events_of(order: Order | None, opening: Order | None, sent: Sequence[SentOrder]) -> list[Event]:
    """Return the events that record the requests of one order.

    Args:
        order: The order in the book; None if it is not there.
        opening: The order of its NewOrderSingle(D), if the book does not have it.
        sent: The requests the book does not know, in the order they were sent.
    """
    events: list[Event] = []
    doubts: list[str] = []
    state = OrderState.PENDING_NEW if order is None else order.state
    if opening is not None:
        events.append(OrderAccepted(opening))
        doubts.append(opening.cl_ord_id)
    last = sent[-1]
    replace = next((each for each in reversed(sent) if each.msg_type == "G"), None)
    if replace is not None and replace.terms and EventKind.REPLACE_REQUESTED in TABLE[state]:
        events.append(ReplaceRequested(replace.cl_ord_id, replace.terms))
        doubts.append(replace.cl_ord_id)
        state = OrderState.PENDING_REPLACE
    if last.msg_type == "F" and EventKind.CANCEL_REQUESTED in TABLE[state]:
        events.append(CancelRequested(last.cl_ord_id))
        doubts.append(last.cl_ord_id)
    if last.cl_ord_id not in doubts:
        # It does not fit the order's state; the doubt keeps its number from being used again.
        doubts.append(last.cl_ord_id)
    return events + [OrderInDoubt(each, IN_DOUBT_TEXT) for each in doubts]
