"""Sums kept while orders come and go are the sums made anew, and cash is never lost."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kernel.side import Side
from svc_oms.domain.controls.exposure import OpenBook, exposure
from svc_oms.domain.controls.parts import part_of, together
from svc_oms.domain.events import (
    CancelRequested,
    Event,
    ExecutionBusted,
    ExecutionCorrected,
    OrderAccepted,
    OrderCanceled,
    OrderExecuted,
    OrderReplaced,
    ReplaceRefused,
    ReplaceRequested,
    Stamp,
)
from svc_oms.domain.evolve import evolve
from svc_oms.domain.model import Execution, InstrumentKey, Order, OrderTerms, OrderType, Rejection
from svc_oms.domain.positions.account_positions import (
    MOVING,
    Position,
    fill_of,
    fold_positions,
    followed,
)

QUANTITIES = st.integers(min_value=1, max_value=30).map(Decimal)
PRICES = st.integers(min_value=1, max_value=400).map(lambda n: Decimal(n) / 4)
SIDES = st.sampled_from([Side.BUY, Side.SELL, Side.SELL_SHORT])
INSTRUMENTS = st.sampled_from(
    [("ASML.SIMA", "ISIN1", "EUR"), ("ASML.SIMB", "ISIN1", "EUR"), ("X.SIMA", "ISIN2", "USD")]
)
PICK = st.integers(min_value=0, max_value=30)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), INSTRUMENTS, SIDES, QUANTITIES, st.none() | PRICES),
        st.tuples(st.just("replace"), PICK, QUANTITIES, PRICES),
        st.tuples(st.sampled_from(["replaced", "refused", "cancel", "canceled"]), PICK),
        st.tuples(st.just("fill"), PICK, QUANTITIES, PRICES),
        st.tuples(st.just("bust"), PICK),
        st.tuples(st.just("correct"), PICK, QUANTITIES, PRICES),
    ),
    max_size=40,
)


def reference(_instrument_id: str) -> Decimal:
    return Decimal(50)


class Account:
    """Orders, positions, and the book that follows them."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.log: list[tuple[Order, Event, int]] = []
        self.fills: dict[str, tuple[Side, Execution]] = {}
        self.positions: dict[tuple[str, str], Position] = {}
        self.book = OpenBook([], {}, reference)

    def apply(self, order: Order | None, event: Event) -> None:
        sequence = len(self.log) + 1
        after = evolve(order, event, Stamp(sequence), sequence)
        self.orders[after.order_id] = after
        self.log.append((after, event, sequence))
        self.book.put(after)
        if not isinstance(event, MOVING):
            return
        key = InstrumentKey.of(after)
        if isinstance(event, OrderExecuted):
            before = self.positions.get(key) or Position("A", *key)
            moved = followed(before, fill_of(after, event, sequence))
        else:
            moved = fold_positions("A", self.log)[key]
        self.positions[key] = moved
        self.book.hold(moved)

    def pick(self, number: int) -> Order | None:
        known = list(self.orders.values())
        return known[number % len(known)] if known else None

    def place(self, listing, side, quantity, price) -> None:
        instrument_id, isin, currency = listing
        order_id = f"{len(self.orders):026}"
        terms = OrderTerms(quantity, price)
        kind = OrderType.MARKET if price is None else OrderType.LIMIT
        order = Order(
            order_id, "A", "k", instrument_id, "S", instrument_id[-4:], isin, currency, side,
            kind, terms, quantity, f"{order_id}-1", "alice", 0, 0,
        )  # fmt: skip
        self.apply(None, OrderAccepted(order))

    def do(self, step) -> None:
        name, *rest = step
        if name == "place":
            self.place(*rest)
            return
        order = self.pick(rest[0])
        if order is not None:
            event = self.event(name, order, *rest[1:])
            if event is not None:
                self.apply(order, event)

    def event(self, name: str, order: Order, *rest) -> Event | None:
        if name in {"fill", "bust", "correct"}:
            return self.fact(name, order, *rest)
        made: dict[str, Event | None] = {
            "refused": ReplaceRefused(order.pending_replace_id, Rejection("VENUE_REJECTED", "")),
            "canceled": OrderCanceled(),
        }
        if order.pending_terms is not None:
            made["replaced"] = OrderReplaced(order.pending_terms)
        if not order.is_closed:
            made["cancel"] = CancelRequested(order.next_cl_ord_id)
            if rest:
                made["replace"] = ReplaceRequested(order.next_cl_ord_id, OrderTerms(*rest))
        return made.get(name)

    def fact(self, name: str, order: Order, *rest) -> Event | None:
        if name == "fill":
            return OrderExecuted(self.execution(order, *rest))
        mine = [f for _, f in self.fills.values() if f.order_id == order.order_id]
        if not mine:
            return None
        old = mine[-1]
        if old.quantity > order.cum_quantity:
            return None
        del self.fills[old.exec_id]
        if name == "bust":
            return ExecutionBusted("B", old.exec_id, old.quantity, old.price)
        now = self.execution(order, *rest)
        return ExecutionCorrected(old.exec_id, now, old.quantity, old.price)

    def execution(self, order: Order, quantity: Decimal, price: Decimal) -> Execution:
        exec_id = f"E{len(self.log)}"
        made = Execution(
            exec_id, "SIMA", order.order_id, "A", order.instrument_id, order.side, quantity,
            price, order.currency, 0, 0,
        )  # fmt: skip
        self.fills[exec_id] = (order.side, made)
        return made

    def moved_keys(self) -> set[tuple[str, str]]:
        return {InstrumentKey.of(order) for order in self.orders.values()}


@given(STEPS)
def test_sums_kept_are_the_sums_made_anew(steps):
    account = Account()
    for step in steps:
        account.do(step)
        check(account)


def check(account: Account) -> None:
    positions = fold_positions("A", account.log)
    assert positions == account.positions
    anew = OpenBook([o for o in account.orders.values() if not o.is_closed], positions, reference)
    book = account.book
    assert book.orders == anew.orders
    for currency in ("EUR", "USD"):
        assert book.exposure(currency) == anew.exposure(currency)
        assert book.spent(currency) == anew.spent(currency)
        for narrow in (("ASML.SIMA", "", "ISIN1"), ("", "SIMA", "")):
            cost, sums = book.range_sums(currency, *narrow)
            cost_anew, sums_anew = anew.range_sums(currency, *narrow)
            assert exposure(cost, together(sums)) == exposure(cost_anew, together(sums_anew))
        open_buys = [
            part_of(o, Decimal(50)).value
            for o in account.orders.values()
            if o.currency == currency and o.side is Side.BUY and not o.is_closed
        ]
        paid = [p.cost - p.realised for p in positions.values() if p.currency == currency]
        assert book.spent(currency) == sum(open_buys + paid, Decimal(0))
        assert not book.unpriced(currency)
    for isin in ("ISIN1", "ISIN2"):
        held = sum((p.quantity for p in positions.values() if p.isin == isin), Decimal(0))
        assert book.held(isin) == held
        for buy in (True, False):
            brute = sum(
                (
                    part_of(o, Decimal(50)).quantity
                    for o in account.orders.values()
                    if o.isin == isin and (o.side is Side.BUY) is buy and not o.is_closed
                ),
                Decimal(0),
            )
            assert book.open_quantity(isin, buy=buy) == brute


@given(STEPS, QUANTITIES, PRICES)
def test_what_an_exposure_would_become_is_what_it_becomes(steps, quantity, price):
    account = Account()
    for step in steps:
        account.do(step)
    last = [
        o
        for o in account.orders.values()
        if not (o.is_closed or o.pending_terms or o.pending_cancel_id)
    ]
    if not last:
        return
    order = last[-1]
    terms = OrderTerms(quantity, price)
    part = part_of(order, Decimal(50), terms)
    change = account.book.change(order, part, at_venue=True, sent=True)
    expected = account.book.exposure_with(order.currency, change)
    account.apply(order, ReplaceRequested(order.next_cl_ord_id, terms))
    assert expected == account.book.exposure(order.currency)


@given(STEPS)
def test_quantity_and_cash_are_those_of_the_fills(steps):
    account = Account()
    for step in steps:
        account.do(step)
    for key in account.moved_keys():
        quantity = cash = Decimal(0)
        for side, fill in account.fills.values():
            if InstrumentKey.of(account.orders[fill.order_id]) == key:
                signed = fill.quantity if side is Side.BUY else -fill.quantity
                quantity += signed
                cash -= signed * fill.price
        position = account.positions.get(key) or Position("A", *key)
        assert position.quantity == quantity
        assert position.realised - position.cost == cash
        if not quantity:
            assert position.cost == 0
        else:
            assert (position.cost >= 0) == (quantity > 0)
