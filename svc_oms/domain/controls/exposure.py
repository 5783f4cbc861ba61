"""What an account's open orders could still execute, summed as they come and go.

The sums are always those of the open orders: `put` subtracts an order's old part and adds its
new part, so summing the orders anew gives the same. A pending replace counts with the larger
of old and new, because the venue may execute either. Linked orders count by the most that their
group can execute; see `group_parts`.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from kernel.side import Side
from svc_oms.domain.controls import group_parts
from svc_oms.domain.controls.group_parts import Member, Unit, counted_parts, group_of, unit_of
from svc_oms.domain.controls.parts import (
    NOTHING_OPEN,
    Change,
    Listing,
    Part,
    Sums,
    part_of,
)
from svc_oms.domain.controls.resting import Resting
from svc_oms.domain.model import InstrumentKey, Order, OrderTerms
from svc_oms.domain.numbers import ZERO, Price, add
from svc_oms.domain.numbers import subtract as minus
from svc_oms.domain.positions.account_positions import Position

PriceOf = Callable[[str], Price | None]
"""Reference price of a listing, for orders without a price of their own."""


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
        self.positions: dict[InstrumentKey, Position] = {}
        self._price_of = price_of
        self._parts: dict[str, Part] = {}
        self._groups: dict[str, dict[str, Member]] = {}
        self._counted: dict[str, dict[Unit, Part]] = {}
        """By group: what the sums count of its orders."""
        self._sides: dict[BookSide, Resting] = {}
        self._sums: dict[Listing, Sums] = {}
        self._by_isin: dict[str, set[Listing]] = {}
        self._by_key: dict[InstrumentKey, Sums] = {}
        self._worst: dict[InstrumentKey, Decimal] = {}
        self._totals: dict[str, Decimal] = {}
        self._spent: dict[str, Decimal] = {}
        """By currency: cost less what was realised of the positions, and the value of open buys."""
        self._unpriced: dict[str, int] = {}
        """By currency: open orders without a value."""
        self._held: dict[str, Decimal] = {}
        """By ISIN: the positions, over all currencies."""
        for position in positions.values():
            self.hold(position)
        for order in orders:
            self.put(order)

    def put(self, order: Order) -> None:
        """Set an order's present state; a closed one is removed."""
        known = self.orders.get(order.order_id)
        if known is order:
            return
        group = group_of(order)
        if known is not None:
            part = self._parts.pop(order.order_id)
            if not group:
                self._sum(part, -1)
            self._sides[_side_of(known)].remove(known)
        if order.is_closed:
            self.orders.pop(order.order_id, None)
            if group:
                self._regroup(group, order, None)
            return
        self._sides.setdefault(_side_of(order), Resting(order.side is Side.BUY)).add(order)
        part = part_of(order, self._price_of(order.price_key))
        self.orders[order.order_id] = order
        self._parts[order.order_id] = part
        if group:
            self._regroup(group, order, Member.of(order, part))
        else:
            self._sum(part, 1)

    def _regroup(self, group: str, order: Order, member: Member | None) -> None:
        """Set or remove a member of a group, and bring the sums of the group up to date."""
        members = self._groups.setdefault(group, {})
        members.pop(order.order_id, None)
        if member is not None:
            members[order.order_id] = member
        for part in self._counted.pop(group, {}).values():
            self._sum(part, -1)
        if not members:
            del self._groups[group]
            return
        counted = self._counted[group] = counted_parts(members.values())
        for part in counted.values():
            self._sum(part, 1)

    def hold(self, position: Position) -> None:
        """Take a position as it is now."""
        known = self.positions.get(position.key)
        for one, combine in ((known, minus), (position, add)):
            if one is not None:
                spent = minus(one.cost, one.realised)
                total = self._spent.get(one.currency, ZERO)
                self._spent[one.currency] = combine(total, spent)
                self._held[one.isin] = combine(self._held.get(one.isin, ZERO), one.quantity)
        self.positions[position.key] = position
        self._reckon(position.key)

    def _sum(self, part: Part, sign: int) -> None:
        listing = part.listing
        currency = listing.currency
        self._sums[listing] = self._sums.get(listing, NOTHING_OPEN).plus(part, sign)
        if part.buy:
            combine = add if sign > 0 else minus
            self._spent[currency] = combine(self._spent.get(currency, ZERO), part.value)
        if not part.priced:
            self._unpriced[currency] = self._unpriced.get(currency, 0) + sign
        self._by_isin.setdefault(listing.isin, set()).add(listing)
        key = InstrumentKey(listing.isin, currency)
        self._by_key[key] = self._by_key.get(key, NOTHING_OPEN).plus(part, sign)
        self._reckon(key)

    def _reckon(self, key: InstrumentKey) -> None:
        """Bring the exposure of an instrument, and with it the account's, up to date."""
        now = exposure(self.cost(key), self._by_key.get(key, NOTHING_OPEN))
        before = self._worst.get(key, ZERO)
        self._worst[key] = now
        total = self._totals.get(key[1], ZERO)
        self._totals[key[1]] = add(total, minus(now, before))

    # Questions.

    def change(self, order: Order, part: Part, *, at_venue: bool, sent: bool) -> Change:
        """Return how the sums change if an order could execute this part.

        Args:
            order: A new order, or one of the book.
            part: What it could execute.
            at_venue: The venue has it already. If not, it is compared like a new order, although
                the sums count it while it waits here, and it must fit in even where a linked
                order already counts as much: it goes in place of that one.
            sent: It is at the venue or goes there now.
        """
        group = group_of(order)
        if not group:
            before = self._parts.get(order.order_id)
            return Change(before, part, before if at_venue else None)
        members = dict(self._groups.get(group, {}))
        members.pop(order.order_id, None)
        member = Member(order, part, not sent)
        if order.routing is not None:
            return self._change_of_routed(group, [*members.values(), member], at_venue=at_venue)
        unit = unit_of(member)
        before = self._counted.get(group, {}).get(unit)
        after = counted_parts([*members.values(), member])[unit]
        return Change(before, after, before if at_venue else None)

    def _change_of_routed(self, group: str, members: list[Member], *, at_venue: bool) -> Change:
        """Return how the sums change if a routed order does: all of its children count with it."""
        listing = members[-1].part.listing
        after = group_parts.together(counted_parts(members).values(), listing)
        known = self._counted.get(group)
        before = group_parts.together(known.values(), listing) if known else None
        return Change(before, after, before if at_venue else None)

    def own_at(
        self, key: InstrumentKey, venue_mic: str, *, buy: bool, price: Price
    ) -> Iterable[Order]:
        """Return the open orders of a side at a venue with this limit price."""
        resting = self._sides.get(BookSide(*key, venue_mic, buy))
        return () if resting is None else resting.at(price)

    def cost(self, key: InstrumentKey) -> Decimal:
        """Return what was paid for a position; negative when short."""
        held = self.positions.get(key)
        return ZERO if held is None else held.cost

    def held(self, isin: str) -> Decimal:
        """Return the position in an instrument, over all currencies."""
        return self._held.get(isin, ZERO)

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

    def exposure_with(self, currency: str, change: Change) -> Decimal:
        """Return what the exposure would become."""
        key = InstrumentKey(change.listing.isin, currency)
        return self._exposure_if(key, change.applied(self._by_key.get(key, NOTHING_OPEN)))

    def exposure_at_base(self, currency: str, change: Change) -> Decimal:
        """Return the exposure that a change is compared with."""
        if change.base is change.before:
            return self.exposure(currency)
        key = InstrumentKey(change.listing.isin, currency)
        return self._exposure_if(key, change.at_base(self._by_key.get(key, NOTHING_OPEN)))

    def _exposure_if(self, key: InstrumentKey, sums: Sums) -> Decimal:
        moved = minus(exposure(self.cost(key), sums), self._worst.get(key, ZERO))
        return add(self.exposure(key.currency), moved)

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
        return self._unpriced.get(currency, 0) > 0

    def spent(self, currency: str) -> Decimal:
        """Return the cash spent on positions, less what sells brought, plus all open buys."""
        return self._spent.get(currency, ZERO)

    def currencies(self) -> set[str]:
        """Return the currencies of all positions and open orders."""
        return {currency for _, currency in self._worst}

    def isins(self) -> set[str]:
        """Return the instruments of all positions and open orders."""
        return {isin for isin, _ in self._worst}

    def crossing(self, order: Order, terms: OrderTerms) -> list[Order]:
        """Return own orders that these terms could trade with.

        They are of the same ISIN and currency at the same venue: the lines of an instrument in
        two currencies have an order book each, and their prices cannot be compared.
        """
        side = _side_of(order)
        resting = self._sides.get(side._replace(buy=not side.buy))
        if resting is None:
            return []
        return [each for each in resting.crossing(terms) if each.order_id != order.order_id]


class BookSide(NamedTuple):
    """The key of orders that orders of the other side could trade with."""

    isin: str
    currency: str
    venue_mic: str
    buy: bool


def _side_of(order: Order) -> BookSide:
    return BookSide(*InstrumentKey.of(order), order.venue_mic, order.side is Side.BUY)
