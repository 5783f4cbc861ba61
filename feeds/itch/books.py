"""The books of all stocks, added up from the orders of ITCH 5.0."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from feeds.itch.messages import ItchError, Message, text_of

TRADES_KEPT_MAX = 100_000
"""Trades that a later BrokenTrade(B) can still name; older ones are left as they are."""
BUY, SELL = b"B", b"S"
PRINTED = b"Y"


class Order(NamedTuple):
    """An order in the book; the price has four decimal places."""

    stock: str
    side: bytes
    price: int
    shares: int


class Level(NamedTuple):
    """A price level as it is after a message; no shares: it is gone."""

    stock: str
    side: bytes
    price: int
    shares: int
    orders: int


class Trade(NamedTuple):
    """A trade.

    Attributes:
        taker: Side that took liquidity; b"" if the venue does not say.
        withdrawn: The venue broke it.
    """

    stock: str
    match: int
    price: int
    shares: int
    taker: bytes
    withdrawn: bool = False


@dataclass(slots=True)
class Stock:
    """The levels of one stock: shares and number of orders by price, for each side."""

    sides: dict[bytes, dict[int, tuple[int, int]]] = field(
        default_factory=lambda: {BUY: {}, SELL: {}}
    )

    def levels(self, stock: str, side: bytes) -> list[Level]:
        """Return the levels of a side, best first."""
        prices = sorted(self.sides[side], reverse=side == BUY)
        return [Level(stock, side, price, *self.sides[side][price]) for price in prices]


class Books:
    """The orders of a day, and the levels they add up to."""

    def __init__(self) -> None:
        self._orders: dict[int, Order] = {}
        self._stocks: dict[str, Stock] = {}
        self._trades: OrderedDict[int, Trade] = OrderedDict()
        self._apply: dict[bytes, Callable[..., Iterator[Level | Trade]]] = {
            b"A": self._added,
            b"F": self._added,
            b"E": self._executed,
            b"C": self._executed,
            b"X": self._reduced,
            b"D": self._deleted,
            b"U": self._replaced,
            b"P": self._traded,
            b"Q": self._crossed,
            b"B": self._broken,
        }

    def apply(self, message: Message) -> list[Level | Trade]:
        """Take a message and return the levels and trades that follow from it.

        Raises:
            ItchError: It names an order that is not in the book, or takes more than the order has.
        """
        take = self._apply.get(message.kind)
        if take is None:
            return []
        try:
            return list(take(*message.fields))
        except ItchError as error:
            raise ItchError(
                f"message {message.number} of type {message.kind.decode()!r}: {error}"
            ) from None

    def of(self, stock: str) -> Stock:
        """Return the levels of a stock."""
        return self._stocks.get(stock) or Stock()

    def _added(
        self, reference: int, side: bytes, shares: int, stock: bytes, price: int, *_: Any
    ) -> Iterator[Level]:
        if reference in self._orders:
            raise ItchError(f"order {reference} is in the book already")
        if side not in (BUY, SELL):
            raise ItchError(f"order {reference} has the side {side!r}, expected b'B' or b'S'")
        order = Order(text_of(stock), side, price, shares)
        self._orders[reference] = order
        yield self._level(order, shares, 1)

    def _executed(
        self, reference: int, shares: int, match: int, printed: bytes = PRINTED,
        price: int | None = None,
    ) -> Iterator[Level | Trade]:  # fmt: skip
        order = self._taken(reference, shares)
        yield self._level(order, -shares, -(order.shares == shares))
        if printed == PRINTED:  # otherwise a CrossTrade(Q) reports it
            taker = SELL if order.side == BUY else BUY
            at = order.price if price is None else price
            yield self._trade(Trade(order.stock, match, at, shares, taker))

    def _reduced(self, reference: int, shares: int) -> Iterator[Level]:
        order = self._taken(reference, shares)
        yield self._level(order, -shares, -(order.shares == shares))

    def _deleted(self, reference: int) -> Iterator[Level]:
        order = self._known(reference)
        del self._orders[reference]
        yield self._level(order, -order.shares, -1)

    def _replaced(self, old: int, new: int, shares: int, price: int) -> Iterator[Level]:
        order = self._known(old)
        if new in self._orders:
            raise ItchError(f"order {new} is in the book already")
        yield from self._deleted(old)
        self._orders[new] = order._replace(price=price, shares=shares)
        yield self._level(self._orders[new], shares, 1)

    def _traded(
        self, _reference: int, _side: bytes, shares: int, stock: bytes, price: int, match: int
    ) -> Iterator[Trade]:
        # Against an order that is not displayed; since 2014 the side is always b"B".
        yield self._trade(Trade(text_of(stock), match, price, shares, b""))

    def _crossed(
        self, shares: int, stock: bytes, price: int, match: int, _kind: bytes
    ) -> Iterator[Trade]:
        if shares:
            yield self._trade(Trade(text_of(stock), match, price, shares, b""))

    def _broken(self, match: int) -> Iterator[Trade]:
        trade = self._trades.pop(match, None)
        if trade is not None:
            yield trade._replace(withdrawn=True)

    def _known(self, reference: int) -> Order:
        order = self._orders.get(reference)
        if order is None:
            raise ItchError(f"order {reference} is not in the book: is the beginning missing?")
        return order

    def _taken(self, reference: int, shares: int) -> Order:
        """Take shares from an order, and return it as it was."""
        order = self._known(reference)
        if shares > order.shares:
            raise ItchError(f"order {reference} has {order.shares} shares, not {shares}")
        if shares == order.shares:
            del self._orders[reference]
        else:
            self._orders[reference] = order._replace(shares=order.shares - shares)
        return order

    def _level(self, order: Order, shares: int, orders: int) -> Level:
        side = self._stocks.setdefault(order.stock, Stock()).sides[order.side]
        had = side.get(order.price, (0, 0))
        now = (had[0] + shares, had[1] + orders)
        if now[1]:
            side[order.price] = now
        else:
            del side[order.price]
        return Level(order.stock, order.side, order.price, *now)

    def _trade(self, trade: Trade) -> Trade:
        self._trades[trade.match] = trade
        if len(self._trades) > TRADES_KEPT_MAX:
            self._trades.popitem(last=False)
        return trade
