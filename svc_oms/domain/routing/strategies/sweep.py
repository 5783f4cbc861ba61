"""How much to take where: by net price (BEST), in proportion (SPLIT), all or nothing (FOK)."""

from collections.abc import Sequence
from decimal import Decimal
from heapq import heapify, heappop, heappush

from svc_oms.domain.numbers import EXACT, NO_QUANTITY, ZERO, Price, Quantity, multiply
from svc_oms.domain.routing.decision import Verdict
from svc_oms.domain.routing.fees import Fill, net_amount, net_price
from svc_oms.domain.routing.quantities import minus, plus
from svc_oms.domain.routing.strategies.contenders import Contender, on_tick

Plan = dict[int, list[Fill]]
"""What is taken of each contender, by its place in the list, in the order of choosing."""


def sweep(
    usable: Sequence[Contender], quantity: Quantity, venues_max: int, *, is_buy: bool
) -> None:
    """Take level by level at the best net price, until the quantity is full.

    Ties go to the earlier contender. A venue whose smallest order is not reached is left out, and
    so is one without which the same quantity costs less in all: that happens where a schedule has
    fixed amounts or minimums.
    """
    nets = [
        [_key(net_price(one.fees.taker, level.price, is_buy=is_buy), is_buy=is_buy)]
        for one in usable
        for level in one.levels[:1]
    ]
    left_out: set[int] = set()
    while True:
        plan = _greedy(usable, quantity, venues_max, left_out, nets, is_buy=is_buy)
        small = [at for at in plan if _is_small(usable[at], plan[at])]
        if not small:
            break
        left_out.add(small[-1])
        usable[small[-1]].verdict = Verdict.BELOW_LOT
    if any(usable[at].fees.taker.depends_on_size for at in plan):
        plan = _cheaper(usable, plan, quantity, venues_max, left_out, nets, is_buy=is_buy)
    _write(usable, plan, is_buy=is_buy)
    best_first = sorted(range(len(usable)), key=lambda at: (nets[at][0], at))
    for rank, at in enumerate(best_first, 1):
        usable[at].rank = rank


def _key(net: Price, *, is_buy: bool) -> Decimal:
    """Return what is smaller for a better net price."""
    return net if is_buy else net.copy_negate()


def _greedy(
    usable: Sequence[Contender],
    quantity: Quantity,
    venues_max: int,
    left_out: set[int],
    nets: list[list[Decimal]],
    *,
    is_buy: bool,
) -> Plan:
    """Merge the books of the venues by net price. Within a venue it falls with each level."""
    heap = [(nets[at][0], at, 0) for at in range(len(usable)) if at not in left_out]
    heapify(heap)
    plan: Plan = {}
    left = quantity
    while heap and left > 0:
        _, at, number = heappop(heap)
        one = usable[at]
        level = one.levels[number]
        fills = plan.get(at)
        if fills is None and len(plan) == venues_max:
            continue
        room = left
        if one.view.max_quantity is not None and fills:
            room = min(room, minus(one.view.max_quantity, _sum(fills)))
        take = one.whole_lots(min(level.quantity, room))
        if take > 0:
            plan.setdefault(at, []).append(Fill(take, level.price))
            left = minus(left, take)
        number += 1
        if number < len(one.levels) and left > 0:
            known = nets[at]
            if number == len(known):
                net = net_price(one.fees.taker, one.levels[number].price, is_buy=is_buy)
                known.append(_key(net, is_buy=is_buy))
            heappush(heap, (known[number], at, number))
    return plan


def _cheaper(
    usable: Sequence[Contender],
    plan: Plan,
    quantity: Quantity,
    venues_max: int,
    left_out: set[int],
    nets: list[list[Decimal]],
    *,
    is_buy: bool,
) -> Plan:
    """Leave out venues one by one as long as the same quantity then costs less in all."""
    filled, cost = _outcome(usable, plan, is_buy=is_buy)
    left_out = set(left_out)
    while len(plan) > 1:
        better = None
        # The last one first: of two that cost the same, the earlier contender stays.
        for at in sorted(plan, reverse=True):
            other = _greedy(usable, quantity, venues_max, left_out | {at}, nets, is_buy=is_buy)
            if any(_is_small(usable[which], other[which]) for which in other):
                continue
            other_filled, other_cost = _outcome(usable, other, is_buy=is_buy)
            if other_filled == filled and other_cost < cost:
                better, cost = (at, other), other_cost
        if better is None:
            break
        left_out.add(better[0])
        plan = better[1]
    return plan


def _outcome(usable: Sequence[Contender], plan: Plan, *, is_buy: bool) -> tuple[Decimal, Decimal]:
    """Return the quantity of a plan, and what is smaller for a better amount after fees."""
    filled, cost = NO_QUANTITY, ZERO
    for at, fills in plan.items():
        fees = usable[at].fees
        amount = net_amount(fees, fees.taker, fills, is_buy=is_buy)
        cost = EXACT.add(cost, amount if is_buy else amount.copy_negate())
        filled = plus(filled, _sum(fills))
    return filled, cost


def _is_small(contender: Contender, fills: Sequence[Fill]) -> bool:
    """Return whether a child would be below the smallest order of its venue."""
    return contender.view.min_quantity is not None and not contender.takes(_sum(fills))


def _sum(fills: Sequence[Fill]) -> Quantity:
    quantity = NO_QUANTITY
    for fill in fills:
        quantity = plus(quantity, fill.quantity)
    return quantity


def _write(usable: Sequence[Contender], plan: Plan, *, is_buy: bool) -> None:
    for at, fills in plan.items():
        choose(usable[at], fills, is_buy=is_buy)


def choose(contender: Contender, fills: Sequence[Fill], *, is_buy: bool) -> None:
    """Write down what is taken of a venue: its child is limited to the worst of those levels."""
    contender.fills, contender.quantity = tuple(fills), _sum(fills)
    contender.price = on_tick(fills[-1].price, contender.view.tick_table, up=not is_buy)
    contender.verdict = Verdict.CHOSEN


def split(usable: Sequence[Contender], quantity: Quantity, *, is_buy: bool) -> None:
    """Share the quantity out in proportion to what is displayed, in lots of each venue.

    What the lots leave over goes to the largest remainders, ties to the earlier contender.
    """
    sharing = []
    for one in usable:
        if one.whole_lots(one.displayed) > 0:
            sharing.append(one)
        else:
            one.verdict = Verdict.BELOW_LOT
    while sharing:
        shares = _shares(sharing, quantity)
        small = [
            one
            for one, share in zip(sharing, shares, strict=True)
            if share > 0 and not one.takes(share)
        ]
        if not small:
            break
        small[-1].verdict = Verdict.BELOW_LOT
        sharing.remove(small[-1])
    else:
        return
    for rank, (one, share) in enumerate(zip(sharing, shares, strict=True), 1):
        one.rank = rank
        if share > 0:
            choose(one, first_of(one, share), is_buy=is_buy)


def _shares(sharing: Sequence[Contender], quantity: Quantity) -> list[Quantity]:
    whole = NO_QUANTITY
    for one in sharing:
        whole = plus(whole, one.displayed)
    quantity = min(quantity, whole)
    shares, remainders = [], []
    left = quantity
    for at, one in enumerate(sharing):
        exact = multiply(quantity, one.displayed)
        lots = EXACT.divide_int(exact, multiply(whole, one.view.lot_size))
        share = one.whole_lots(Quantity(multiply(lots, one.view.lot_size)))
        shares.append(share)
        remainders.append((EXACT.subtract(multiply(share, whole), exact), at))
        left = minus(left, share)
    # The most negative difference is the largest remainder. It gets one lot; after that, small
    # lots fill what larger ones could not.
    largest_first = [at for _, at in sorted(remainders)]
    for at, lots_max in [(at, 1) for at in largest_first] + [(at, None) for at in largest_first]:
        one, lot = sharing[at], sharing[at].view.lot_size
        room = min(left, minus(one.displayed, shares[at]))
        if lots_max is not None:
            room = min(room, lot)
        more = one.whole_lots(plus(shares[at], room))
        left = minus(left, minus(more, shares[at]))
        shares[at] = more
    return shares


def first_of(contender: Contender, quantity: Quantity) -> list[Fill]:
    """Return a quantity of what the venue displays, best first; less if it displays less."""
    fills = []
    for level in contender.levels:
        take = min(level.quantity, quantity)
        if take > 0:
            fills.append(Fill(take, level.price))
            quantity = minus(quantity, take)
    return fills


def all_or_nothing(usable: Sequence[Contender], quantity: Quantity, *, is_buy: bool) -> None:
    """Choose the one venue that displays all of it, at the best amount after fees.

    Only one venue can promise all or nothing: of two orders at two venues one may be executed
    and the other not.
    """
    best: tuple[Decimal, int] | None = None
    for at, one in enumerate(usable):
        if one.displayed < quantity:
            one.verdict = Verdict.NOTHING_SHOWN
        elif one.whole_lots(quantity) != quantity or not one.takes(quantity):
            one.verdict = Verdict.BELOW_LOT
        else:
            fills = first_of(one, quantity)
            amount = net_amount(one.fees, one.fees.taker, fills, is_buy=is_buy)
            found = _key(Price(amount), is_buy=is_buy), at
            best = found if best is None else min(best, found)
    if best is not None:
        choose(usable[best[1]], first_of(usable[best[1]], quantity), is_buy=is_buy)
        usable[best[1]].rank = 1
