"""Open orders by price give what a search through all of them gives."""

from hypothesis import given
from hypothesis import strategies as st

from svc_oms.domain.controls.resting import Resting
from tests.support.order_events import ORDER
from tests.support.routing import D

PRICES = st.sampled_from([None, D(99), D(100), D("100.5"), D(101)])
PENDING = st.one_of(st.just("none"), PRICES)
STEPS = st.lists(st.tuples(st.integers(0, 5), st.booleans(), PRICES, PENDING), max_size=30)


def order(number, price, pending):
    terms = ORDER.terms._replace(limit_price=price)
    asked = None if pending == "none" else terms._replace(limit_price=pending)
    return ORDER._replace(order_id=f"O{number}", terms=terms, pending_terms=asked)


def trades(one, limit, *, buy):
    """Whether an order could trade with a limit of the other side, at its old or its new price."""
    prices = [terms.limit_price for terms in (one.terms, one.pending_terms) if terms is not None]
    return any(
        limit is None or price is None or (price >= limit if buy else price <= limit)
        for price in prices
    )


@given(STEPS, st.booleans())
def test_orders_by_price_are_those_of_a_search_through_all(steps, buy):
    resting, kept = Resting(buy), {}
    for number, stays, price, pending in steps:
        known = kept.pop(f"O{number}", None)
        if known is not None:
            resting.remove(known)
        if stays:
            kept[f"O{number}"] = new = order(number, price, pending)
            resting.add(new)
        for limit in (None, D(99), D(100), D("100.5"), D(101)):
            crossing = resting.crossing(ORDER.terms._replace(limit_price=limit))
            found = [one.order_id for one in crossing]
            assert found == sorted(k for k, one in kept.items() if trades(one, limit, buy=buy))
            if limit is not None:
                at = {one.order_id for one in resting.at(limit)}
                assert at == {k for k, one in kept.items() if one.terms.limit_price == limit}
