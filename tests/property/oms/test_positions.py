"""A position is the fold of the executions that remain, whatever was busted or corrected."""

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from kernel.side import Side
from svc_oms.domain.events import Event, ExecutionBusted, ExecutionCorrected, OrderExecuted
from svc_oms.domain.model import Execution, InstrumentKey, Order, OrderTerms, OrderType
from svc_oms.domain.positions.account_positions import Position, fill_of, fold_positions, followed
from svc_oms.domain.verification.position_fold import PositionFold

D = Decimal
QUANTITIES = st.integers(min_value=1, max_value=9).map(D)
PRICES = st.integers(min_value=1, max_value=40).map(lambda n: D(n) / 4)
SIDES = st.sampled_from([Side.BUY, Side.SELL])
PICK = st.integers(min_value=0, max_value=30)
# A small bound on quantities, so that positions often flip and become flat.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fill"), SIDES, QUANTITIES, PRICES),
        st.tuples(st.just("fill"), SIDES, QUANTITIES, PRICES),
        st.tuples(st.just("bust"), PICK),
        st.tuples(st.just("correct"), PICK, QUANTITIES, PRICES),
    ),
    max_size=25,
)
ROUNDING = Fraction(1, 10**6)


def order_of(side: Side) -> Order:
    return Order(
        f"{side.value:026}", "A", "k", "ASML.SIMA", "S", "SIMA", "ISIN1", "EUR", side,
        OrderType.LIMIT, OrderTerms(D(1000), D(10)), D(1000), f"{side.value}-1", "alice", 0, 0,
    )  # fmt: skip


ORDERS = {side: order_of(side) for side in (Side.BUY, Side.SELL)}
KEY = InstrumentKey("ISIN1", "EUR")


class Remaining(NamedTuple):
    """An execution that counts now, at its place."""

    exec_id: str
    side: Side
    quantity: Decimal
    price: Decimal


class Account:
    """The log of an account, and the list of what remains of it."""

    def __init__(self) -> None:
        self.log: list[tuple[Order, Event, int]] = []
        self.remaining: list[Remaining] = []
        self.position = Position("A", *KEY)

    def execution(self, side: Side, quantity: Decimal, price: Decimal) -> Execution:
        # Some share an ExecID(17) with an earlier one of the order; their quantities differ.
        exec_id = f"E{len(self.log) // 2 if quantity == 9 else len(self.log)}"
        return Execution(
            exec_id, "SIMA", ORDERS[side].order_id, "A", "ASML.SIMA", side, quantity, price,
            "EUR", 0, 0,
        )  # fmt: skip

    def do(self, name: str, *rest) -> None:
        if name == "fill":
            one = self.execution(*rest)
            self.remaining.append(Remaining(one.exec_id, *rest))
            self.add(one.side, OrderExecuted(one))
            return
        if not self.remaining:
            return
        was = self.remaining[rest[0] % len(self.remaining)]
        # Of parts with the same ExecID(17), quantity and price the first one is meant.
        place = self.remaining.index(was)
        event_id = f"X{len(self.log)}"
        if name == "bust":
            del self.remaining[place]
            self.add(was.side, ExecutionBusted(event_id, was.exec_id, was.quantity, was.price))
            return
        now = self.execution(was.side, *rest[1:])._replace(exec_id=event_id)
        self.remaining[place] = Remaining(event_id, was.side, now.quantity, now.price)
        self.add(was.side, ExecutionCorrected(was.exec_id, now, was.quantity, was.price))

    def add(self, side: Side, event: Event) -> None:
        """Move the position as the batches do: a fill in place, anything else folded anew."""
        line = (ORDERS[side], event, len(self.log) + 1)
        self.log.append(line)
        if isinstance(event, OrderExecuted):
            self.position = followed(self.position, fill_of(*line))
        else:
            self.position = fold_positions("A", self.log)[KEY]


def fold(remaining: list[Remaining]) -> tuple[Fraction, Fraction, Fraction]:
    """Fold at average cost in fractions; return quantity, cost and realised profit."""
    quantity = cost = realised = Fraction(0)
    for one in remaining:
        left = Fraction(one.quantity) if one.side is Side.BUY else -Fraction(one.quantity)
        price = Fraction(one.price)
        if quantity * left < 0:
            closed = min(abs(left), abs(quantity)) * (1 if left > 0 else -1)
            released = cost * -closed / quantity
            realised += -closed * price - released
            cost -= released
            quantity += closed
            left -= closed
        quantity += left
        cost += left * price
    return quantity, cost, realised


@given(STEPS)
def test_a_position_is_the_fold_of_what_remains(steps):
    account = Account()
    for step in steps:
        account.do(*step)
        quantity, cost, realised = fold(account.remaining)
        position = account.position
        assert Fraction(position.quantity) == quantity
        assert Fraction(position.realised - position.cost) == realised - cost
        assert abs(Fraction(position.cost) - cost) < ROUNDING
        assert position.as_of_sequence == len(account.log)


@given(STEPS)
def test_verification_makes_the_same_position_from_the_log(steps):
    account = Account()
    for step in steps:
        account.do(*step)
    made = fold_positions("A", account.log)
    assert made.get(KEY, Position("A", *KEY)) == account.position
    streamed = PositionFold("A")
    for line in account.log:
        streamed.add(*line)
    if streamed.refolds():
        for line in account.log:
            streamed.add_again(*line)
    assert streamed.finished() == (made, set())
