"""What a group of linked orders could still execute: not each in full, but what its rules allow.

The rules are those of `svc_oms.domain.groups.group_rules`. Orders of one group, listing and side
are one unit and count together:

    OCO members, bracket exits   One excludes the others: the largest of them counts.
    OTO children                 Each may execute: their sum counts.
    a parent, an entry           Counts like any other order.
    a routed order               Counts once: each child by its quantity, valued as the parent
                                 is, and the parent by what is left. So the sum is that of the
                                 parent, also between the end of a child and the next one.

Children that wait for their parent execute at most what their parent executes. If they trade
the other side of the same instrument, they close what the parent opens: only what they can
execute beyond that counts. Once they are released they count in full, and the parent's
executions are in the position.

Two members that execute at the same instant, before the cancel of one arrives at the venue, can
execute more than this. Members at different venues are different units, and each counts.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from svc_oms.domain.controls.parts import Listing, Part
from svc_oms.domain.lifecycle import LOCAL
from svc_oms.domain.model import LinkKind, Order
from svc_oms.domain.numbers import ZERO, add, share
from svc_oms.domain.numbers import subtract as minus

GROUPED: Final = frozenset({LinkKind.OCO, LinkKind.OTO, LinkKind.BRACKET, LinkKind.ROUTED})
ONE_EXCLUDES_OTHERS: Final = frozenset({LinkKind.OCO, LinkKind.BRACKET})


class Member(NamedTuple):
    """An open order of a group, and what it could execute by itself."""

    order: Order
    part: Part
    waits: bool
    """Nothing of it is at its venue."""

    @classmethod
    def of(cls, order: Order, part: Part) -> "Member":
        """Return the member that an order is now."""
        return cls(order, part, order.state in LOCAL)


class Unit(NamedTuple):
    """The key of orders that count together."""

    parent_order_id: str
    """Empty for OCO members."""
    order_id: str
    """Empty unless the order counts by itself."""
    listing: Listing
    buy: bool


def group_of(order: Order) -> str:
    """Return the group an order is counted in; empty if it counts by itself."""
    link = order.link
    return link.group_id if link is not None and link.kind in GROUPED else ""


def unit_of(member: Member) -> Unit:
    """Return the unit a member of a group belongs to."""
    order, part = member.order, member.part
    link = order.link
    assert link is not None, "the caller has a group"
    if link.kind is LinkKind.OCO or link.parent_order_id:
        return Unit(link.parent_order_id, "", part.listing, part.buy)
    return Unit("", order.order_id, part.listing, part.buy)


def counted_parts(members: Iterable[Member]) -> dict[Unit, Part]:
    """Return what the open orders of one group could still execute, by unit."""
    units: dict[Unit, list[Member]] = {}
    parents: dict[str, Member] = {}
    for member in members:
        unit = unit_of(member)
        units.setdefault(unit, []).append(member)
        if unit.order_id:
            parents[unit.order_id] = member
    routed = next((one for one in parents.values() if one.order.routing is not None), None)
    if routed is not None:
        return _routed(units, routed.part)
    return {
        unit: _counted(found, parents.get(unit.parent_order_id)) for unit, found in units.items()
    }


def _routed(units: dict[Unit, list[Member]], whole: Part) -> dict[Unit, Part]:
    """Share out what a routed order could still execute to its children, and leave it the rest."""
    counted = {}
    left = whole
    for unit, found in units.items():
        if unit.order_id:
            continue
        part = _counted(found, None)
        if whole.quantity:
            value = share(whole.value, part.quantity, whole.quantity)
            part = part._replace(value=value, priced=whole.priced)
        counted[unit] = part
        left = left._replace(
            quantity=max(minus(left.quantity, part.quantity), ZERO),
            value=max(minus(left.value, part.value), ZERO),
        )
    for unit in units:
        if unit.order_id:
            counted[unit] = left
    return counted


def together(parts: Iterable[Part], listing: Listing) -> Part:
    """Return the parts of a routed order as one."""
    whole = Part(listing, True, ZERO, ZERO)
    for part in parts:
        whole = Part(
            listing,
            part.buy,
            add(whole.quantity, part.quantity),
            add(whole.value, part.value),
            whole.priced and part.priced,
        )
    return whole


def _counted(found: list[Member], parent: Member | None) -> Part:
    link = found[0].order.link
    assert link is not None, "it is in a group"
    exclusive = link.kind in ONE_EXCLUDES_OTHERS
    combine = max if exclusive else add
    part = found[0].part
    for member in found[1:]:
        other = member.part
        part = part._replace(
            quantity=combine(part.quantity, other.quantity),
            value=combine(part.value, other.value),
            priced=part.priced and other.priced,
        )
    if parent is None or not part.quantity or not all(member.waits for member in found):
        return part
    each = [part.quantity] if exclusive else [member.part.quantity for member in found]
    most = _after_parent(part, each, parent)
    if most == part.quantity:
        return part
    return part._replace(quantity=most, value=share(part.value, most, part.quantity))


def _after_parent(part: Part, each: list[Decimal], parent: Member) -> Decimal:
    """Return the most that waiting children can execute, less what the parent does meanwhile.

    Each child gets at most what the parent has executed in the end. The parent may end with any
    quantity between what it has executed now and its whole quantity.
    """
    executed, leaves = parent.order.cum_quantity, parent.part.quantity
    whole = add(executed, leaves)
    of = parent.part
    same = (of.listing.isin, of.listing.currency) == (part.listing.isin, part.listing.currency)
    if not same or of.buy is part.buy:
        return _children(each, whole)
    ends = {executed, whole, *(one for one in each if executed < one < whole)}
    return max(minus(_children(each, end), minus(end, executed)) for end in ends)


def _children(each: list[Decimal], end: Decimal) -> Decimal:
    """Return what children can execute together after their parent executed this quantity."""
    total = ZERO
    for one in each:
        total = add(total, min(one, end))
    return total
