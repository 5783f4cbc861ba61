"""Requests of a FIX store that a restored book does not know become events of their orders."""

from decimal import Decimal

import pytest

from kernel.side import Side
from svc_oms.domain.events import Event, OrderReplaced, Stamp
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Order, OrderOrigin, OrderTerms, OrderType
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.domain.order import evolve
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.domain.recovery.recovered import SentOrder, events_of, opened, unknown_to

ORDER_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
LISTING = Instrument(
    "ASML.SIMA", "ASML", "SIMA", "NL0010273215", "EUR", Quantity(Decimal(1)), (), tradable=True
)
STAMP = Stamp(occurred_at_ns=1, actor="oms:recovery")


def sent(number: int, msg_type: str, quantity: int = 20) -> SentOrder:
    terms = OrderTerms(Quantity(Decimal(quantity)), Price(Decimal("650.05")))
    cancels = msg_type == "F"
    return SentOrder(
        f"{ORDER_ID}-{number}",
        msg_type,
        "ACC-ALICE",
        Side.BUY,
        None if cancels else OrderType.LIMIT,
        None if cancels else terms,
    )


def folded(order: Order | None, events: list[Event]) -> Order:
    for event in events:
        order = evolve(order, event, STAMP, 1)
    assert order is not None
    return order


def recovered(*requests: SentOrder, order: Order | None = None) -> Order:
    """Return the order after the requests of the FIX store, as far as the book lacks them."""
    lacking = unknown_to(order, requests)
    opening = opened(ORDER_ID, lacking[0], LISTING, 1) if order is None else None
    return folded(order, events_of(order, opening, lacking))


def test_an_unknown_order_is_opened_again_and_in_doubt() -> None:
    order = recovered(sent(1, "D"))
    assert (order.order_id, order.cl_ord_id) == (ORDER_ID, f"{ORDER_ID}-1")
    assert order.origin is OrderOrigin.RECOVERED
    assert (order.state, order.base_state) == (OrderState.UNKNOWN, OrderState.PENDING_NEW)
    assert order.in_doubt == (f"{ORDER_ID}-1",)
    assert order.next_cl_ord_id == f"{ORDER_ID}-2"


@pytest.mark.parametrize(
    ("after", "replace", "cancel", "count"),
    [
        pytest.param(["G"], 2, 0, 2, id="a replace"),
        pytest.param(["F"], 0, 2, 2, id="a cancel"),
        pytest.param(["G", "F"], 2, 3, 3, id="a replace and a cancel"),
        pytest.param(["G", "G"], 3, 0, 3, id="of two replaces the last"),
        pytest.param(["F", "G"], 3, 0, 3, id="a replace after a cancel that was refused"),
        pytest.param(["G", "G", "G", "F"], 4, 5, 5, id="the last replace and the last cancel"),
    ],
)
def test_later_requests_are_pending_and_no_number_is_used_again(
    after: list[str], replace: int, cancel: int, count: int
) -> None:
    requests = [sent(1, "D"), *(sent(n, kind, 30) for n, kind in enumerate(after, 2))]
    order = recovered(*requests)
    assert order.pending_replace_id == (f"{ORDER_ID}-{replace}" if replace else "")
    assert order.pending_cancel_id == (f"{ORDER_ID}-{cancel}" if cancel else "")
    assert order.request_count == count
    assert order.state is OrderState.UNKNOWN
    assert order.anomaly_count == 0


def test_the_reports_of_the_venue_find_the_pending_request() -> None:
    order = recovered(sent(1, "D"), sent(2, "G", 30))
    terms = order.pending_terms
    assert terms is not None
    order = folded(order, [OrderReplaced(terms)])
    assert (order.cl_ord_id, order.in_doubt) == (f"{ORDER_ID}-2", ())
    assert order.terms.quantity == 30


def test_what_the_book_knows_is_left_as_it_is() -> None:
    known = recovered(sent(1, "D"))
    assert unknown_to(known, [sent(1, "D")]) == []
    later = recovered(sent(1, "D"), sent(2, "F"), order=known)
    assert later.pending_cancel_id == f"{ORDER_ID}-2"


def test_a_request_that_does_not_fit_keeps_its_number_taken() -> None:
    # A replace may not follow a doubt: it is not pending, but its number is used.
    known = recovered(sent(1, "D"))
    order = recovered(sent(2, "G"), order=known)
    assert (order.pending_replace_id, order.request_count) == ("", 2)
    assert f"{ORDER_ID}-2" in order.in_doubt
