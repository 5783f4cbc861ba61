"""Which executions a report repeats, and which one it takes back or corrects.

An ExecID(17) is unique for one order at most: a venue may use it again on another day, for the
other side of a trade, or for several parts of one order that it executes at once. So executions
are known by order and ExecID(17), and CumQty(14) shows whether a second report under the same
ExecID(17) is a repetition or another part:

- It has the CumQty(14) of a part that is known: it is that part again. A repetition, a possible
  resend and a drop copy have the numbers of the first report.
- Its CumQty(14) is what was executed before plus its LastQty(32): it is another part. This
  proves something only if the known parts came with a CumQty(14), too.
- Anything else: it is a repetition if its numbers are those of a known part that came without
  CumQty(14), as what a person stated, and no more is executed than is known; or if it has no
  CumQty(14) itself. Otherwise it contradicts what is known.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from svc_oms.domain.facts import ExecutionReportFacts
from svc_oms.domain.model import Execution, Order
from svc_oms.domain.numbers import Price, Quantity, add, subtract


class Applied(NamedTuple):
    """A report that was applied under an ExecID(17) of an order."""

    exec_type: str
    """ExecType(150): F trade, G correction, H bust."""
    quantity: Quantity
    price: Price
    cum_quantity: Quantity | None = None
    """CumQty(14) of the report; None if it had none."""


class Seen(Enum):
    """What a report is beside those applied under its ExecID(17)."""

    NEW = "new"
    REPEATED = "repeated"
    CONTRADICTS = "contradicts"


def seen(order: Order, facts: ExecutionReportFacts, applied: Sequence[Applied]) -> Seen:
    """Return whether a fill, bust or correction was applied already.

    Args:
        order: The order before the report.
        facts: The report; its ExecType(150) is F, G or H.
        applied: What was applied to this order under this ExecID(17).
    """
    if not applied:
        return Seen.NEW
    if facts.exec_type == "F":
        return _fill_seen(order, facts, [one for one in applied if one.exec_type != "H"])
    same = [one for one in applied if one.exec_type == facts.exec_type]
    if not same:
        return Seen.NEW if _repeats_the_id(facts) else Seen.CONTRADICTS
    if facts.exec_type == "H" or any(_same_numbers(one, facts) for one in same):
        return Seen.REPEATED
    return Seen.CONTRADICTS


def _fill_seen(order: Order, facts: ExecutionReportFacts, parts: Sequence[Applied]) -> Seen:
    cum = facts.cum_quantity
    same = [one for one in parts if _same_numbers(one, facts)]
    if cum is None:
        return Seen.REPEATED if same else Seen.CONTRADICTS
    at_this_cum = [one for one in parts if one.cum_quantity == cum]
    if at_this_cum:
        repeated = any(one in same for one in at_this_cum)
        return Seen.REPEATED if repeated else Seen.CONTRADICTS
    if any(one.cum_quantity is None for one in same) and cum <= order.cum_quantity:
        return Seen.REPEATED
    proves = all(one.cum_quantity is not None for one in parts)
    if proves and facts.last_quantity and cum == add(order.cum_quantity, facts.last_quantity):
        return Seen.NEW
    return Seen.CONTRADICTS


def _same_numbers(applied: Applied, facts: ExecutionReportFacts) -> bool:
    # A field that the venue leaves out of a repetition is no difference.
    return facts.last_quantity in {None, applied.quantity} and (
        facts.last_price in {None, applied.price}
    )


def _repeats_the_id(facts: ExecutionReportFacts) -> bool:
    """Return whether a bust or correction has the ExecID(17) of the execution that it changes."""
    if facts.exec_type == "H" and not facts.exec_ref_id:
        return True
    return facts.exec_id == facts.exec_ref_id


def named(
    order: Order, facts: ExecutionReportFacts, known: Mapping[str, Sequence[Execution]]
) -> Mapping[str, Execution] | None:
    """Return the execution that a bust or correction names, by its ExecID(17).

    For a bust that names none, and where the one that is named was taken back or corrected before:
    every execution of the order, each under a key of its own. `venue_reports` finds out whether
    only one can be meant.

    Args:
        order: The order before the report.
        facts: The report.
        known: Executions of this order by ExecID(17), each with its parts; all of them if the
            report names none that counts.

    Returns:
        None if several parts have the ExecID(17), and the report does not show which is meant.
    """
    if facts.exec_type == "F":
        return {}
    exec_id = facts.exec_ref_id
    if facts.exec_type == "H" and not known.get(exec_id):
        exec_id = facts.exec_id
    parts = known.get(exec_id)
    if parts and not all(part.busted for part in parts):
        part = _referred(order, facts, parts)
        return None if part is None else {exec_id: part}
    if facts.exec_type != "H" and not parts:
        return {}
    every = {
        f"{name}/{number}": part
        for name, several in known.items()
        for number, part in enumerate(several)
    }
    return {**every, exec_id: parts[-1]} if parts else every


def _referred(
    order: Order, facts: ExecutionReportFacts, parts: Sequence[Execution]
) -> Execution | None:
    live = [part for part in parts if not part.busted]
    if len(live) > 1 and facts.cum_quantity is not None:
        live = [part for part in live if _cum_without(order, facts, part) == facts.cum_quantity]
    if len(live) > 1 and facts.exec_type == "H" and facts.last_quantity is not None:
        live = [
            part
            for part in live
            if part.quantity == facts.last_quantity and facts.last_price in {None, part.price}
        ]
    alike = {(part.quantity, part.price) for part in live}
    return live[0] if len(alike) == 1 else None


def _cum_without(order: Order, facts: ExecutionReportFacts, part: Execution) -> Decimal:
    """Return what is executed after the bust or correction of a part."""
    left = subtract(order.cum_quantity, part.quantity)
    if facts.exec_type == "G" and facts.last_quantity is not None:
        return add(left, facts.last_quantity)
    return left
