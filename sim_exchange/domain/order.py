"""The orders of a book, and the events that a book reports about them."""

from collections.abc import Hashable
from enum import Enum, IntEnum
from typing import Any, Final, NamedTuple


class Side(IntEnum):
    """Direction as LOBSTER writes it, so that arithmetic can use it as a sign."""

    BUY = 1
    SELL = -1

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderKind(Enum):
    """OrdType(40) of the book; the trailing stop goes by its ExecInst(18).

    An iceberg is a LIMIT order with something to hide. A stop becomes MARKET or LIMIT when it
    triggers, a market-to-limit order LIMIT when it rests.
    """

    MARKET = "1"
    LIMIT = "2"
    STOP = "3"
    STOP_LIMIT = "4"
    MARKET_TO_LIMIT = "K"
    PEGGED = "P"
    TRAILING_STOP = "a"


STOPS: Final = {
    OrderKind.STOP: OrderKind.MARKET,
    OrderKind.STOP_LIMIT: OrderKind.LIMIT,
    OrderKind.TRAILING_STOP: OrderKind.MARKET,
}
"""The kinds that wait for a trade, and what each becomes."""

_NEEDS_PRICE: Final = frozenset({OrderKind.LIMIT, OrderKind.STOP_LIMIT})


class PegTo(Enum):
    """ExecInst(18) of a peg: the price it follows."""

    PRIMARY = "R"
    MIDPOINT = "M"
    MARKET = "P"


class TimeInForce(Enum):
    """TimeInForce(59) of the book."""

    DAY = "0"
    GTC = "1"
    IOC = "3"
    FOK = "4"
    GTD = "6"
    AT_OPEN = "2"
    AT_CLOSE = "7"

    @property
    def rests(self) -> bool:
        """A part that is not filled at once stays in the book."""
        return self in _RESTING

    @property
    def is_auction(self) -> bool:
        """It is held until an auction; the rest expires after it."""
        return self in _AUCTIONS


_RESTING: Final = frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD})
_AUCTIONS: Final = frozenset({TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE})


class CancelCause(Enum):
    """Why quantity left the book without a trade."""

    REQUESTED = "cancelled on request"
    NOT_FILLED_AT_ONCE = "immediate-or-cancel remainder"
    NOT_FILLABLE = "fill-or-kill: not enough quantity"
    NO_LIQUIDITY = "market order: no quantity on the other side"
    EXPIRED = "end of trading session"
    GOOD_TILL = "good-till date reached"
    NOT_IN_AUCTION = "not filled in the auction"


class RestateCause(Enum):
    """Why an order changed without a request."""

    TRIGGERED = "stop price reached"
    STOP_MOVED = "stop price follows the market"
    REPRICED = "peg follows its reference"
    NO_REFERENCE = "peg has no reference price now"
    LIMIT_FOUND = "rest of a market-to-limit order"


class RejectCause(Enum):
    """Why the book took nothing."""

    HALTED = "trading is halted"
    AUCTION = "an auction is on: neither IOC, FOK nor market-to-limit orders are taken"


class BookError(ValueError):
    """The caller broke a rule of the book; nothing was changed."""


MARKET_PRICE: Final = 0
"""Price of a market order."""


class Special(NamedTuple):
    """Terms that only some orders have; prices and distances in units, 0 for none.

    Attributes:
        display: Shares an iceberg shows at once.
        stop: Price of a trade that triggers a stop; where a trailing one starts.
        trail: Distance of a trailing stop from the best trade.
        peg: What a pegged order follows.
        offset: Added to the reference of a peg; may be negative.
    """

    display: int = 0
    stop: int = 0
    trail: int = 0
    peg: PegTo | None = None
    offset: int = 0


PLAIN: Final = Special()


class Order:
    """An order in a book. Only its book changes it.

    Attributes:
        number: Unique in its book.
        side: Side.
        kind: As it works now: a triggered stop is a MARKET or LIMIT order.
        tif: Time in force.
        price: Price units; MARKET_PRICE for market orders. Of a peg, where it rests now; 0
            while it waits for a reference.
        quantity: Whole order in shares, executed part included.
        leaves: Still to be executed; 0 once it left the book.
        special: Terms of special orders, as requested.
        hidden: Of leaves, what a resting iceberg does not show.
        stop: Trigger price now; 0 while a trailing stop waits for a first trade.
        cap: Limit of a peg; 0 for none.
        owner: For the caller, to find its own record; the book does not use it.
    """

    __slots__ = (
        "cap",
        "hidden",
        "kind",
        "leaves",
        "number",
        "owner",
        "price",
        "quantity",
        "side",
        "special",
        "stop",
        "tif",
    )

    def __init__(
        self,
        number: Hashable,
        side: Side,
        price: int,
        quantity: int,
        *,
        kind: OrderKind = OrderKind.LIMIT,
        tif: TimeInForce = TimeInForce.DAY,
        owner: Any = None,
        special: Special = PLAIN,
    ) -> None:
        if quantity <= 0:
            raise BookError(f"quantity {quantity} is not greater than zero")
        if kind is not OrderKind.PEGGED and (price <= 0) == (kind in _NEEDS_PRICE):
            raise BookError(f"price {price} does not suit a {kind.name} order")
        self.number = number
        self.side = side
        self.kind = kind
        self.tif = tif
        self.price = price
        self.quantity = quantity
        self.leaves = quantity
        self.owner = owner
        self.special = special
        self.hidden = 0
        self.stop = special.stop
        self.cap = 0
        if kind is OrderKind.PEGGED:
            self.cap, self.price = price, 0

    @property
    def executed(self) -> int:
        """Shares executed so far; exact while the order is in the book."""
        return self.quantity - self.leaves

    @property
    def shown(self) -> int:
        """Shares others can see while it rests."""
        return self.leaves - self.hidden

    def __repr__(self) -> str:
        return (
            f"Order({self.number!r} {self.side.name} {self.leaves}/{self.quantity} "
            f"@ {self.price} {self.kind.name} {self.tif.name})"
        )


class BookListener:
    """Called for each event in its order, within the call that caused it.

    A listener must not change the book from inside a call. It replaces the methods that it needs;
    these do nothing.
    """

    def accepted(self, order: Order, now_ns: int) -> None:
        """The order was taken; fills and rest follow."""

    def filled(
        self, maker: Order | None, taker: Order | None, price: int, quantity: int, now_ns: int
    ) -> None:
        """A trade; leaves of both are already reduced.

        The taker is None where a recording reports only the resting order; both are None for a
        recorded execution of a hidden order.
        """

    def cancelled(self, order: Order, quantity: int, cause: CancelCause, now_ns: int) -> None:
        """Quantity left without a trade; leaves is what remains."""

    def replaced(self, order: Order, *, kept_priority: bool, now_ns: int) -> None:
        """Price or quantity changed; fills of a price that now crosses follow."""

    def restated(self, order: Order, cause: RestateCause, now_ns: int) -> None:
        """The book changed the order by itself: its kind, its price or its stop price."""

    def rejected(self, order: Order, cause: RejectCause, now_ns: int) -> None:
        """The order was not taken."""
