"""The strategies, step by step: what each does with what of the parent is free."""

from kernel.decimals import plain
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.routing.decision import EndReason, Verdict
from svc_oms.domain.routing.fees import Fill
from svc_oms.domain.routing.parent import ChildRole, ChildState
from svc_oms.domain.routing.quantities import plus
from svc_oms.domain.routing.request import Strategy
from svc_oms.domain.routing.strategies.contenders import Contender, can_take
from svc_oms.domain.routing.strategies.draft import Draft
from svc_oms.domain.routing.strategies.rest import choose_place, places, write_places
from svc_oms.domain.routing.strategies.sweep import all_or_nothing, choose, first_of, split, sweep
from svc_oms.domain.routing.strategies.watch import give_way


def route_taking(draft: Draft) -> None:
    """BEST and SPLIT: take what is displayed, round by round; then rest or end."""
    if draft.free > 0 and draft.rounds_used < draft.limits.rounds_max and _take(draft):
        return
    if _answers_are_missing(draft):
        draft.reason = "IOC children have no answer yet"
    elif ends_at_once(draft):
        _end_at_once(draft, "nothing more can be taken at once")
    elif draft.request.limit_price is None:
        draft.reason = "nothing can be taken now; the next slice tries again"
    else:
        _rest(draft)
        give_way(draft)
        _wake_on_what_can_be_taken(draft)


def _take(draft: Draft) -> bool:
    usable = [one for one in draft.venues if can_take(one, TimeInForce.IOC)]
    is_buy = draft.request.is_buy
    if draft.request.strategy is Strategy.SPLIT:
        split(usable, draft.free, is_buy=is_buy)
    else:
        sweep(usable, draft.free, draft.limits.children_per_round_max, is_buy=is_buy)
    chosen = [one for one in draft.venues if one.verdict is Verdict.CHOSEN]
    for one in sorted(chosen, key=_rank):
        draft.place(one, ChildRole.TAKE, TimeInForce.IOC, "displayed within the limit")
    if chosen:
        names = ", ".join(f"{plain(one.quantity)} at {one.mic}" for one in chosen)
        how = "in proportion" if draft.request.strategy is Strategy.SPLIT else "by net price"
        draft.reason = f"round {draft.rounds_used + 1}, {how}: {names}"
    return bool(chosen)


def _rank(contender: Contender) -> tuple[int, int]:
    return contender.rank, contender.place


def _answers_are_missing(draft: Draft) -> bool:
    """Return whether IOC children will come back soon. One in doubt does not: nobody waits."""
    takes = draft.parent.live(ChildRole.TAKE)
    return any(child.state is not ChildState.UNKNOWN for child in takes)


def ends_at_once(draft: Draft) -> bool:
    """Return whether nothing of the parent may rest: IOC, FOK, and market parents."""
    request = draft.request
    if request.schedule is not None:
        return False
    return request.limit_price is None or request.time_in_force in _AT_ONCE


_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


def _end_at_once(draft: Draft, why: str) -> None:
    if draft.inputs.prices_awaited:
        draft.reason = "no prices here now; they may come again, or another replica has them"
        for one in draft.venues:
            draft.wake_on_book(one.mic, None)
        draft.wake_at(draft.inputs.now_ns + draft.limits.retry_ns_min)
        return
    draft.end(EndReason.IMMEDIATE, why)


def route_all_or_nothing(draft: Draft) -> None:
    """FOK: one FOK child at the best venue that displays it all; then the next venue, or end."""
    returned = draft.parent.all_returned_mics
    if draft.free == draft.parent.quantity and draft.rounds_used < draft.limits.rounds_max:
        usable = [
            one
            for one in draft.venues
            if one.mic not in returned and can_take(one, TimeInForce.FOK)
        ]
        if draft.request.strategy is Strategy.LIST:
            usable = [one for one in usable if one.displayed >= draft.free][:1]
        all_or_nothing(usable, draft.free, is_buy=draft.request.is_buy)
        for one in usable:
            if one.verdict is Verdict.CHOSEN:
                draft.place(one, ChildRole.TAKE, TimeInForce.FOK, "all of it is displayed there")
                draft.reason = f"all {plain(one.quantity)} at {one.mic}"
                return
    _end_at_once(draft, "no venue displays all of it within the limit")


def route_post(draft: Draft) -> None:
    """POST: rest, without taking."""
    _rest(draft)
    for one in draft.venues:
        # Offers that go away let a child rest nearer to its limit.
        if one.barred is None and (one.view.offers if draft.request.is_buy else one.view.bids):
            draft.wake_on_book(one.mic, None)


def _rest(draft: Draft) -> None:
    """Let rest what is free, at the best place."""
    if draft.free <= 0:
        waits = draft.request.schedule is not None and draft.committed < draft.parent.quantity
        free = "the next slice places more" if waits else "all of it rests"
        draft.reason = draft.reason or free
        return
    found = places(draft.request, draft.venues, draft.free)
    write_places(draft.request, draft.venues, found, draft.free)
    if not found:
        draft.reason = f"no venue can be rested at now; {plain(draft.free)} waits"
        return
    best = found[0]
    whole = best.contender.whole_lots(draft.free)
    rests = draft.live(ChildRole.REST)
    if len(draft.parent.live(ChildRole.REST)) < draft.limits.rests_max:
        choose_place(best, draft.free)
        draft.place(best.contender, ChildRole.REST, best.time_in_force, "best place to rest")
        draft.reason = f"{plain(whole)} rests at {best.contender.mic}"
        return
    for child in reversed(rests):
        same = (child.mic, child.price) == (best.contender.mic, best.price)
        if same and child.can_be_changed and not draft.must_wait(child):
            choose_place(best, draft.free)
            larger = plus(child.quantity, whole)
            draft.replace(child, larger, child.price, "the rest grows")
            draft.reason = f"{plain(whole)} more rests at {child.mic}"
            return
    draft.reason = f"{plain(draft.free)} waits: the parent has as many rests as it may have"


def _wake_on_what_can_be_taken(draft: Draft) -> None:
    """Wake up when a venue displays something within the limit; not where a child rests."""
    resting = {child.mic for child in draft.parent.live(ChildRole.REST)}
    if not resting and not any(one.takes(one.whole_lots(draft.free)) for one in draft.venues):
        # Nothing is left, or less than a lot: of a schedule, before its next slice.
        return
    for one in draft.venues:
        if one.barred is None and one.mic not in resting:
            draft.wake_on_book(one.mic, draft.request.limit_price)


def route_list(draft: Draft) -> None:
    """LIST: all of it at the first venue that can be used and has not passed it back."""
    if draft.free <= 0:
        draft.reason = "all of it is at a venue of the list"
        return
    if _answers_are_missing(draft):
        draft.reason = "the venue of the list has not answered yet"
    elif ends_at_once(draft):
        _list_takes(draft)
    else:
        _rest(draft)


def _list_takes(draft: Draft) -> None:
    """Send an IOC child to the next venue: at the limit price, or at what it displays."""
    returned = draft.parent.all_returned_mics
    limit, is_buy = draft.request.limit_price, draft.request.is_buy
    for one in draft.venues:
        if one.barred is not None or one.mic in returned:
            continue
        quantity = draft.free
        if TimeInForce.IOC not in one.view.times_in_force:
            one.verdict = Verdict.NOT_OFFERED
            continue
        if limit is None:
            # A market parent chases nothing either: no more than what is displayed.
            quantity = min(quantity, one.displayed)
        quantity = one.whole_lots(quantity)
        if not one.takes(quantity):
            one.verdict = Verdict.BELOW_LOT if one.displayed else Verdict.NOTHING_SHOWN
        else:
            at_limit = [] if limit is None else [Fill(quantity, limit)]
            choose(one, at_limit or first_of(one, quantity), is_buy=is_buy)
            draft.place(one, ChildRole.TAKE, TimeInForce.IOC, "next venue of the list")
            draft.reason = f"{plain(one.quantity)} at {one.mic}, the next of the list"
            return
    _end_at_once(draft, "every venue of the list has passed")
