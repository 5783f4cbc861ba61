"""When the use of a limit comes near its bound: each crossing once, with a distance to the next.

A use crosses when it reaches LIMIT_NEAR_SHARE of the bound. It can cross again after it fell below
LIMIT_NEAR_ARMED_SHARE, and not within LIMIT_NEAR_AGAIN_S: an account that places and cancels
without end is said once a minute. What was said of a count over time is forgotten when nothing
counts any more. The uses are the sums with which orders are judged. What was said
is in the account's state, so it is known to every replica, and is committed with the order.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from kernel.nanoseconds import NS_PER_S
from kernel.side import Side
from svc_oms.domain.controls.exposure import exposure
from svc_oms.domain.controls.limits.limit_values import Applied, LimitKind
from svc_oms.domain.controls.parts import listing_of, together
from svc_oms.domain.controls.state import LIMIT_NEAR_AGAIN_S, near_name
from svc_oms.domain.controls.totals import volume_name
from svc_oms.domain.controls.trial import AccountView
from svc_oms.domain.model import Order
from svc_oms.domain.numbers import ZERO, add, multiply

# Share of its bound from which a limit is near.
LIMIT_NEAR_SHARE: Final = Decimal("0.8")
# Share of its bound below which a limit can become near again.
LIMIT_NEAR_ARMED_SHARE: Final = Decimal("0.7")


class NearUse(NamedTuple):
    """What a limit counts, and how much of it is used; as LimitService.GetUsage names them."""

    applied: Applied
    subject: str
    used: Decimal
    maximum: Decimal
    unit: str
    noted_as: str = ""
    """Of a count over time: `near_name`."""

    @property
    def name(self) -> str:
        """Name the use within its account."""
        return self.noted_as or f"{self.applied.limit.limit_id}|{self.subject}|{self.unit}"


def arm(view: AccountView, order: Order, now_ns: int) -> None:
    """Let uses that fell become near again; call it before what an order changes is counted."""
    near = view.state.near
    if not near:
        return
    for use in uses_of(view, order, now_ns):
        said_ns = near.get(use.name)
        if (
            said_ns is not None
            and now_ns - said_ns >= LIMIT_NEAR_AGAIN_S * NS_PER_S
            and use.used < multiply(use.maximum, LIMIT_NEAR_ARMED_SHARE)
        ):
            del near[use.name]


def crossed(view: AccountView, order: Order, now_ns: int) -> list[NearUse]:
    """Return the uses that became near, and note them; call it after the change was counted."""
    found = []
    for use in uses_of(view, order, now_ns):
        if use.used < multiply(use.maximum, LIMIT_NEAR_SHARE) or use.name in view.state.near:
            continue
        view.state.near[use.name] = now_ns
        found.append(use)
    return found


def uses_of(view: AccountView, order: Order, now_ns: int) -> list[NearUse]:
    """Return the uses that an order can raise, of limits that have a bound above zero."""
    limits = view.applied(order, now_ns)
    found: list[NearUse] = []
    for kind, read in READ:
        applied = limits.get(kind)
        if applied is not None:
            found += [use for use in read(view, applied, order, now_ns) if use.maximum > 0]
    return found


def _position(view: AccountView, applied: Applied, order: Order, now_ns: int) -> list[NearUse]:
    del now_ns
    buy = order.side is Side.BUY
    maximum = applied.values.long_quantity if buy else applied.values.short_quantity
    if view.book is None or maximum is None:
        return []
    isin = listing_of(order).isin
    held = view.book.held(isin)
    used = add(held if buy else held.copy_negate(), view.book.open_quantity(isin, buy=buy))
    subject = f"{isin} {'long' if buy else 'short'}"
    return [NearUse(applied, subject, max(used, ZERO), maximum, "shares")]


def _exposure(view: AccountView, applied: Applied, order: Order, now_ns: int) -> list[NearUse]:
    del now_ns
    book, maximum, currency = view.book, applied.values.value, order.currency
    if book is None or maximum is None:
        return []
    range_ = applied.limit.range
    if range_.instrument_id or range_.venue_mic:
        isin = listing_of(order).isin
        cost, sums = book.range_sums(currency, range_.instrument_id, range_.venue_mic, isin)
        used = exposure(cost, together(sums))
    else:
        used = book.exposure(currency)
    return [NearUse(applied, currency, used, maximum, currency)]


def _buying_power(view: AccountView, applied: Applied, order: Order, now_ns: int) -> list[NearUse]:
    del now_ns
    maximum, currency = applied.values.value, order.currency
    if view.book is None or maximum is None:
        return []
    return [NearUse(applied, currency, view.book.spent(currency), maximum, currency)]


def _volume(view: AccountView, applied: Applied, order: Order, now_ns: int) -> list[NearUse]:
    values, currency = applied.values, order.currency
    name = volume_name(applied, currency)
    window = view.state.window(name, now_ns, values.window_ms)
    return [
        NearUse(applied, currency, used, maximum, unit, near_name(unit, name))
        for used, maximum, unit in zip(
            window.sums(), (values.quantity, values.value), ("shares", currency), strict=True
        )
        if maximum is not None
    ]


def _messages(view: AccountView, applied: Applied, order: Order, now_ns: int) -> list[NearUse]:
    del order
    values, name = applied.values, applied.limit.limit_id
    everything, cancels = view.state.window(name, now_ns, values.window_ms).sums()
    return [
        NearUse(applied, subject, used, Decimal(maximum), "messages", near_name(subject, name))
        for subject, used, maximum in (
            ("", everything, values.messages),
            ("cancels", cancels, values.cancels),
        )
    ]


def _executions(view: AccountView, applied: Applied, order: Order, now_ns: int) -> list[NearUse]:
    values, key = applied.values, view.strategy(order)
    if key in view.state.stops:
        # It is past its bound, and the stop is said.
        return []
    name = f"{applied.limit.limit_id}|{key.text()}"
    used = view.state.counted_executions(name, now_ns, values.window_ms).sums()[0]
    subject = f"{key.strategy} {order.side.name} {key.instrument_id}"
    maximum, noted_as = Decimal(values.executions), near_name("", name)
    return [NearUse(applied, subject, used, maximum, "executions", noted_as)]


READ: Final = (
    (LimitKind.POSITION, _position),
    (LimitKind.OPEN_EXPOSURE, _exposure),
    (LimitKind.BUYING_POWER, _buying_power),
    (LimitKind.VOLUME, _volume),
    (LimitKind.MESSAGE_RATE, _messages),
    (LimitKind.REPEATED_EXECUTION, _executions),
)
"""The kinds that count a use, and what reads it. The others judge one order by itself."""
