"""Controls of sums: positions, exposure, cash, volume and messages.

Orders that do not increase the total always pass the first four, so a limit that is exceeded
already (it was lowered, or a price moved) keeps nobody from reducing.
"""

from decimal import Decimal
from typing import NamedTuple

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_MS
from kernel.side import Side
from svc_oms.domain.controls.exposure import exposure
from svc_oms.domain.controls.limits.limit_values import Applied, LimitKind
from svc_oms.domain.controls.limits.refusals import against, past, without_price
from svc_oms.domain.controls.parts import together
from svc_oms.domain.controls.trial import AccountView, Trial
from svc_oms.domain.controls.windows import Window
from svc_oms.domain.model import Order
from svc_oms.domain.numbers import ZERO, Quantity, add, multiply
from svc_oms.domain.numbers import subtract as minus

ONE = Decimal(1)


def check_short_sale(view: AccountView, trial: Trial, applied: Applied) -> None:
    """Refuse to sell more than is held."""
    if trial.buy or applied.values.short_sale_allowed:
        return
    assert view.book is not None
    isin = trial.change.listing.isin
    held = max(view.book.held(isin), ZERO)
    counted = view.book.open_quantity(isin, buy=False)
    now = add(counted, trial.change.base_quantity)
    would_be = add(counted, trial.change.quantity)
    if trial.order.side is not Side.SELL and trial.is_new:
        raise against(
            applied,
            "SHORT_SALE_NOT_ALLOWED",
            f"side is {trial.order.side.name}, and short sale is not allowed",
            "side",
            value=trial.order.side.name,
        )
    if would_be > held and would_be > now:
        raise against(
            applied,
            "SHORT_SALE_NOT_ALLOWED",
            f"open sells of {isin} would be {plain(would_be)} but {plain(held)} is held, and "
            f"short sale is not allowed",
            "terms.quantity",
            value=plain(would_be),
            maximum=plain(held),
        )


def check_position(view: AccountView, trial: Trial, applied: Applied) -> None:
    """Refuse what could make a position too long or too short; open orders count."""
    values = applied.values
    maximum = values.long_quantity if trial.buy else values.short_quantity
    if maximum is None:
        return
    assert view.book is not None
    isin = trial.change.listing.isin
    held = view.book.held(isin)
    counted = add(
        held if trial.buy else held.copy_negate(), view.book.open_quantity(isin, buy=trial.buy)
    )
    now = add(counted, trial.change.base_quantity)
    would_be = add(counted, trial.change.quantity)
    if would_be > maximum and would_be > now:
        raise past(
            applied,
            "POSITION_LIMIT_EXCEEDED",
            f"the {'long' if trial.buy else 'short'} position in {isin}, open orders counted,",
            would_be,
            maximum,
            "",
            isin=isin,
        )


def check_exposure(view: AccountView, trial: Trial, applied: Applied) -> None:
    """Refuse what would raise the exposure above the limit."""
    book, maximum = view.book, applied.values.value
    assert book is not None
    assert maximum is not None
    currency = trial.order.currency
    range_ = applied.limit.range
    if range_.instrument_id or range_.venue_mic:
        isin = trial.change.listing.isin
        cost, sums = book.range_sums(currency, range_.instrument_id, range_.venue_mic, isin)
        whole = together(sums)
        now = exposure(cost, trial.change.at_base(whole))
        would_be = exposure(cost, trial.change.applied(whole))
    else:
        now = book.exposure_at_base(currency, trial.change)
        would_be = book.exposure_with(currency, trial.change)
    grows = would_be > now
    if not trial.change.after.priced or (grows and book.unpriced(currency)):
        raise without_price(applied, trial.order.instrument_id, "the exposure of market orders")
    if would_be > maximum and grows:
        raise past(
            applied,
            "EXPOSURE_LIMIT_EXCEEDED",
            "the exposure, open orders counted,",
            would_be,
            maximum,
            currency,
            currency=currency,
        )


def check_buying_power(view: AccountView, trial: Trial, applied: Applied) -> None:
    """Refuse a buy that costs more than the cash that is left."""
    maximum = applied.values.value
    if not trial.buy:
        return
    assert view.book is not None
    assert maximum is not None
    currency = trial.order.currency
    if not trial.change.after.priced:
        raise without_price(applied, trial.order.instrument_id, "the cost of a market order")
    counted = view.book.spent(currency)
    now = add(counted, trial.change.base_value)
    would_be = add(counted, trial.change.value)
    if would_be > maximum and would_be > now:
        raise past(
            applied,
            "BUYING_POWER_EXCEEDED",
            "cash spent, open buys counted,",
            would_be,
            maximum,
            currency,
            currency=currency,
            left=plain(minus(maximum, now)),
        )


def check_volume(view: AccountView, trial: Trial, applied: Applied) -> None:
    """Refuse more than may be ordered within the window."""
    quantity, value = trial.more_quantity, trial.more_value
    if not quantity and not value:
        return
    values, currency = applied.values, trial.order.currency
    if values.value is not None and trial.price is None:
        raise without_price(applied, trial.order.instrument_id, "the value of a market order")
    window = view.state.window(volume_name(applied, currency), trial.now_ns, values.window_ms)
    ordered, worth = window.sums()
    for what, now, more, maximum, unit in (
        ("the quantity ordered", ordered, quantity, values.quantity, "shares"),
        ("the value ordered", worth, value, values.value, currency),
    ):
        if maximum is not None and more and add(now, more) > maximum:
            raise past(
                applied,
                "VOLUME_LIMIT_EXCEEDED",
                f"{what} within {values.window_ms} ms",
                add(now, more),
                maximum,
                unit,
                window_ms=str(values.window_ms),
            )


def check_volume_of_rest(view: AccountView, trial: Trial, applied: Applied, free: Quantity) -> None:
    """Refuse more of a routed order than may be ordered within the window.

    The window has the whole order while it has its acceptance; then what is free counts like a new
    order. A limit that was not in force at the acceptance has not counted it: then the order's
    quantity is the least that was ordered.
    """
    order, values, currency = trial.order, applied.values, trial.order.currency
    window = view.state.window(volume_name(applied, currency), trial.now_ns, values.window_ms)
    ordered, worth_ordered = window.sums()
    price = trial.price or ZERO
    if counts_acceptance(applied, order, trial.now_ns):
        whole = order.terms.quantity
        quantity = max(ordered, whole)
        value = max(worth_ordered, multiply(whole, price))
    else:
        quantity = add(ordered, free)
        value = add(worth_ordered, multiply(free, price))
    for what, would_be, maximum, unit in (
        ("the quantity ordered", quantity, values.quantity, "shares"),
        ("the value ordered", value, values.value, currency),
    ):
        if maximum is not None and would_be > maximum:
            raise past(
                applied,
                "VOLUME_LIMIT_EXCEEDED",
                f"{what} within {values.window_ms} ms, with what is left of the routed order,",
                would_be,
                maximum,
                unit,
                window_ms=str(values.window_ms),
            )


def counts_acceptance(applied: Applied, order: Order, now_ns: int) -> bool:
    """Return whether the window of a volume limit reaches back to the acceptance of an order."""
    return now_ns - order.created_at_ns < applied.values.window_ms * NS_PER_MS


def volume_name(applied: Applied, currency: str) -> str:
    """Name the window of a volume limit: each currency has its own."""
    return f"{applied.limit.limit_id}|{currency}"


class RateReached(NamedTuple):
    """A message too many, and when the next one is allowed."""

    applied: Applied
    what: str
    would_be: Decimal
    maximum: int
    wait_ns: int


def rate_reached(
    view: AccountView, applied: Applied, now_ns: int, *, is_cancel: bool, messages: int = 1
) -> RateReached | None:
    """Return whether so many more messages would be too many; cancels have a larger limit."""
    values = applied.values
    window = view.state.window(applied.limit.limit_id, now_ns, values.window_ms)
    maximum = values.cancels if is_cancel else values.messages
    if not maximum:
        return None
    everything, cancels = window.sums()
    would_be = add(cancels if is_cancel else everything, Decimal(messages))
    if would_be <= maximum:
        return None
    wait_ns = window.wait_ns(now_ns, minus(would_be, Decimal(maximum)), of_second=is_cancel)
    return RateReached(applied, "cancels" if is_cancel else "messages", would_be, maximum, wait_ns)


def count_message(view: AccountView, applied: Applied, now_ns: int, *, is_cancel: bool) -> None:
    """Count a message that is sent."""
    name, span = applied.limit.limit_id, applied.values.window_ms
    window: Window = view.state.window(name, now_ns, span)
    view.state.windows[name] = window.counted(now_ns, ONE, ONE if is_cancel else ZERO)


TOTALS = (
    (LimitKind.SHORT_SALE, check_short_sale),
    (LimitKind.POSITION, check_position),
    (LimitKind.OPEN_EXPOSURE, check_exposure),
    (LimitKind.BUYING_POWER, check_buying_power),
    (LimitKind.VOLUME, check_volume),
)
"""In this order; the first refusal is reported."""

NEEDS_BOOK = frozenset(
    {
        LimitKind.SHORT_SALE,
        LimitKind.POSITION,
        LimitKind.OPEN_EXPOSURE,
        LimitKind.BUYING_POWER,
        LimitKind.SELF_MATCH,
    }
)
"""Kinds that need the account's open orders and positions."""
