"""The control of the limits, and the follower that moves positions and the throttle."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from typing_extensions import override

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_S
from mesh.errors import MeshError
from svc_oms.domain.commands import PlaceOrder, ReplaceOrder
from svc_oms.domain.controls.exposure import OpenBook
from svc_oms.domain.controls.judgement import (
    ONCE,
    check_listing,
    count,
    count_command,
    count_execution,
    judge,
    judge_child,
    judge_rest,
    left_to_parent,
)
from svc_oms.domain.controls.limits.controls import NO_CONTROLS
from svc_oms.domain.controls.limits.limit_values import (
    LimitKind,
    TradingState,
)
from svc_oms.domain.controls.limits.refusals import named
from svc_oms.domain.controls.near import arm, crossed
from svc_oms.domain.controls.state import state_text
from svc_oms.domain.controls.totals import NEEDS_BOOK, RateReached, rate_reached
from svc_oms.domain.controls.trial import (
    AccountView,
    Trial,
    change_of,
    new_order,
    released,
    rest_of,
)
from svc_oms.domain.events import Event, OrderExecuted
from svc_oms.domain.model import InstrumentKey, Order, OrderTerms
from svc_oms.domain.numbers import Quantity
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.domain.positions.account_positions import AMENDING, MOVING, Position, fill_of, followed
from svc_oms.domain.positions.go_flat import Sizes
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.codec.control_records import (
    position_row,
)
from svc_oms.service.controls.account_books import Positions
from svc_oms.service.controls.control_entries import near_entry, stop_entry
from svc_oms.service.controls.controls_in_force import ControlsInForce
from svc_oms.service.controls.pre_trade_control import (
    BatchControl,
    BatchFollower,
    FillFollower,
    PreTradeControl,
)
from svc_oms.service.controls.refold import Movement, refold_position
from svc_oms.service.metrics import STRATEGY_STOPS
from svc_oms.service.ports import AccountRow, Transaction
from svc_oms.service.submissions import RouteOrder, Submission


class LimitsControl(PreTradeControl):
    """Checks orders with the limits in force."""

    def __init__(self, controls_in_force: ControlsInForce) -> None:
        self._controls_in_force = controls_in_force

    @override
    async def open(
        self,
        transaction: Transaction,
        accounts: Mapping[str, AccountRow],
        changes: BookChanges,
        submissions: Sequence[Submission],
        controls_version: int,
    ) -> "LimitsBatchControl":
        controls_in_force = self._controls_in_force
        controls = await controls_in_force.controls(transaction, controls_version, changes.now_ns)
        views = controls_in_force.views(accounts, controls, changes.states)
        routing = {s.account_id for s in submissions if _is_routing(s, changes)}
        asked = [name for name, view in views.items() if name in routing or _needs_book(view)]
        if asked:
            positions_at = {name: views[name].state.positions_at for name in asked}
            positions = await controls_in_force.books.positions(transaction, positions_at)
            books = await controls_in_force.books.take(
                transaction, [accounts[name] for name in asked], positions
            )
            for name, book in books.items():
                views[name].book = book
                # Own resting orders may have to be cancelled, whichever replica took them.
                changes.know(book.orders)
        return LimitsBatchControl(controls_in_force, views, changes)


def _is_routing(submission: Submission, changes: BookChanges) -> bool:
    """Return whether a command may place children, which do not count own orders as liquidity."""
    command = submission.command
    if isinstance(command, PlaceOrder):
        return command.routing is not None
    if isinstance(command, ReplaceOrder):
        order = changes.find(command.order_id)
        return order is not None and order.routing is not None
    return isinstance(command, RouteOrder)


def _needs_book(view: AccountView) -> bool:
    return (
        view.own_state is TradingState.REDUCE_ONLY
        or view.controls.reduce_only_somewhere
        or not NEEDS_BOOK.isdisjoint(view.limits.kinds())
    )


class LimitsBatchControl(BatchControl):
    """Checks the orders of one batch with the limits in force."""

    def __init__(
        self, in_force: ControlsInForce, views: Mapping[str, AccountView], changes: BookChanges
    ) -> None:
        self._in_force = in_force
        self._views = views
        self._changes = changes
        self._trial: Trial | None = None
        self._leave_out: frozenset[LimitKind] = frozenset()
        self._children: dict[str, tuple[Trial, frozenset[LimitKind]]] = {}
        """By order_id: the children of routed orders that were checked."""

    @override
    def place(self, submission: Submission, order: Order) -> Sequence[Order]:
        del submission
        view = self._views[order.account_id]
        return self._judge(view, new_order(view, order, self._changes.now_ns))

    @override
    def release(self, submission: Submission, order: Order, *, sent: bool) -> Sequence[Order]:
        del submission
        view = self._views[order.account_id]
        trial = released(view, order, self._changes.now_ns, sent=sent)
        return self._judge(view, trial, ONCE)

    @override
    def replace(self, submission: Submission, before: Order, terms: OrderTerms) -> Sequence[Order]:
        del submission
        view = self._views[before.account_id]
        return self._judge(view, change_of(view, before, terms, self._changes.now_ns))

    @override
    def child(self, submission: Submission, order: Order, messages: int) -> Sequence[Order]:
        del submission
        view, now_ns = self._views[order.account_id], self._changes.now_ns
        self._check_rate(view, order, is_cancel=False, messages=messages)
        trial = new_order(view, order, now_ns)
        resting = judge_child(view, trial)
        parent = self._changes.find(order.routed_by)
        self._children[order.order_id] = trial, left_to_parent(view, order, parent, now_ns)
        return resting

    @override
    def rest(self, submission: Submission, order: Order, free: Quantity) -> None:
        del submission
        view, now_ns = self._views[order.account_id], self._changes.now_ns
        judge_rest(view, rest_of(view, order, now_ns), free)

    @override
    def venue(self, submission: Submission, order: Order) -> None:
        del submission
        view = self._views[order.account_id]
        check_listing(view, new_order(view, order, self._changes.now_ns))

    @override
    def own_book(self, account_id: str) -> OpenBook | None:
        return self._views[account_id].book

    def _judge(
        self, view: AccountView, trial: Trial, leave_out: frozenset[LimitKind] = frozenset()
    ) -> Sequence[Order]:
        self._trial = None
        self._check_rate(view, trial.order, is_cancel=False)
        resting = judge(view, trial, leave_out)
        self._trial, self._leave_out = trial, leave_out
        return resting

    @override
    def order_sizes(self, account_id: str, listing: Instrument) -> Sizes:
        view = self._views[account_id]
        place = (listing.instrument_id, listing.venue_mic, listing.currency)
        applied = view.applied_at(place, self._changes.now_ns)
        sizes = Sizes(distinct=LimitKind.DUPLICATE_ORDER in applied)
        if LimitKind.MAX_ORDER_QUANTITY in applied:
            sizes = sizes.both(Sizes(applied[LimitKind.MAX_ORDER_QUANTITY].values.quantity))
        price = view.value_price(listing.instrument_id)
        if LimitKind.MAX_ORDER_VALUE in applied and price:
            value = applied[LimitKind.MAX_ORDER_VALUE].values.value
            assert value is not None, "the kind needs it"
            sizes = sizes.both(Sizes(value // abs(price)))
        return sizes

    @override
    def cancel(self, submission: Submission, before: Order) -> None:
        del submission
        self._check_rate(self._views[before.account_id], before, is_cancel=True)

    def _check_rate(
        self, view: AccountView, order: Order, *, is_cancel: bool, messages: int = 1
    ) -> None:
        now_ns = self._changes.now_ns
        applied = view.limit(LimitKind.MESSAGE_RATE, order, now_ns)
        if applied is not None:
            reached = rate_reached(view, applied, now_ns, is_cancel=is_cancel, messages=messages)
            if reached is not None:
                raise _rate_limited(reached)

    @override
    def taken(self, before: Order | None, after: Order) -> None:
        view = self._views[after.account_id]
        now_ns = self._changes.now_ns
        trial = self._trial
        arm(view, after, now_ns)
        if before is not None and after.pending_cancel_id != before.pending_cancel_id:
            count_command(view, after, now_ns, is_cancel=True)
        elif trial is not None and trial.order.order_id == after.order_id and not after.is_closed:
            self._trial = None
            count(view, trial, self._leave_out)
            count_command(view, after, now_ns, is_cancel=False)
        elif before is None and after.order_id in self._children:
            count(view, *self._children.pop(after.order_id))
            count_command(view, after, now_ns, is_cancel=False)
        if view.book is not None:
            view.book.put(after)
        _say_near(view, after, self._changes)

    @override
    def finish(self) -> None:
        changes, in_force = self._changes, self._in_force
        changed = changes.changed()
        for account_id, view in self._views.items():
            text = state_text(view.state, changes.now_ns)
            changes.controls[account_id] = text
            in_force.keep(account_id, text, view.state)
            if view.book is not None:
                orders = changed.get(account_id, ())
                in_force.books.put_back(account_id, view.book, orders, changes.head(account_id))


def _say_near(view: AccountView, order: Order, changes: BookChanges) -> None:
    """Record the uses of limits that an order brought near their bounds."""
    for use in crossed(view, order, changes.now_ns):
        changes.writes.audit.append(near_entry(use, order, changes.now_ns))


def _rate_limited(reached: RateReached) -> MeshError:
    applied, span = reached.applied, reached.applied.values.window_ms
    return MeshError(
        "RATE_LIMITED",
        f"{reached.what} within {span} ms would be {plain(reached.would_be)}, above the "
        f"{reached.maximum} of {applied.name}",
        "",
        {
            "value": plain(reached.would_be),
            "maximum": str(reached.maximum),
            "window_ms": str(span),
            **named(applied),
        },
        retry_after_s=reached.wait_ns / NS_PER_S,
    )


class PositionFollower(FillFollower):
    """Moves positions with fills."""

    def __init__(self, controls_in_force: ControlsInForce) -> None:
        self._controls_in_force = controls_in_force

    @override
    async def open(
        self, transaction: Transaction, accounts: Mapping[str, AccountRow], changes: BookChanges
    ) -> "PositionBatchFollower":
        """Read the controls and the positions.

        The version comes with the locks, not later: a fill that crosses a change of its throttle
        counts by the limit at the time it came.
        """
        controls_in_force = self._controls_in_force
        version = max((row.controls_seen for row in accounts.values()), default=0)
        controls = (
            await controls_in_force.controls(transaction, version, changes.now_ns)
            if accounts
            else NO_CONTROLS
        )
        views = controls_in_force.views(accounts, controls, changes.states)
        positions_at = {name: view.state.positions_at for name, view in views.items()}
        positions = await controls_in_force.books.positions(transaction, positions_at)
        for name, row in accounts.items():
            views[name].book = controls_in_force.books.take_current(row)
        return PositionBatchFollower(controls_in_force, views, positions, changes)


class PositionBatchFollower(BatchFollower):
    """Moves positions with the fills of one batch.

    A fill moves the position that there is, in memory. A bust or a correction has the position
    folded anew at the end of the batch, from the database.
    """

    def __init__(
        self,
        in_force: ControlsInForce,
        views: Mapping[str, AccountView],
        positions: Mapping[str, Positions],
        changes: BookChanges,
    ) -> None:
        self._in_force = in_force
        self._views = views
        # Copies: the kept positions stay valid until this batch is committed.
        self._positions = {name: dict(held) for name, held in positions.items()}
        self._moved: dict[tuple[str, InstrumentKey], list[Movement]] = {}
        self._amended: set[tuple[str, InstrumentKey]] = set()
        self._executed: defaultdict[str, dict[str, None]] = defaultdict(dict)
        """By account: ids of orders of which an execution came, in the order of the reports."""
        self._changes = changes

    @override
    def followed(self, before: Order, after: Order, events: Sequence[Event]) -> None:
        del before
        if after.routing is not None:
            # Its executions are those of its children, and count there.
            return
        view, account_id = self._views[after.account_id], after.account_id
        held = self._positions[account_id]
        sequence = after.last_sequence - len(events)
        for event in events:
            sequence += 1
            if not isinstance(event, MOVING):
                continue
            if after.order_id not in self._executed[account_id]:
                # The book does not have the execution yet.
                arm(view, after, self._changes.now_ns)
                self._executed[account_id][after.order_id] = None
            key = InstrumentKey.of(after)
            movement = Movement(after, event, sequence)
            self._moved.setdefault((account_id, key), []).append(movement)
            if isinstance(event, AMENDING):
                self._amended.add((account_id, key))
                continue
            assert isinstance(event, OrderExecuted), "it moves a position and amends nothing"
            position = held.get(key) or Position(account_id, *key)
            held[key] = followed(position, fill_of(after, event, sequence))
            stop = count_execution(view, after, self._changes.now_ns)
            if stop is not None:
                self._changes.writes.afterwards.append(STRATEGY_STOPS.inc)
                self._changes.writes.audit.append(stop_entry(view.strategy(after), after, stop))

    @override
    async def finish(self, transaction: Transaction) -> None:
        changes = self._changes
        for account_id, key in sorted(self._amended):
            movements = self._moved[account_id, key]
            position = await refold_position(transaction, account_id, key, movements)
            self._positions[account_id][key] = position
        for account_id, key in sorted(self._moved):
            changes.writes.positions.append(position_row(self._positions[account_id][key]))
        self._put_back()
        for account_id, order_ids in self._executed.items():
            for order_id in order_ids:
                _say_near(self._views[account_id], changes.orders[order_id], changes)
        for account_id in {name for name, _ in self._moved}:
            state = self._views[account_id].state
            sequence, head = changes.head(account_id)
            state.positions_at = f"{sequence}-{head[:8].hex()}"
            changes.controls[account_id] = state_text(state, changes.now_ns)
            self._in_force.books.moved(account_id, state.positions_at, self._positions[account_id])
        for account_id, view in self._views.items():
            self._in_force.keep(account_id, changes.controls[account_id], view.state)

    def _put_back(self) -> None:
        """Bring the books that were taken up to date, and keep them."""
        changes, books = self._changes, self._in_force.books
        for account_id, key in self._moved:
            book = self._views[account_id].book
            if book is not None:
                book.hold(self._positions[account_id][key])
        changed = changes.changed()
        for account_id, view in self._views.items():
            if view.book is not None:
                orders = changed.get(account_id, ())
                books.put_back(account_id, view.book, orders, changes.head(account_id))
