"""What is counted of a group is the most that its rules let it execute, found by trying it all."""

from decimal import Decimal
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from kernel.side import Side
from svc_oms.domain.controls.exposure import OpenBook
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Link, LinkKind, Order, OrderTerms, OrderType, WaitsFor

ISIN, D = "ISIN1", Decimal
QUANTITIES = st.integers(min_value=1, max_value=6)
SIDES = st.sampled_from([Side.BUY, Side.SELL])
OTHER = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


def order(number: int, side: Side, quantity: int, kind: LinkKind, *, child: bool, cum: int = 0):
    waits = {"state": OrderState.AWAITING_TRIGGER, "waits_for": WaitsFor.PARENT} if child else {}
    base = {"base_state": OrderState.AWAITING_TRIGGER} if child else {}
    parent = f"{0:026}" if child else ""
    return Order(
        f"{number:026}", "A", "k", "ASML.SIMA", "S", "SIMA", ISIN, "EUR", side, OrderType.LIMIT,
        OrderTerms(D(quantity), D(1)), D(quantity - cum), f"{number}-1", "alice", 0, 0,
        cum_quantity=D(cum), link=Link(kind, "G", parent), **waits, **base,
    )  # fmt: skip


def counted(orders: list[Order]) -> tuple[int, int]:
    """Return what the buys and sells of the book count."""
    book = OpenBook(orders, {}, lambda _id: None)
    found = [int(book.open_quantity(ISIN, buy=buy)) for buy in (True, False)]
    # Whatever comes first, the sums are the same.
    anew = OpenBook(reversed(orders), {}, lambda _id: None)
    assert found == [int(anew.open_quantity(ISIN, buy=buy)) for buy in (True, False)]
    return found[0], found[1]


def signed(side: Side, quantity: int) -> int:
    return quantity if side is Side.BUY else -quantity


@given(st.lists(st.tuples(SIDES, QUANTITIES), min_size=1, max_size=5))
def test_an_oco_group(members):
    orders = [order(n, *one, LinkKind.OCO, child=False) for n, one in enumerate(members)]
    reached = [signed(side, quantity) for side, quantity in members]
    buys, sells = counted(orders)
    assert buys == max(0, *reached)
    assert sells == max(0, *(-one for one in reached))


@given(SIDES, QUANTITIES, st.integers(min_value=0, max_value=6))
def test_a_bracket(side, quantity, done):
    """Any entry from what is executed now, then any one exit of at most that."""
    done = min(done, quantity - 1)
    orders = [order(0, side, quantity, LinkKind.BRACKET, child=False, cum=done)]
    exits = OTHER[side]
    orders += [order(n, exits, quantity, LinkKind.BRACKET, child=True) for n in (1, 2)]
    ends = range(done, quantity + 1)
    reached = {
        signed(side, end - done) + signed(exits, part) for end in ends for part in range(end + 1)
    }
    buys, sells = counted(orders)
    assert (buys, sells) == (max(reached), -min(reached))


@given(SIDES, QUANTITIES, st.lists(st.tuples(SIDES, QUANTITIES), max_size=3))
def test_an_oto_group(side, quantity, children):
    orders = [order(0, side, quantity, LinkKind.OTO, child=False)]
    orders += [order(n, *one, LinkKind.OTO, child=True) for n, one in enumerate(children, 1)]
    closing = [size for way, size in children if way is OTHER[side]]
    opening = [size for way, size in children if way is side]
    most_open = most_close = 0
    for end in range(quantity + 1):
        for parts in product(*(range(min(size, end) + 1) for size in closing)):
            most_close = max(most_close, sum(parts) - end)
        most_open = max(most_open, end + sum(min(size, end) for size in opening))
    buys, sells = counted(orders)
    assert (buys, sells) == (
        (most_open, most_close) if side is Side.BUY else (most_close, most_open)
    )


@given(SIDES, st.lists(QUANTITIES, min_size=1, max_size=4), st.data())
def test_sums_kept_while_a_group_changes_are_the_sums_made_anew(side, sizes, data):
    orders = [order(0, side, 6, LinkKind.OTO, child=False)]
    orders += [
        order(n, OTHER[side], size, LinkKind.OTO, child=True) for n, size in enumerate(sizes, 1)
    ]
    book = OpenBook(orders, {}, lambda _id: None)
    while orders:
        number = data.draw(st.integers(min_value=0, max_value=len(orders) - 1))
        closed = orders.pop(number)
        book.put(closed._replace(state=OrderState.CANCELED))
        anew = OpenBook(orders, {}, lambda _id: None)
        for buy in (True, False):
            assert book.open_quantity(ISIN, buy=buy) == anew.open_quantity(ISIN, buy=buy)
        assert book.exposure("EUR") == anew.exposure("EUR")
    assert not book.exposure("EUR")
