"""Checks of invariants 3 to 6 over plain values: what a verifier of the stored log runs.

Nothing is taken from what is checked: orders are folded anew from the log, sums are made anew
from the executions, hashes from the payloads. A finding says which invariant is broken, of
what, and with which values.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from kernel.decimals import plain
from kernel.hashchain import verify_chain
from svc_oms.domain.events import Event, Stamp
from svc_oms.domain.evolve import evolve
from svc_oms.domain.lifecycle import OVERLAYS, TERMINAL
from svc_oms.domain.model import Execution, Order
from svc_oms.domain.numbers import add, multiply

NOT_STORED = "is in the log but not stored"


KEPT_LATER: Final[dict[str, Any]] = {"ended_text": "", "closed_sequence": 0}
"""Fields of a closed order that older releases did not keep, with the values that their rows have.
Nothing writes such a row again, so it stays as it is. What they say is in the log."""


class LogLine(NamedTuple):
    """One event of an account's log, read back."""

    sequence: int
    order_id: str
    """Empty for events of the account."""
    stamp: Stamp
    event: Event
    payload: bytes = b""
    """The serialised OrderEvent as stored; empty if the reader does not check hashes."""
    event_hash: bytes = b""


class Finding(NamedTuple):
    """An invariant that is broken."""

    invariant: str
    """"arithmetic", "fold", "sequence", "hash_chain", "executions", "positions", "audit_chain",
    "control_chain", "state_chain", "state", "commit_order", "checkpoint", "book_mark" or
    "routing"."""
    subject: str
    """The order, account, execution or position."""
    text: str


def check_arithmetic(order: Order) -> list[Finding]:
    """Check cum + leaves = quantity while live, leaves = 0 when closed, nothing negative."""
    texts = []
    cum, leaves, quantity = order.cum_quantity, order.leaves_quantity, order.terms.quantity
    if cum >= quantity:
        # What the order's own terms leave is executed: the rest is that of a pending replace.
        quantity = order.quantity_possible
    numbers = f"cum {plain(cum)}, leaves {plain(leaves)}, quantity {plain(quantity)}"
    if cum < 0 or leaves < 0 or quantity < 0:
        texts.append(f"something is negative: {numbers}")
    if order.state in TERMINAL:
        if leaves:
            texts.append(f"{order.state.name} has leaves: {numbers}")
    elif cum > quantity:
        # An overfill completes an order; this one shows only while leaves are left.
        if leaves:
            texts.append(f"executed beyond its quantity with leaves: {numbers}")
    elif add(cum, leaves) != quantity:
        texts.append(f"cum + leaves is not quantity: {numbers}")
    if not cum and order.notional:
        texts.append(f"notional {plain(order.notional)} without an execution")
    if order.state not in OVERLAYS and order.state is not order.base_state:
        texts.append(f"state {order.state.name} over base {order.base_state.name}")
    return [Finding("arithmetic", order.order_id, text) for text in texts]


def check_sequences(account_id: str, lines: Iterable[LogLine], first: int = 1) -> list[Finding]:
    """Check that sequences are consecutive from `first`."""
    findings = []
    expected = first
    for line in lines:
        if line.sequence != expected:
            text = f"sequence {line.sequence} where {expected} should be"
            findings.append(Finding("sequence", account_id, text))
        expected = line.sequence + 1
    return findings


def check_hash_chain(account_id: str, lines: Iterable[LogLine]) -> list[Finding]:
    """Check the hash chain over the payloads, from the account's first event."""
    broken = verify_chain((line.payload, line.event_hash) for line in lines)
    if broken is None:
        return []
    text = (
        f"event {broken.position + 1} has hash {broken.found.hex() or 'none'} "
        f"where {broken.expected.hex()} should be"
    )
    return [Finding("hash_chain", account_id, text)]


def check_executions(orders: Iterable[Order], executions: Iterable[Execution]) -> list[Finding]:
    """Check that each execution occurs once and that orders are the sums of their executions.

    An execution is known by order, ExecID(17) and, if the venue reported it, CumQty(14). Busted
    executions, and those a correction has taken the place of, do not count.
    """
    findings = []
    seen = set()
    cums: defaultdict[str, Decimal] = defaultdict(Decimal)
    notionals: defaultdict[str, Decimal] = defaultdict(Decimal)
    known = {order.order_id: order for order in orders}
    for execution in executions:
        key = (execution.order_id, execution.exec_id, execution.cum_quantity)
        subject = f"{execution.order_id}/{execution.exec_id}"
        if key in seen and not execution.busted:
            findings.append(Finding("executions", subject, "occurs more than once"))
            continue
        if not execution.busted:
            seen.add(key)
        if execution.order_id not in known:
            text = f"is of order {execution.order_id}, which does not exist"
            findings.append(Finding("executions", subject, text))
        if not execution.busted:
            order_id = execution.order_id
            cums[order_id] = add(cums[order_id], execution.quantity)
            value = multiply(execution.price, execution.quantity)
            notionals[order_id] = add(notionals[order_id], value)
    for order_id, order in known.items():
        if (order.cum_quantity, order.notional) != (cums[order_id], notionals[order_id]):
            text = (
                f"has cum {plain(order.cum_quantity)} and notional {plain(order.notional)} but "
                f"its executions make {plain(cums[order_id])} and {plain(notionals[order_id])}"
            )
            findings.append(Finding("executions", order_id, text))
    return findings


def fold(lines: Iterable[LogLine]) -> dict[str, Order]:
    """Return the orders that a log makes, by order_id.

    Raises:
        ValueError: The log has an event of an order before its acceptance.
    """
    orders: dict[str, Order] = {}
    for line in lines:
        if line.order_id:
            orders[line.order_id] = evolve(
                orders.get(line.order_id), line.event, line.stamp, line.sequence
            )
    return orders


def check_fold(lines: Iterable[LogLine], orders: Iterable[Order]) -> list[Finding]:
    """Check that folding the log gives the stored orders, field by field.

    All fields but the anomaly, which is in the event and not stored with the order, and KEPT_LATER
    in rows that lack them.
    """
    try:
        folded = fold(lines)
    except ValueError as error:
        return [Finding("fold", "log", str(error))]
    findings = []
    for order in orders:
        findings += compare_order(order, folded.pop(order.order_id, None))
    findings += [Finding("fold", order_id, NOT_STORED) for order_id in folded]
    return findings


def as_stored_by_older(made: Order, stored: Order) -> Order:
    """Return what the log makes of an order, less what the release that stored it did not keep."""
    return made._replace(
        **{name: none for name, none in KEPT_LATER.items() if getattr(stored, name) == none}
    )


def compare_order(order: Order, expected: Order | None) -> list[Finding]:
    """Compare a stored order with what the log makes of it; None if the log does not have it."""
    if expected is None:
        return [Finding("fold", order.order_id, "is stored but not in the log")]
    expected = as_stored_by_older(expected, order)._replace(anomaly=order.anomaly)
    if expected == order:
        return []
    differences = "; ".join(
        f"{name} is {stored!r}, the log makes {made!r}"
        for name, stored, made in zip(Order._fields, order, expected, strict=True)
        if stored != made
    )
    return [Finding("fold", order.order_id, differences)]


def check_account(
    account_id: str,
    lines: Sequence[LogLine],
    orders: Sequence[Order],
    executions: Sequence[Execution],
) -> list[Finding]:
    """Run every check over one account; the list is empty if all hold."""
    findings = check_sequences(account_id, lines)
    findings += check_hash_chain(account_id, lines)
    findings += check_fold(lines, orders)
    findings += check_executions(orders, executions)
    for order in orders:
        findings += check_arithmetic(order)
    return findings
