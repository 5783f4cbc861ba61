"""What makes a control looser. That needs two persons; what only makes it tighter needs one.

A change is tighter only if every value is at least as strict. Where two values cannot be compared,
the change counts as looser.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from kernel.decimals import plain
from svc_oms.domain.controls.limits.limit_values import (
    Limit,
    LimitKind,
    LimitScope,
    PermissionMode,
    Range,
    TradingState,
    Values,
)

# Maxima: more is looser, and so is none.
_MAXIMA: Final = (
    "quantity", "value", "percent", "window_percent", "long_quantity", "short_quantity",
)  # fmt: skip
# Numbers counted over a window: more is looser; zero cancels are not restricted.
_COUNTS: Final = ("messages", "cancels", "executions")


def looser(kind: LimitKind, before: Values, after: Values) -> str:
    """Return in words what is looser in these values of a limit; empty if nothing is."""
    for name in _MAXIMA:
        was, now = getattr(before, name), getattr(after, name)
        if was is not None and (now is None or now > was):
            return f"{name} becomes {_text(now)} instead of {_text(was)}"
    for name in _COUNTS:
        was, now = getattr(before, name), getattr(after, name)
        if was and (not now or now > was):
            return f"{name} becomes {now or 'unlimited'} instead of {was}"
    if before.window_ms and _window_is_looser(kind, before.window_ms, after.window_ms):
        return f"window_ms becomes {after.window_ms} instead of {before.window_ms}"
    if after.short_sale_allowed and not before.short_sale_allowed:
        return "short sale becomes allowed"
    if kind is LimitKind.INSTRUMENT_PERMISSION:
        return _permission(before, after)
    return ""


def _text(value: Decimal | None) -> str:
    return "unlimited" if value is None else plain(value)


def _window_is_looser(kind: LimitKind, before: int, after: int) -> bool:
    # The reference of a collar is the price at the start of its window: another length is neither
    # stricter nor looser.
    return after != before if kind is LimitKind.PRICE_COLLAR else after < before


def _permission(before: Values, after: Values) -> str:
    if before.permission is not after.permission:
        return "the list of instruments gets another meaning"
    allows = before.permission is PermissionMode.ALLOW_LISTED
    permitted = (
        after.instruments - before.instruments if allows else before.instruments - after.instruments
    )
    return f"{len(permitted)} more instruments are permitted" if permitted else ""


def looser_state(before: TradingState, after: TradingState) -> str:
    """Return in words why a trading state is looser than another; empty if it is not."""
    return f"it becomes {after.name} and is {before.name}" if after < before else ""


class Replaced(NamedTuple):
    """What a new version of a limit replaces from its beginning on.

    Attributes:
        now: The version in force when it begins; None if there is none.
        later: Versions that would begin after it: they never count any more, or for less time.
    """

    now: Limit | None
    later: Sequence[Limit] = ()


def looser_version(replaced: Replaced, after: Limit) -> str:
    """Return in words why a new version is looser than those it replaces; empty if it is not."""
    for limit in (replaced.now, *replaced.later):
        if limit is None or limit.ended:
            continue
        name = f"limit {limit.limit_id} version {limit.version}"
        found = looser(limit.kind, limit.values, after.values)
        if found:
            return f"{found} of {name}"
        ends = limit.valid_until_ns
        if after.valid_until_ns and (not ends or ends > after.valid_until_ns):
            return f"it ends before {name} does"
    return ""


def wider_limits(range_: Range, candidates: Iterable[Limit], scopes: Sequence[str]) -> list[Limit]:
    """Return the limits that a new limit of this range takes the place of for some orders.

    Of each order the most specific limit counts. So the new one takes the place of the most
    specific one that covers its whole range, and of those between the two that cover a part.

    Args:
        range_: Of the new limit.
        candidates: Limits in force, of its kind.
        scopes: Its scope_id, and the desk and the firm around it.
    """
    found = [
        limit
        for limit in candidates
        if limit.range.rank < range_.rank
        and limit.range.scope_id in scopes
        and limit.range.scope <= range_.scope
        and overlaps(limit.range, range_)
    ]
    found.sort(key=lambda limit: limit.range.rank, reverse=True)
    taken = []
    for limit in found:
        taken.append(limit)
        if covers_whole(limit.range, range_):
            break
    return taken


def covers_whole(one: Range, other: Range) -> bool:
    """Return whether every order of a range is in another."""
    return one.covers(*_narrowest(other))


def _narrowest(range_: Range) -> tuple[str, str, str]:
    """Return listing, venue and currency that stand for the whole of a range."""
    venue_mic = range_.venue_mic or range_.instrument_id.rpartition(".")[2]
    return range_.instrument_id or _ALL, venue_mic or _ALL, range_.currency or _ALL


_ALL: Final = "*"
"""Equal to no name: only a range that is not narrowed covers it."""


def overlaps(one: Range, other: Range) -> bool:
    """Return whether some order may be in both ranges; yes where it cannot be known."""
    pairs = (
        (one.instrument_id, other.instrument_id),
        (one.venue_mic, other.venue_mic),
        (one.currency, other.currency),
    )
    return all(not a or not b or a == b for a, b in pairs)


def scopes_around(range_: Range, firm_id: str, desk: str) -> list[str]:
    """Return the names of a range's scope and of those around it."""
    if range_.scope is LimitScope.ACCOUNT:
        return [name for name in (range_.scope_id, desk, firm_id) if name]
    if range_.scope is LimitScope.DESK:
        return [range_.scope_id, range_.scope_id.partition("/")[0]]
    return [range_.scope_id]
