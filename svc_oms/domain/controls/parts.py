"""What one order could still execute, and sums of that over several orders."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from kernel.side import Side
from svc_oms.domain.model import Order, OrderTerms
from svc_oms.domain.numbers import ZERO, Price, add, multiply
from svc_oms.domain.numbers import subtract as minus


class Listing(NamedTuple):
    """The key by which open orders are summed."""

    isin: str
    currency: str
    instrument_id: str
    venue_mic: str


class Part(NamedTuple):
    """What one order could still execute."""

    listing: Listing
    buy: bool
    quantity: Decimal
    value: Decimal
    priced: bool = True
    """Its value is known. That of a market order is not while there is no price."""


class Sums(NamedTuple):
    """What the open orders of a listing could still execute."""

    buys: Decimal = ZERO
    sells: Decimal = ZERO
    buy_value: Decimal = ZERO
    sell_value: Decimal = ZERO
    unpriced: int = 0

    def plus(self, part: Part, sign: int) -> "Sums":
        """Return the sums with a part added (1) or subtracted (-1)."""
        combine = add if sign > 0 else minus
        unpriced = self.unpriced + (0 if part.priced else sign)
        if part.buy:
            return Sums(
                combine(self.buys, part.quantity),
                self.sells,
                combine(self.buy_value, part.value),
                self.sell_value,
                unpriced,
            )
        return Sums(
            self.buys,
            combine(self.sells, part.quantity),
            self.buy_value,
            combine(self.sell_value, part.value),
            unpriced,
        )


NOTHING_OPEN = Sums()


def unit_price(terms: OrderTerms, reference: Price | None) -> Price | None:
    """Return the price that values an order: its limit, its stop, or the reference price."""
    return terms.limit_price or terms.stop_price or reference


def listing_of(order: Order) -> Listing:
    """Return what an order is summed by."""
    # The first two are its InstrumentKey.
    return Listing(
        order.isin or order.instrument_id, order.currency, order.instrument_id, order.venue_mic
    )


def part_of(order: Order, reference: Price | None, asked: OrderTerms | None = None) -> Part:
    """Return what an order could still execute; with requested terms, the larger of each.

    Args:
        order: The order now; its pending terms count, too.
        reference: Values it if its terms have no price.
        asked: Terms of a replace about to be sent.
    """
    quantity = value = ZERO
    priced = True
    cum = order.cum_quantity
    for terms in (order.terms, order.pending_terms, asked):
        if terms is None:
            continue
        leaves = max(minus(terms.quantity, cum), ZERO) if cum else terms.quantity
        price = unit_price(terms, reference)
        if price is None:
            priced = False
        else:
            value = max(value, multiply(leaves, price))
        quantity = max(quantity, leaves)
    return Part(listing_of(order), order.side is Side.BUY, quantity, value, priced)


class Change(NamedTuple):
    """What a command changes in the sums."""

    before: Part | None
    """What the sums count now of the order, or of the linked orders it is counted with."""
    after: Part
    """The same after the command."""
    base: Part | None
    """What the controls compare `after` with: where a limit is passed already, `after` must not be
    more. None for an order that is not at its venue."""

    @property
    def listing(self) -> Listing:
        """The listing whose sums change."""
        return self.after.listing

    @property
    def quantity(self) -> Decimal:
        """By how much the executable quantity grows over what the sums count."""
        return minus(self.after.quantity, self.before.quantity if self.before else ZERO)

    @property
    def base_quantity(self) -> Decimal:
        """By how much the base differs from what the sums count; zero or negative."""
        if self.base is self.before:
            return ZERO
        known = self.base.quantity if self.base else ZERO
        return minus(known, self.before.quantity if self.before else ZERO)

    @property
    def value(self) -> Decimal:
        """By how much its value grows over what the sums count."""
        return minus(self.after.value, self.before.value if self.before else ZERO)

    @property
    def base_value(self) -> Decimal:
        """By how much the value of the base differs from what the sums count."""
        if self.base is self.before:
            return ZERO
        known = self.base.value if self.base else ZERO
        return minus(known, self.before.value if self.before else ZERO)

    def applied(self, sums: Sums) -> Sums:
        """Return sums with the change applied."""
        return _moved(sums, self.before, self.after)

    def at_base(self, sums: Sums) -> Sums:
        """Return sums with the base in place of what they count."""
        return sums if self.base is self.before else _moved(sums, self.before, self.base)


def _moved(sums: Sums, before: Part | None, after: Part | None) -> Sums:
    if before is not None:
        sums = sums.plus(before, -1)
    return sums if after is None else sums.plus(after, 1)


def together(found: Iterable[Sums]) -> Sums:
    """Return the sums of several listings as one."""
    total = NOTHING_OPEN
    for sums in found:
        total = Sums(
            add(total.buys, sums.buys),
            add(total.sells, sums.sells),
            add(total.buy_value, sums.buy_value),
            add(total.sell_value, sums.sell_value),
            total.unpriced + sums.unpriced,
        )
    return total
