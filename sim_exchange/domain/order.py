"""What rests in a book and what a book tells about it."""

from collections.abc import Hashable
from enum import Enum, IntEnum
from typing import Any, Final, Protocol


class Side(IntEnum):
    """Direction as LOBSTER writes it, so that arithmetic can use it as a sign."""

    BUY = 1
    SELL = -1

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderKind(Enum):
    """OrdType(40) of the book."""

    MARKET = "1"
    LIMIT = "2"


class TimeInForce(Enum):
    """TimeInForce(59) of the book."""

    DAY = "0"
    GTC = "1"
    IOC = "3"
    FOK = "4"

    @property
    def rests(self) -> bool:
        """What is not filled at once stays in the book."""
        return self in {TimeInForce.DAY, TimeInForce.GTC}


class CancelCause(Enum):
    """Why quantity left the book without a trade."""

    REQUESTED = "cancelled on request"
    NOT_FILLED_AT_ONCE = "immediate-or-cancel remainder"
    NOT_FILLABLE = "fill-or-kill: not enough quantity"
    NO_LIQUIDITY = "market order: no quantity on the other side"
    EXPIRED = "end of trading session"


class RejectCause(Enum):
    """Why the book took nothing."""

    HALTED = "trading is halted"


class BookError(ValueError):
    """The caller broke a rule of the book; nothing was changed."""


MARKET_PRICE: Final = 0
"""Price of a market order."""


class Order:
    """An order in a book. Only its book changes it.

    Attributes:
        number: Unique in its book.
        side: Side.
        kind: LIMIT or MARKET.
        tif: Time in force.
        price: Price units; MARKET_PRICE for market orders.
        quantity: Whole order in shares, executed part included.
        leaves: Still to be executed; 0 once it left the book.
        owner: Whatever the caller needs to find its own record; the book does not look at it.
    """

    __slots__ = ("kind", "leaves", "number", "owner", "price", "quantity", "side", "tif")

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
    ) -> None:
        if quantity <= 0:
            raise BookError(f"quantity {quantity} is not greater than zero")
        if (price <= 0) != (kind is OrderKind.MARKET):
            raise BookError(f"price {price} does not suit a {kind.name} order")
        self.number = number
        self.side = side
        self.kind = kind
        self.tif = tif
        self.price = price
        self.quantity = quantity
        self.leaves = quantity
        self.owner = owner

    @property
    def executed(self) -> int:
        """Shares executed so far; exact while the order is in the book."""
        return self.quantity - self.leaves

    def __repr__(self) -> str:
        return (
            f"Order({self.number!r} {self.side.name} {self.leaves}/{self.quantity} "
            f"@ {self.price} {self.kind.name} {self.tif.name})"
        )


class BookListener(Protocol):
    """Told of each event in the order it happens, within the call that made it happen.

    A listener must not change the book from inside a call.
    """

    def accepted(self, order: Order, now_ns: int) -> None:
        """The order was taken; fills and rest follow."""

    def filled(
        self, maker: Order | None, taker: Order | None, price: int, quantity: int, now_ns: int
    ) -> None:
        """A trade; leaves of both are already reduced.

        The taker is None where a recording tells only the resting order; both are None
        for a recorded execution of a hidden order.
        """

    def cancelled(self, order: Order, quantity: int, cause: CancelCause, now_ns: int) -> None:
        """Quantity left without a trade; leaves is what remains."""

    def replaced(self, order: Order, *, kept_priority: bool, now_ns: int) -> None:
        """Price or quantity changed; fills of a price that now crosses follow."""

    def rejected(self, order: Order, cause: RejectCause, now_ns: int) -> None:
        """The order was not taken."""


class SilentListener:
    """Listens to nothing."""

    def accepted(self, order: Order, now_ns: int) -> None:
        """Do nothing."""

    def filled(
        self, maker: Order | None, taker: Order | None, price: int, quantity: int, now_ns: int
    ) -> None:
        """Do nothing."""

    def cancelled(self, order: Order, quantity: int, cause: CancelCause, now_ns: int) -> None:
        """Do nothing."""

    def replaced(self, order: Order, *, kept_priority: bool, now_ns: int) -> None:
        """Do nothing."""

    def rejected(self, order: Order, cause: RejectCause, now_ns: int) -> None:
        """Do nothing."""
