"""What a case is played on: a client of an order book, and the venue that its orders reach."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from conformance.scripted_venue import Fields, ScriptedVenue
from conformance.waiting import until
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.oms.v1.order_service_pb2_grpc import OrderServiceStub

REQUESTS = {"D", "F", "G"}


class CannotPlayError(Exception):
    """The case needs something that this path does not have."""


@dataclass
class OrderPath:
    """An order book reached over gRPC, its gateway, and the scripted venue.

    Attributes:
        venue: The venue, started, with the gateway logged on.
        orders: The order book as a client reaches it.
        metadata: Of each call: the client's token.
        account_id: Orders are placed for it; the client may trade it.
        instrument_id: SYMBOL.MIC, tradable without prices, in steps of 1.
        run: Begins each idempotency key, so that no two runs share one.
        patience_s: How long what the client sees may differ from the case before that counts.
    """

    venue: ScriptedVenue
    orders: OrderServiceStub
    metadata: Any
    account_id: str
    instrument_id: str
    run: str
    patience_s: float = 10.0
    keys: int = 0
    _requests: dict[str, Fields] = field(default_factory=dict)
    _read: int = 0

    @property
    def symbol(self) -> str:
        """Symbol(55) of the instrument."""
        return self.instrument_id.partition(".")[0]

    def key(self) -> str:
        """Return an idempotency key that was not used before."""
        self.keys += 1
        return f"{self.run}-{self.keys}"

    async def at_venue(self, cl_ord_id: str) -> Fields:
        """Wait until the venue has read a request, and return it."""

        def there() -> bool:
            messages = self.venue.messages
            while self._read < len(messages):
                message = messages[self._read]
                self._read += 1
                if message["35"] in REQUESTS:
                    self._requests[message["11"]] = message
            return cl_ord_id in self._requests

        await until(there, f"the venue reads {cl_ord_id}")
        return self._requests[cl_ord_id]

    def quote(self, price: str) -> None:
        """Let the order book see a last price of the instrument."""
        raise CannotPlayError(f"the order book needs a last price of {price}: an order in money")

    async def settled(self) -> None:
        """Wait until the order book has what the venue sent, as far as can be known from here."""
        await until(lambda: self.venue.sent == self.venue.sends, "the venue's engine sends")

    async def get(self, order_id: str) -> order_service_pb2.GetResponse:
        """Return an order and its executions as the client sees them."""
        request = order_service_pb2.GetRequest(order_id=order_id)
        found: order_service_pb2.GetResponse = await self.orders.Get(
            request, metadata=self.metadata
        )
        return found

    async def order(self, order_id: str) -> order_pb2.Order:
        """Return the order as the client sees it."""
        return (await self.get(order_id)).order

    async def again(self, since: float) -> bool:
        """Wait a moment if what is seen may still change; false when patience has ended."""
        if time.monotonic() - since >= self.patience_s:
            return False
        await asyncio.sleep(0.05)
        return True
