"""Controls of one order by itself: size, price, permission, self-match, duplicates, stops."""

from decimal import Decimal

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_MS
from svc_oms.domain.controls.limits.limit_values import (
    Applied,
    LimitKind,
    PermissionMode,
    SelfMatchPolicy,
    TradingState,
)
from svc_oms.domain.controls.limits.refusals import against, named, past, without_price
from svc_oms.domain.controls.state import Collar
from svc_oms.domain.controls.trial import AccountView, Trial
from svc_oms.domain.lifecycle import LOCAL
from svc_oms.domain.model import Order
from svc_oms.domain.numbers import ZERO, add, multiply, share
from svc_oms.domain.numbers import subtract as minus
from svc_oms.domain.order_terms.cash import worth
from svc_oms.domain.order_terms.checks import OrderRefused

HUNDRED = Decimal(100)


class SelfMatchRefused(OrderRefused):
    """The new order is refused, and the resting ones are cancelled.

    Attributes:
        resting: Orders to cancel.
    """

    resting: tuple[Order, ...] = ()


def check_state(view: AccountView, trial: Trial) -> None:
    """Refuse what the trading state of account, instrument, venue or firm does not allow."""
    order = trial.order
    state, whose = view.controls.state(
        view.own_state, view.firm_id, order.instrument_id, order.venue_mic
    )
    if state is TradingState.ACTIVE:
        return
    if state is TradingState.HALTED:
        raise OrderRefused(
            "TRADING_HALTED",
            f"trading is halted for {whose}: only cancels are taken until it is set active again",
            "account_id" if whose == "the account" else "instrument_id",
            {"halted": whose, "account_id": order.account_id},
        )
    assert view.book is not None, "reduce-only needs the positions"
    isin = trial.change.listing.isin
    held = view.book.held(isin)
    allowed = max(ZERO, held.copy_negate() if trial.buy else held)  # never -0
    counted = view.book.open_quantity(isin, buy=trial.buy)
    now = add(counted, trial.change.base_quantity)
    would_be = add(counted, trial.change.quantity)
    if would_be > allowed and would_be > now:
        raise OrderRefused(
            "REDUCE_ONLY",
            f"{whose} may only reduce: of {isin} {plain(held)} is held, and open orders of this "
            f"side would be {plain(would_be)} where at most {plain(allowed)} closes it",
            "terms.quantity",
            {"value": plain(would_be), "maximum": plain(allowed), "reduce_only": whose},
        )


def check_permission(view: AccountView, trial: Trial, applied: Applied) -> None:
    """Refuse instruments that are not permitted; a smaller order in one always passes."""
    del view
    order, listed = trial.order, applied.values.instruments
    if order.routing is not None:
        # Its children are at listings: what is not permitted there gets none.
        return
    found = bool(listed & {order.instrument_id, order.isin, f"*.{order.venue_mic}"})
    if found is (applied.values.permission is PermissionMode.ALLOW_LISTED):
        return
    if trial.change.quantity <= 0 and not trial.is_new:
        return
    why = "is on the list of those denied" if found else "is not on the list of those allowed"
    raise against(
        applied,
        "INSTRUMENT_NOT_PERMITTED",
        f"instrument_id {order.instrument_id} {why} ({len(listed)} entries)",
        "instrument_id",
        instrument_id=order.instrument_id,
    )


def check_quantity(_view: AccountView, trial: Trial, applied: Applied) -> None:
    """Refuse an order that is too large; a replace by a smaller one always passes."""
    maximum = applied.values.quantity
    assert maximum is not None
    if trial.terms.quantity > maximum and trial.more_quantity > 0:
        raise past(
            applied, "MAX_QUANTITY_EXCEEDED", "terms.quantity", trial.terms.quantity, maximum, ""
        )


def check_value(_view: AccountView, trial: Trial, applied: Applied) -> None:
    """Refuse an order whose value is too large."""
    maximum = applied.values.value
    assert maximum is not None
    order, price = trial.order, trial.price
    if price is None or price <= ZERO:
        raise without_price(applied, order.instrument_id, "the value of a market order")
    quantity = trial.terms.quantity
    value = worth(trial.terms, price)
    if value > maximum and trial.more_value > 0:
        raise past(
            applied,
            "MAX_VALUE_EXCEEDED",
            f"the value of terms.quantity {plain(quantity)} at {plain(price)}",
            value,
            maximum,
            order.currency,
            quantity=plain(quantity),
            price=plain(price),
            currency=order.currency,
        )


def check_collar(view: AccountView, trial: Trial, applied: Applied) -> None:
    """Refuse a price too far from the reference, alone or together with those of the window."""
    order, price = trial.order, trial.terms.limit_price
    if not trial.is_new and price == order.terms.limit_price:
        return
    reference = trial.reference
    if reference is None:
        raise without_price(applied, order.instrument_id, "limit prices", "wait")
    if price is None:
        return
    percent = applied.values.percent
    distance = share(minus(price, reference.price).copy_abs(), HUNDRED, reference.price)
    if percent is not None and distance > percent:
        raise past(
            applied,
            "PRICE_COLLAR_EXCEEDED",
            f"the distance of terms.limit_price {plain(price)} from the {reference.source} price "
            f"{plain(reference.price)}",
            distance,
            percent,
            "%",
            "terms.limit_price",
            reference=plain(reference.price),
            source=reference.source,
        )
    most = applied.values.window_percent
    if most is None or trial.terms.stop_price is not None:
        return
    collar = collar_with(view, trial, applied)
    moved = share(collar.moved, HUNDRED, multiply(collar.value, collar.price))
    if moved > most:
        raise past(
            applied,
            "PRICE_COLLAR_EXCEEDED",
            f"with terms.limit_price {plain(price)} the account's orders in "
            f"{order.instrument_id} since the price was {plain(collar.price)}: their distance "
            f"from it, weighted by value,",
            moved,
            most,
            "%",
            "terms.limit_price",
            reference=plain(collar.price),
        )


def collar_with(view: AccountView, trial: Trial, applied: Applied) -> Collar:
    """Return the collar's window with this order in it; a new one if the last has ended."""
    order, price = trial.order, trial.terms.limit_price
    known = view.state.collars.get(collar_name(applied, order))
    if view.collar is not None and view.collar[0] is trial and view.collar[1] is known:
        return view.collar[2]
    kept = known
    if kept is None or kept.started_ns + applied.values.window_ms * NS_PER_MS <= trial.now_ns:
        assert trial.reference is not None, "checked before"
        kept = Collar(trial.now_ns, trial.reference.price, ZERO, ZERO)
    assert price is not None
    value = multiply(trial.terms.quantity, price)
    moved = multiply(value, minus(price, kept.price).copy_abs())
    made = Collar(kept.started_ns, kept.price, add(kept.value, value), add(kept.moved, moved))
    view.collar = trial, known, made
    return made


def collar_name(applied: Applied, order: Order) -> str:
    """Name the window of a collar."""
    return f"{applied.limit.limit_id}|{order.price_key}"


def check_duplicate(view: AccountView, trial: Trial, applied: Applied) -> None:
    """Refuse a new order that repeats one taken shortly before."""
    if not trial.is_new:
        return
    at = view.state.recent.get(trial.mark)
    if at is None or trial.now_ns - at >= applied.values.window_ms * NS_PER_MS:
        return
    ago_ms = (trial.now_ns - at) // NS_PER_MS
    raise against(
        applied,
        "DUPLICATE_ORDER",
        f"an order of the same side, quantity and price in {trial.order.instrument_id} was "
        f"taken {ago_ms} ms ago, and there must be {applied.values.window_ms} ms between two",
        "terms",
        value=f"{ago_ms} ms",
        minimum=f"{applied.values.window_ms} ms",
    )


def check_stopped(view: AccountView, trial: Trial) -> None:
    """Refuse orders of a strategy that the repeated-execution throttle stopped."""
    if not view.state.stops:
        return
    key = view.strategy(trial.order)
    stop = view.state.stops.get(key)
    if stop is None or (not trial.is_new and trial.change.quantity <= 0):
        return
    # The limit may have ended since.
    limits = [one.limit for one in view.limits.all(trial.now_ns)]
    words = next((one.range.words() for one in limits if one.limit_id == stop.limit_id), "")
    of = f" of {words}" if words else ""
    raise OrderRefused(
        "REPEATED_EXECUTION_STOPPED",
        f"{key.strategy} was stopped in {key.instrument_id} after {stop.executions} executions "
        f"of {trial.order.side.name}, by limit {stop.limit_id} version {stop.limit_version}{of}: "
        f"a person must enable it again",
        "instrument_id",
        {
            "strategy": key.strategy,
            "limit_id": stop.limit_id,
            "limit_version": str(stop.limit_version),
            "executions": str(stop.executions),
        },
    )


def check_self_match(view: AccountView, trial: Trial, applied: Applied) -> tuple[Order, ...]:
    """Find own orders this one would trade with; refuse, or return those to cancel first."""
    assert view.book is not None
    if not trial.sent:
        # It is checked again when it is sent.
        return ()
    resting = tuple(
        each for each in view.book.crossing(trial.order, trial.terms) if each.state not in LOCAL
    )
    if not resting:
        return ()
    policy = applied.values.self_match
    # A pending cancel reaches the venue before this order does.
    to_cancel = tuple(each for each in resting if not each.pending_cancel_id)
    if policy is SelfMatchPolicy.CANCEL_RESTING:
        return to_cancel
    refusal = SelfMatchRefused(
        "SELF_MATCH_PREVENTED",
        f"the order could trade with {len(resting)} of the account's own, first "
        f"{resting[0].order_id}: {applied.name} says {policy.name if policy else 'none'}",
        "terms.limit_price",
        {
            "resting_order_id": resting[0].order_id,
            "resting": str(len(resting)),
            **named(applied),
        },
    )
    if policy is SelfMatchPolicy.CANCEL_BOTH:
        refusal.resting = to_cancel
    raise refusal


SINGLE = (
    (LimitKind.INSTRUMENT_PERMISSION, check_permission),
    (LimitKind.MAX_ORDER_QUANTITY, check_quantity),
    (LimitKind.MAX_ORDER_VALUE, check_value),
    (LimitKind.PRICE_COLLAR, check_collar),
    (LimitKind.DUPLICATE_ORDER, check_duplicate),
)
"""In this order; the first refusal is reported."""
