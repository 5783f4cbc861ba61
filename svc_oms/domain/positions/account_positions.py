"""The positions of an account: the fold of the executions that remain, in their order.

Average cost. Two numbers are always exact: the quantity, and cash (realised minus cost is
what sells brought minus what buys cost). Only the split of cash between the open part and the
realised profit is rounded, to 9 places, where a part of a position is closed.

A fill is folded into the position that there is. A bust or a correction changes an execution in
the past: every later close would have had another cost, so the position is folded anew from all
executions that remain. A corrected execution keeps its place in the order, with its new quantity
and price.

Executions that were archived are in an opening position, from which the fold begins. A bust or a
correction of one of them cannot change its place: it counts as an execution of its own, which takes
back what was and adds what is, at its own place in the log. Quantity and cash stay exact.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from kernel.side import Side
from svc_oms.domain.events import Event, ExecutionBusted, ExecutionCorrected, OrderExecuted
from svc_oms.domain.model import Execution, InstrumentKey, Order
from svc_oms.domain.numbers import ZERO, Price, Quantity, add, average_price, multiply, share
from svc_oms.domain.numbers import subtract as minus


class Position(NamedTuple):
    """A position; short ones are negative, and so is their cost."""

    account_id: str
    isin: str
    currency: str
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    as_of_sequence: int = 0

    @property
    def key(self) -> InstrumentKey:
        """What it is a position in."""
        return InstrumentKey(self.isin, self.currency)

    @property
    def average_price(self) -> Price:
        """Average price of the open part, rounded half even to 9 places; zero when flat."""
        return average_price(self.cost, Quantity(self.quantity))


def bought(side: Side, quantity: Decimal) -> Decimal:
    """Return a quantity with the sign of its side: buys positive, sells negative."""
    return quantity if side is Side.BUY else quantity.copy_negate()


def moved(position: Position, quantity: Decimal, price: Decimal, sequence: int) -> Position:
    """Return the position after a fill; the quantity of a sell is negative."""
    held, cost, realised = position.quantity, position.cost, position.realised
    if held and (held > 0) != (quantity > 0):
        closed = min(quantity.copy_abs(), held.copy_abs())
        closed = closed if quantity > 0 else closed.copy_negate()
        left = add(held, closed)
        kept = share(cost, left, held) if left else ZERO
        cash = minus(ZERO, multiply(closed, price))
        realised = add(realised, add(cash, minus(kept, cost)))
        held, cost, quantity = left, kept, minus(quantity, closed)
    return position._replace(
        quantity=add(held, quantity),
        cost=add(cost, multiply(quantity, price)),
        realised=realised,
        as_of_sequence=sequence,
    )


AMENDING = (ExecutionBusted, ExecutionCorrected)
"""Events that change an execution of the past: the position is folded anew."""

MOVING = (OrderExecuted, *AMENDING)
"""Events that change a position."""

ExecutionKey = tuple[str, str]
"""Order and ExecID(17)."""


class Fill(NamedTuple):
    """An execution as the fold of positions needs it."""

    order_id: str
    exec_id: str
    side: Side
    quantity: Decimal
    price: Decimal
    sequence: int
    """Of its event in the log of the account."""


def fill_of(order: Order, event: OrderExecuted, sequence: int) -> Fill:
    """Return the fill of an event of an order."""
    one = event.execution
    return Fill(order.order_id, one.exec_id, order.side, one.quantity, one.price, sequence)


def followed(position: Position, fill: Fill) -> Position:
    """Return the position after one more fill."""
    return moved(position, bought(fill.side, fill.quantity), fill.price, fill.sequence)


class Openings(NamedTuple):
    """What an account's archived executions make."""

    sequence: int = 0
    """Of the last event whose execution is in them."""
    amended_to: int = 0
    """The busts and corrections up to here are in them."""
    positions: Mapping[InstrumentKey, Position] = MappingProxyType({})


NO_OPENINGS = Openings()


class _Amended:
    """What an execution was, and what it is now; None if it was busted."""

    __slots__ = ("found", "now", "price", "quantity")

    def __init__(self, quantity: Decimal, price: Decimal) -> None:
        self.quantity = quantity
        self.price = price
        self.now: Execution | None = None
        # Its execution was given to `applied`: it is not archived.
        self.found = False

    def is_now(self, quantity: Decimal, price: Decimal) -> bool:
        """Return whether these are its corrected quantity and price."""
        return self.now is not None and (self.now.quantity, self.now.price) == (quantity, price)


class Amendments:
    """What busts and corrections made of executions, for one fold.

    Only amended executions are kept, so their number bounds the memory. Several executions of an
    order may have one ExecID(17): quantity and price say which of them was meant.
    """

    def __init__(self) -> None:
        self._amended: dict[ExecutionKey, list[_Amended]] = {}
        self._corrections: dict[ExecutionKey, _Amended] = {}
        self._events: deque[tuple[int, Side, ExecutionBusted | ExecutionCorrected, _Amended]]
        self._events = deque()
        self.last_sequence = 0

    def add(
        self,
        order_id: str,
        side: Side,
        event: ExecutionBusted | ExecutionCorrected,
        sequence: int,
    ) -> None:
        """Add a bust or a correction, in the order of the log."""
        self.last_sequence = sequence
        if isinstance(event, ExecutionBusted):
            key = (order_id, event.busted_exec_id)
            amended = self._amend(key, event.quantity, event.price)
        else:
            key = (order_id, event.corrected_exec_id)
            amended = self._amend(key, event.previous_quantity, event.previous_price)
            amended.now = event.execution
            self._corrections[order_id, event.execution.exec_id] = amended
        self._events.append((sequence, side, event, amended))

    def of_archived(self, before: int) -> Iterator[tuple[int, Decimal, Decimal]]:
        """Take sequence, quantity and price of what changes archived executions, before a place.

        Fills before that place must have been given to `applied`. Sells have negative quantities.
        """
        events = self._events
        while events and events[0][0] < before:
            sequence, side, event, amended = events.popleft()
            if amended.found:
                continue
            if isinstance(event, ExecutionBusted):
                yield sequence, bought(side, event.quantity.copy_negate()), event.price
                continue
            was, now = event.previous_quantity, event.execution
            yield sequence, bought(side, was.copy_negate()), event.previous_price
            yield sequence, bought(side, now.quantity), now.price

    def _amend(self, key: ExecutionKey, quantity: Decimal, price: Decimal) -> _Amended:
        amended = self._corrections.get(key)
        if amended is None or not amended.is_now(quantity, price):
            amended = _Amended(quantity, price)
            self._amended.setdefault(key, []).append(amended)
        amended.now = None
        return amended

    def applied(self, fill: Fill) -> Fill | None:
        """Return a fill as it is now; None if it was busted. Give each fill once, in order."""
        found = self._amended.get((fill.order_id, fill.exec_id))
        for amended in found or ():
            if (amended.quantity, amended.price) == (fill.quantity, fill.price):
                assert found is not None, "it has an element"
                found.remove(amended)
                amended.found = True
                now = amended.now
                if now is None:
                    return None
                return fill._replace(quantity=now.quantity, price=now.price)
        return fill


class Refold:
    """Folds a position anew from the fills that remain.

    Attributes:
        archived_amended_at: Of the last bust or correction of an archived execution; 0: none.
    """

    def __init__(
        self,
        account_id: str,
        key: InstrumentKey,
        amendments: Amendments,
        openings: Openings = NO_OPENINGS,
    ) -> None:
        opening = openings.positions.get(key) or Position(account_id, *key)
        last = max(opening.as_of_sequence, amendments.last_sequence)
        self._position = opening._replace(as_of_sequence=last)
        self._amendments = amendments
        self._openings = openings
        self.archived_amended_at = 0

    def add(self, fill: Fill) -> None:
        """Add a fill as it came; give them in the order of the log."""
        self._amend_archived(fill.sequence)
        now = self._amendments.applied(fill)
        position = self._position
        last = max(position.as_of_sequence, fill.sequence)
        if now is not None:
            position = moved(position, bought(now.side, now.quantity), now.price, last)
        self._position = position._replace(as_of_sequence=last)

    def finished(self) -> Position:
        """Return what the fills make; none may be added after this."""
        self._amend_archived(self._amendments.last_sequence + 1)
        return self._position

    def _amend_archived(self, before: int) -> None:
        for sequence, quantity, price in self._amendments.of_archived(before):
            if 0 < self._openings.amended_to < sequence:
                last = self._position.as_of_sequence
                self._position = moved(self._position, quantity, price, last)
                self.archived_amended_at = sequence


def fold_positions(
    account_id: str,
    lines: Iterable[tuple[Order, Event, int]],
    openings: Openings = NO_OPENINGS,
) -> dict[InstrumentKey, Position]:
    """Return the positions that (order, event, sequence) make, in the order of the log.

    Lines of executions that are in the openings are left out.
    """
    return {key: each.finished() for key, each in _refolds(account_id, lines, openings).items()}


def _refolds(
    account_id: str, lines: Iterable[tuple[Order, Event, int]], openings: Openings
) -> dict[InstrumentKey, Refold]:
    fills: dict[InstrumentKey, list[Fill]] = {key: [] for key in openings.positions}
    amendments = {key: Amendments() for key in openings.positions}
    for order, event, sequence in lines:
        if not isinstance(event, MOVING) or sequence <= openings.sequence:
            continue
        key = InstrumentKey.of(order)
        found = fills.setdefault(key, [])
        amended = amendments.setdefault(key, Amendments())
        if isinstance(event, OrderExecuted):
            found.append(fill_of(order, event, sequence))
        else:
            amended.add(order.order_id, order.side, event, sequence)
    refolds = {}
    for key, found in fills.items():
        refold = refolds[key] = Refold(account_id, key, amendments[key], openings)
        for fill in found:
            refold.add(fill)
    return refolds
