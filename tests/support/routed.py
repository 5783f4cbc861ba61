"""Two scripted venues that are routed to, and the books that they show."""

import asyncio
import hashlib
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from decimal import Decimal

from kernel.decimals import plain
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.domain.routing.decide import decide
from svc_oms.domain.routing.record import from_record
from tests.support.limits import FREE
from tests.support.oms import Client, Gateway, replica
from tests.support.waiting import until

ISIN = "NL0010273215"
KEY = f"{ISIN}/EUR"
MICS = ("SIMA", "SIMB")
BEST, POST, SPLIT, LIST, TWAP, POV = (
    order_pb2.ROUTING_STRATEGY_BEST,
    order_pb2.ROUTING_STRATEGY_POST,
    order_pb2.ROUTING_STRATEGY_SPLIT,
    order_pb2.ROUTING_STRATEGY_LIST,
    order_pb2.ROUTING_STRATEGY_TWAP,
    order_pb2.ROUTING_STRATEGY_POV,
)
IOC, DAY, GTC = (
    order_pb2.TIME_IN_FORCE_IOC,
    order_pb2.TIME_IN_FORCE_DAY,
    order_pb2.TIME_IN_FORCE_GTC,
)


def consolidated(bids=None, offers=None, left_out=None):
    """Make an update: {"SIMA": "100@650.05 200@650.10"} for each side."""
    book = market_data_pb2.ConsolidatedBook(isin=ISIN, currency="EUR")
    for mic in MICS:
        venue = book.venues.add(instrument_id=f"ASML.{mic}", venue_mic=mic)
        venue.left_out = (left_out or {}).get(mic, market_data_pb2.LEFT_OUT_UNSPECIFIED)
    for side, shown in ((book.bids, bids), (book.asks, offers)):
        for mic, text in (shown or {}).items():
            for level in text.split():
                size, price = level.split("@")
                entry = side.add(price=price, size=size)
                entry.shares.add(instrument_id=f"ASML.{mic}", size=size)
    return market_data_pb2.MarketDataUpdate(instrument_id=KEY, sequence=1, consolidated_book=book)


class Routed:
    """A replica with two venues, and a user who routes.

    Attributes:
        client: The user.
        venues: The gateway of each venue, by MIC.
    """

    def __init__(self, running, client, venues):
        self.running = running
        self.client = client
        self.venues = venues
        # No svc_marketdata runs: that its stream ends must not clear what a test shows.
        self.books.silent = lambda: None

    @property
    def books(self):
        return self.running.book.routing_books

    def show(self, bids=None, offers=None, left_out=None):
        """Set the books that decisions see."""
        self.books.need(KEY)
        self.books.heard()
        self.books.take(consolidated(bids, offers, left_out))

    async def place(self, key="k1", **fields):
        request = self.request(key, **fields)
        return (await self.client.orders.Place(request, metadata=self.client.metadata)).order

    def request(self, key, quantity="300", limit="650.10", strategy=BEST, **fields):
        terms = {"quantity": quantity, "time_in_force": fields.pop("time_in_force", DAY)}
        if limit:
            terms["limit_price"] = plain(Decimal(limit))
        routing = order_pb2.Routing(
            strategy=strategy,
            venues=fields.pop("venues", ()),
            denied_venues=fields.pop("denied", ()),
            schedule=fields.pop("schedule", None),
        )
        kind = order_pb2.ORDER_TYPE_LIMIT if limit else order_pb2.ORDER_TYPE_MARKET
        fields = {
            "account_id": "ACC-ALICE",
            "side": order_pb2.SIDE_BUY,
            "type": kind,
            "terms": order_pb2.OrderTerms(**terms),
            "isin": ISIN,
            "routing": routing,
        } | fields
        return order_service_pb2.PlaceRequest(idempotency_key=key, **fields)

    async def shown(self, order_id):
        request = order_service_pb2.ShowRoutingRequest(order_id=order_id)
        return await self.client.orders.ShowRouting(request, metadata=self.client.metadata)

    async def command(self, mic, index=0):
        return await self.venues[mic].command(index)

    async def acknowledge(self, mic, command, **fields):
        venue = self.venues[mic]
        quantity = command.terms.quantity
        await venue.receipt(command)
        report = venue.acknowledged(
            command.cl_ord_id, order_quantity=quantity, leaves_quantity=quantity, **fields
        )
        await venue.send(report)

    async def fill(self, mic, command, quantity=None, price=None, cum=None, **fields):
        """Execute a part of an order, all of it if no quantity is given."""
        venue, ordered = self.venues[mic], int(command.terms.quantity)
        done = ordered if quantity is None else int(quantity)
        total = done if cum is None else int(cum)
        await venue.send(
            venue.filled(
                command.cl_ord_id,
                str(done),
                str(total),
                str(ordered - total),
                order_quantity=str(ordered),
                last_price=price or command.terms.limit_price,
                **fields,
            )
        )

    async def end(self, mic, command, cum="0", status="4"):
        """Report the end of the rest of an IOC order, or the answer to a cancel."""
        venue = self.venues[mic]
        await venue.send(
            venue.report(
                command.cl_ord_id,
                status,
                status,
                order_quantity=command.terms.quantity,
                cum_quantity=cum,
                leaves_quantity="0",
            )
        )

    async def proven(self, order_id):
        """Check the records of an order: each gives the same decision again."""
        answer = await self.shown(order_id)
        assert answer.decisions
        for each in answer.decisions:
            assert not each.finding
            assert hashlib.sha256(each.record).digest() == each.record_hash
            inputs, decision = from_record(each.record)
            assert decide(inputs) == decision
        return answer


@asynccontextmanager
async def routed(book_url, tls, fees=None, **changes):
    """Run a replica with two venues that are up, and prices that stay alive."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(replica(book_url, tls, **changes))
        user = await stack.enter_async_context(running.channel())
        peer = await stack.enter_async_context(running.channel("svc-gateway"))
        venues = {}
        for mic in MICS:
            venue = venues[mic] = Gateway(peer, f"{mic.lower()}-orders", mic, f"test-{mic}")
            await venue.open(fees=[(fees or {}).get(mic, FREE)])
            stack.push_async_callback(venue.close)
        await until(lambda: running.book.venues.up() == set(MICS), "both venues up")
        alive = asyncio.create_task(_beat(running.book.routing_books))
        try:
            yield Routed(running, Client(user), venues)
        finally:
            alive.cancel()
            with suppress(asyncio.CancelledError):
                await alive


async def _beat(books):
    """Say that the books are as they are, as the heartbeats of svc_marketdata do."""
    while True:
        books.heard()
        await asyncio.sleep(0.5)
