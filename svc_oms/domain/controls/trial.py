"""A command as the controls see it: the order before it, and as it would be after it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import NamedTuple

from kernel.side import Side
from svc_oms.domain.controls.exposure import OpenBook
from svc_oms.domain.controls.limits.controls import AccountLimits, Controls, Listed
from svc_oms.domain.controls.limits.limit_values import (
    Applied,
    LimitKind,
    TradingState,
)
from svc_oms.domain.controls.parts import Change, part_of, unit_price
from svc_oms.domain.controls.state import AccountState, Collar, StrategyKey
from svc_oms.domain.lifecycle import LOCAL
from svc_oms.domain.model import Order, OrderTerms
from svc_oms.domain.numbers import ZERO, Price, multiply
from svc_oms.domain.numbers import subtract as minus
from svc_oms.domain.order_terms.cash import worth

FINGERPRINT_BYTES = 8


class Reference(NamedTuple):
    """A price to decide by, and which of the fallbacks it is: last, mid or close."""

    price: Price
    source: str


@dataclass(slots=True)
class AccountView:
    """The data of an account for the controls of one batch.

    Attributes:
        limits: Of this account.
        defaults: Those of the settings, for kinds without a limit.
        state: The counts; they change with each command that is taken.
        book: Open orders and positions; None if no limit needs them.
        own_state: The trading state of the account itself.
        value_price: Returns the price that values a market order.
        collar_price: Returns the reference of the collar.
        strategy_of: Returns the strategy that the repeated-execution throttle counts by.
    """

    account_id: str
    firm_id: str
    controls: Controls
    limits: AccountLimits
    defaults: dict[LimitKind, Applied]
    state: AccountState
    book: OpenBook | None
    own_state: TradingState
    value_price: Callable[[str], Price | None]
    collar_price: Callable[[str], Reference | None]
    strategy_of: Callable[[Order], str]
    collar: tuple["Trial", Collar | None, Collar] | None = None
    """The window of a collar as last calculated: for which trial, from which window."""
    _last: tuple[Order, int, Mapping[LimitKind, Applied]] | None = None

    def limit(self, kind: LimitKind, order: Order, now_ns: int) -> Applied | None:
        """Return the limit of a kind that applies to an order."""
        return self.applied(order, now_ns).get(kind)

    def applied(self, order: Order, now_ns: int) -> Mapping[LimitKind, Applied]:
        """Return the limits that apply to an order, by kind."""
        if self._last is not None and self._last[0] is order and self._last[1] == now_ns:
            return self._last[2]
        listing = order.instrument_id, order.venue_mic, order.currency
        found = self.limits.applied_at(listing, now_ns, self.defaults)
        self._last = order, now_ns, found
        return found

    def applied_at(self, listing: Listed, now_ns: int) -> Mapping[LimitKind, Applied]:
        """Return the limits that apply at a listing."""
        return self.limits.applied_at(listing, now_ns, self.defaults)

    def strategy(self, order: Order) -> StrategyKey:
        """Return the key by which the throttle counts an order's fills."""
        return StrategyKey(self.strategy_of(order), order.instrument_id, order.side.value)


class Trial(NamedTuple):
    """A new order, or a change of one, before it is taken."""

    order: Order
    """The order now; a new one as it would be accepted."""
    terms: OrderTerms
    """The requested ones."""
    is_new: bool
    """It is not at its venue yet: all of it is compared, whether it waited here or not."""
    sent: bool
    """It goes to its venue now, or is there."""
    now_ns: int
    price: Price | None
    """The value of one share of it."""
    change: Change
    reference: Reference | None = None
    """The price that a collar compares with; looked up once, if there is a collar."""
    mark: str = ""
    """See `fingerprint`; calculated once, if there is a duplicate check."""

    @property
    def buy(self) -> bool:
        """The side."""
        return self.order.side is Side.BUY

    @property
    def more_quantity(self) -> Decimal:
        """By how much the ordered quantity grows."""
        before = ZERO if self.is_new else self.order.terms.quantity
        return max(minus(self.terms.quantity, before), ZERO)

    @property
    def more_value(self) -> Decimal:
        """By how much the ordered value grows."""
        if self.price is None:
            return ZERO
        before = ZERO
        if not self.is_new:
            before_price = unit_price(self.order.terms, self.price)
            before = multiply(self.order.terms.quantity, before_price or ZERO)
        return max(minus(worth(self.terms, self.price), before), ZERO)


def new_order(view: AccountView, order: Order, now_ns: int) -> Trial:
    """Make the trial of a new order."""
    return _whole(view, order, now_ns, sent=order.state not in LOCAL)


def released(view: AccountView, order: Order, now_ns: int, *, sent: bool) -> Trial:
    """Make the trial of an order that waited here: the same as of a new order.

    It is in the sums already, but not at its venue: a limit that was lowered meanwhile applies.
    """
    return _whole(view, order, now_ns, sent=sent)


def rest_of(view: AccountView, order: Order, now_ns: int) -> Trial:
    """Make the trial of what is left of a routed order, as of a new order of that quantity.

    Like one that waited here it is in the sums already, with its children, and counts once.
    """
    trial = _whole(view, order, now_ns, sent=True)
    return trial._replace(terms=order.terms._replace(quantity=order.leaves_quantity))


def _whole(view: AccountView, order: Order, now_ns: int, *, sent: bool) -> Trial:
    reference = view.value_price(order.price_key)
    part = part_of(order, reference)
    change = (
        Change(None, part, None)
        if view.book is None
        else view.book.change(order, part, at_venue=False, sent=sent)
    )
    price = unit_price(order.terms, reference)
    collar = _collar_price(view, order, order.terms, now_ns)
    mark = _mark(view, order, order.terms, now_ns)
    return Trial(order, order.terms, True, sent, now_ns, price, change, collar, mark)


def change_of(view: AccountView, before: Order, terms: OrderTerms, now_ns: int) -> Trial:
    """Make the trial of a replace."""
    reference = view.value_price(before.price_key)
    part, sent = part_of(before, reference, terms), before.state not in LOCAL
    if view.book is None:
        known = part_of(before, reference)
        change = Change(known, part, known)
    else:
        change = view.book.change(before, part, at_venue=True, sent=sent)
    price, collar = unit_price(terms, reference), _collar_price(view, before, terms, now_ns)
    mark = _mark(view, before, terms, now_ns)
    return Trial(before, terms, False, sent, now_ns, price, change, collar, mark)


def _collar_price(
    view: AccountView, order: Order, terms: OrderTerms, now_ns: int
) -> Reference | None:
    if view.limit(LimitKind.PRICE_COLLAR, order, now_ns) is None:
        return None
    if terms.stop_price is not None:
        # It will trade when the market reaches its price, not before.
        return Reference(terms.stop_price, "stop")
    return view.collar_price(order.price_key)


def _mark(view: AccountView, order: Order, terms: OrderTerms, now_ns: int) -> str:
    if view.limit(LimitKind.DUPLICATE_ORDER, order, now_ns) is None:
        return ""
    return fingerprint(order, terms)


def fingerprint(order: Order, terms: OrderTerms) -> str:
    """Return the text by which the duplicate check finds two equal orders."""
    cash = terms.cash_quantity
    amount = terms.quantity.normalize() if cash is None else f"cash {cash.normalize()}"
    text = (
        f"{order.price_key}|{order.side.value}|{order.type.value}|"
        f"{amount}|{terms.limit_price and terms.limit_price.normalize()}|"
        f"{terms.stop_price and terms.stop_price.normalize()}"
    )
    return blake2b(text.encode(), digest_size=FINGERPRINT_BYTES).hexdigest()
