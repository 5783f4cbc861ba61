"""What an account's open orders could still execute, summed as they come and go.

The sums are always those of the open orders: `put` subtracts an order's old part and adds its
new part, so summing the orders anew gives the same. A pending replace counts with the larger
of old and new, because the venue may execute either.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from kernel.side import Side
from svc_oms.domain.model import InstrumentKey, Order, OrderTerms
from svc_oms.domain.numbers import ZERO, Price, add, multiply
from svc_oms.domain.numbers import subtract as minus
from svc_oms.domain.positions import Position

PriceOf = Callable[[str], Price | None]
"""Reference price of a listing, for orders without a price of their own."""


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
            return self._replace(
                buys=combine(self.buys, part.quantity),
                buy_value=combine(self.buy_value, part.value),
                unpriced=unpriced,
            )
        return self._replace(
            sells=combine(self.sells, part.quantity),
            sell_value=combine(self.sell_value, part.value),
            unpriced=unpriced,
        )


NOTHING_OPEN = Sums()


def unit_price(terms: OrderTerms, reference: Price | None) -> Price | None:
    """Return the price that values an order: its limit, its stop, or the reference price."""
    return terms.limit_price or terms.stop_price or reference


def listing_of(order: Order) -> Listing:
    """Return what an order is summed by."""
    return Listing(*InstrumentKey.of(order), order.instrument_id, order.venue_mic)


def part_of(order: Order, reference: Price | None, asked: OrderTerms | None = None) -> Part:
    """Return what an order could still execute; with requested terms, the larger of each.

    Args:
        order: The order now; its pending terms count, too.
        reference: Values it if its terms have no price.
        asked: Terms of a replace about to be sent.
    """
    quantity = value = ZERO
    priced = True
    for terms in (order.terms, order.pending_terms, asked):
        if terms is None:
            continue
        leaves = max(minus(terms.quantity, order.cum_quantity), ZERO)
        price = unit_price(terms, reference)
        if price is None:
            priced = False
        else:
            value = max(value, multiply(leaves, price))
        quantity = max(quantity, leaves)
    return Part(listing_of(order), order.side is Side.BUY, quantity, value, priced)


def exposure(signed_cost: Decimal, sums: Sums) -> Decimal:
    """Return the larger of what is held if all buys, or if all sells, are executed."""
    long = add(signed_cost, sums.buy_value)
    short = minus(sums.sell_value, signed_cost)
    return max(long, short, ZERO)


class OpenBook:
    """An account's open orders and positions, with their sums."""

    def __init__(
        self,
        orders: Iterable[Order],
        positions: Mapping[InstrumentKey, Position],
        price_of: PriceOf,
    ) -> None:
        self.orders: dict[str, Order] = {}
        self.positions = dict(positions)
        self._price_of = price_of
        self._parts: dict[str, Part] = {}
        self._sides: dict[tuple[str, str, bool], Resting] = {}
        self._sums: dict[Listing, Sums] = {}
        self._by_isin: dict[str, set[Listing]] = {}
        self._worst: dict[InstrumentKey, Decimal] = {}
        self._totals: dict[str, Decimal] = {}
        for key in self.positions:
            self._reckon(key)
        for order in orders:
            self.put(order)

    def put(self, order: Order) -> None:
        """Set an order's present state; a closed one is removed."""
        known = self.orders.get(order.order_id)
        if known is order:
            return
        if known is not None:
            self._sum(self._parts.pop(order.order_id), -1)
            self._sides[_side_of(known)].remove(known)
        if order.is_closed:
            self.orders.pop(order.order_id, None)
            return
        self._sides.setdefault(_side_of(order), Resting(order.side is Side.BUY)).add(order)
        part = part_of(order, self._price_of(order.instrument_id))
        self.orders[order.order_id] = order
        self._parts[order.order_id] = part
        self._sum(part, 1)

    def hold(self, position: Position) -> None:
        """Take a position as it is now."""
        self.positions[position.key] = position
        self._reckon(position.key)

    def _sum(self, part: Part, sign: int) -> None:
        listing = part.listing
        self._sums[listing] = self._sums.get(listing, NOTHING_OPEN).plus(part, sign)
        self._by_isin.setdefault(listing.isin, set()).add(listing)
        self._reckon(InstrumentKey(listing.isin, listing.currency))

    def _reckon(self, key: InstrumentKey) -> None:
        """Bring the exposure of an instrument, and with it the account's, up to date."""
        now = exposure(self.cost(key), self._of_isin(key))
        before = self._worst.get(key, ZERO)
        self._worst[key] = now
        total = self._totals.get(key[1], ZERO)
        self._totals[key[1]] = add(total, minus(now, before))

    def _of_isin(self, key: InstrumentKey) -> Sums:
        isin, currency = key
        found = [
            self._sums[listing]
            for listing in self._by_isin.get(isin, ())
            if listing.currency == currency
        ]
        return together(found)

    # Questions.

    def part(self, order_id: str) -> Part | None:
        """Return what an open order could still execute."""
        return self._parts.get(order_id)

    def cost(self, key: InstrumentKey) -> Decimal:
        """Return what was paid for a position; negative when short."""
        held = self.positions.get(key)
        return ZERO if held is None else held.cost

    def held(self, isin: str) -> Decimal:
        """Return the position in an instrument, over all currencies."""
        total = ZERO
        for (name, _), position in self.positions.items():
            if name == isin:
                total = add(total, position.quantity)
        return total

    def open_quantity(self, isin: str, *, buy: bool) -> Decimal:
        """Return what the open orders of a side could still execute, over all venues."""
        total = ZERO
        for listing in self._by_isin.get(isin, ()):
            sums = self._sums[listing]
            total = add(total, sums.buys if buy else sums.sells)
        return total

    def exposure(self, currency: str) -> Decimal:
        """Return the account's exposure in a currency."""
        return self._totals.get(currency, ZERO)

    def exposure_with(self, currency: str, change: "Change") -> Decimal:
        """Return what the exposure would become."""
        key = InstrumentKey(change.listing.isin, currency)
        after = exposure(self.cost(key), change.applied(self._of_isin(key)))
        return add(self.exposure(currency), minus(after, self._worst.get(key, ZERO)))

    def range_sums(
        self, currency: str, instrument_id: str, venue_mic: str, isin: str
    ) -> tuple[Decimal, list[Sums]]:
        """Return the cost held and the sums within a range narrower than the account.

        Positions belong to instruments, not to venues: a venue's range has orders only. The ISIN is
        that of instrument_id.
        """
        found = [
            listing
            for listing in self._sums
            if listing.currency == currency
            and instrument_id in {"", listing.instrument_id}
            and venue_mic in {"", listing.venue_mic}
        ]
        cost = self.cost(InstrumentKey(isin, currency)) if instrument_id else ZERO
        return cost, [self._sums[listing] for listing in found]

    def unpriced(self, currency: str) -> bool:
        """Return whether an open order of this currency has no value, because there is no price."""
        return any(
            sums.unpriced for listing, sums in self._sums.items() if listing.currency == currency
        )

    def spent(self, currency: str) -> Decimal:
        """Return the cash spent on positions, less what sells brought, plus all open buys."""
        total = ZERO
        for (_, held_in), position in self.positions.items():
            if held_in == currency:
                total = add(total, minus(position.cost, position.realised))
        for listing, sums in self._sums.items():
            if listing.currency == currency:
                total = add(total, sums.buy_value)
        return total

    def currencies(self) -> set[str]:
        """Return the currencies of all positions and open orders."""
        return {currency for _, currency in self._worst}

    def isins(self) -> set[str]:
        """Return the instruments of all positions and open orders."""
        return {isin for isin, _ in self._worst}

    def crossing(self, order: Order, terms: OrderTerms) -> list[Order]:
        """Return own orders in the same listing that these terms could trade with."""
        isin, venue_mic, buy = _side_of(order)
        resting = self._sides.get((isin, venue_mic, not buy))
        if resting is None:
            return []
        return [each for each in resting.crossing(terms) if each.order_id != order.order_id]


def _side_of(order: Order) -> tuple[str, str, bool]:
    return (order.isin or order.instrument_id, order.venue_mic, order.side is Side.BUY)


class Resting:
    """Open orders of one side in one instrument at one venue, and the best price among them."""

    __slots__ = ("_best", "_buy", "_orders")

    def __init__(self, buy: bool) -> None:
        self._buy = buy
        self._orders: dict[str, Order] = {}
        self._best: Decimal | None = None
        """None: must be computed again, or an order can trade at any price."""

    def add(self, order: Order) -> None:
        """Add an order."""
        price = self._price(order)
        if not self._orders:
            self._best = price
        elif self._best is not None:
            self._best = None if price is None else self._better(self._best, price)
        self._orders[order.order_id] = order

    def remove(self, order: Order) -> None:
        """Remove an order."""
        del self._orders[order.order_id]
        if self._price(order) == self._best:
            self._best = None

    def crossing(self, terms: OrderTerms) -> list[Order]:
        """Return the orders that terms of the other side could trade with."""
        limit = terms.limit_price
        if self._best is not None and limit is not None and not self._meets(self._best, limit):
            return []
        prices = {order_id: self._price(order) for order_id, order in self._orders.items()}
        known = [price for price in prices.values() if price is not None]
        if known and len(known) == len(prices):
            self._best = max(known) if self._buy else min(known)
        return [
            self._orders[order_id]
            for order_id, price in prices.items()
            if limit is None or price is None or self._meets(price, limit)
        ]

    def _price(self, order: Order) -> Decimal | None:
        """Return the price an order can trade at, the better of old and new; None: at any."""
        price = order.terms.limit_price
        pending = order.pending_terms
        if pending is None or price is None:
            return price
        return None if pending.limit_price is None else self._better(price, pending.limit_price)

    def _better(self, one: Decimal, other: Decimal) -> Decimal:
        return max(one, other) if self._buy else min(one, other)

    def _meets(self, price: Decimal, limit: Decimal) -> bool:
        return price >= limit if self._buy else price <= limit


class Change(NamedTuple):
    """What a command changes in the sums: the order's part before it and after it."""

    before: Part | None
    after: Part

    @property
    def listing(self) -> Listing:
        """The listing whose sums change."""
        return self.after.listing

    @property
    def quantity(self) -> Decimal:
        """By how much the executable quantity grows."""
        return minus(self.after.quantity, self.before.quantity if self.before else ZERO)

    @property
    def value(self) -> Decimal:
        """By how much its value grows."""
        return minus(self.after.value, self.before.value if self.before else ZERO)

    def applied(self, sums: Sums) -> Sums:
        """Return sums with the change applied."""
        if self.before is not None:
            sums = sums.plus(self.before, -1)
        return sums.plus(self.after, 1)


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
