"""Trading against a mesh under test: clients, load, and the checks of the invariants afterwards."""

import asyncio
import random
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from meshctl.blotter import CLOSED, Blotter
from meshctl.client import local_mesh
from meshctl.stack.servers.postgres import EmbeddedPostgres
from ordermesh.marketdata.v1 import instrument_pb2, market_data_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh_client import MeshClient, MeshRefusedError, MeshUnreachableError
from tests.support.stack import Mesh

RETRY_FOR_S = 60.0
HEAL_TIMEOUT_S = 30.0
JOURNAL_ORDER_FIELDS = 17
SETTLE_TIMEOUT_S = 60.0
VERIFY_TIMEOUT_S = 600.0
"""It takes a minute for a million events."""


@asynccontextmanager
async def logged_in(mesh: Mesh, username: str) -> AsyncIterator[MeshClient]:
    """A client of the edge with a demo user's login."""
    async with local_mesh(mesh.home, keep_login=False) as client:
        async with asyncio.timeout(HEAL_TIMEOUT_S):
            while True:
                try:
                    await client.login(username, mesh.users[username])
                    break
                except MeshUnreachableError:  # still healing from the test before
                    await asyncio.sleep(0.1)
        yield client


def limit_order(
    account: str,
    listing: str,
    side: order_pb2.Side,
    quantity: str,
    price: str,
    tif: order_pb2.TimeInForce = order_pb2.TIME_IN_FORCE_DAY,
) -> order_service_pb2.PlaceRequest:
    """A limit order with a key of its own; a market order when the price is empty."""
    return order_service_pb2.PlaceRequest(
        idempotency_key=str(uuid.uuid4()),
        account_id=account,
        instrument_id=listing,
        side=side,
        type=order_pb2.ORDER_TYPE_LIMIT if price else order_pb2.ORDER_TYPE_MARKET,
        terms=order_pb2.OrderTerms(quantity=quantity, limit_price=price, time_in_force=tif),
    )


async def two_sided_quote(client: MeshClient, listing: str) -> market_data_pb2.Quote:
    """Wait until the listing has a bid and an offer."""
    async with asyncio.timeout(30):
        async for item in client.watch_quotes([listing], interval_ms=50):
            quote = item.update.quote
            if item.WhichOneof("item") == "update" and quote.bid_price and quote.ask_price:
                if not quote.stale:
                    return quote
    raise AssertionError("unreachable")


@dataclass
class Load:
    """Commands against the mesh from many tasks, and a reader that must not miss anything."""

    client: MeshClient
    account: str
    listings: list[instrument_pb2.Instrument]
    seed: int = 7
    mine_max: int = 1_000_000
    """Orders of a task that it has not cancelled; at so many it cancels one first."""
    pause_s: float = 0
    """Seconds that a task rests after each command; 0 is as fast as the mesh answers."""
    blotter: Blotter = field(default_factory=Blotter)
    answered: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    commands: int = 0
    _stop: bool = False

    async def read(self) -> None:
        """Follow the account until cancelled."""
        async for item in self.client.watch_orders([self.account]):
            self.blotter.apply(item)

    async def trade(self, tasks: int) -> None:
        """Place, replace and cancel from ``tasks`` tasks until stopped."""
        quotes = {
            one.instrument_id: await two_sided_quote(self.client, one.instrument_id)
            for one in self.listings
        }
        await asyncio.gather(*(self._task(number, quotes) for number in range(tasks)))

    def stop(self) -> None:
        """Let every task finish the command it is at."""
        self._stop = True

    async def _task(self, number: int, quotes: dict[str, market_data_pb2.Quote]) -> None:
        chance = random.Random(self.seed * 1000 + number)
        mine: list[str] = []
        while not self._stop:
            self.commands += 1
            try:
                if mine and (len(mine) >= self.mine_max or chance.random() < 0.3):
                    await self.client.cancel(mine.pop(0), retry_for_s=RETRY_FOR_S)
                elif mine and chance.random() < 0.2:
                    await self._replace(mine[-1])
                else:
                    mine.append(await self._place(chance, quotes))
            except MeshRefusedError as error:
                self.refused.append(error.reason)
                await asyncio.sleep(0.05)
            if self.pause_s:
                await asyncio.sleep(self.pause_s)

    async def _place(self, chance: random.Random, quotes: dict[str, market_data_pb2.Quote]) -> str:
        listing = chance.choice(self.listings).instrument_id
        side = chance.choice((order_pb2.SIDE_BUY, order_pb2.SIDE_SELL))
        buys, takes = side == order_pb2.SIDE_BUY, chance.random() < 0.5
        price = quotes[listing].ask_price if buys == takes else quotes[listing].bid_price
        request = limit_order(self.account, listing, side, str(chance.randrange(1, 50)), price)
        order = (await self.client.place(request, retry_for_s=RETRY_FOR_S)).order
        assert self.answered.setdefault(request.idempotency_key, order.order_id) == order.order_id
        return order.order_id

    async def _replace(self, order_id: str) -> None:
        order = self.blotter.orders.get(order_id)
        if order is None:
            return
        terms = order_pb2.OrderTerms()
        terms.CopyFrom(order.terms)
        terms.quantity = str(Decimal(terms.quantity) + 5)
        request = order_service_pb2.ReplaceRequest(order_id=order_id, terms=terms)
        await self.client.replace(request, retry_for_s=RETRY_FOR_S)

    async def settle(self) -> None:
        """Cancel what is open and wait until the stream has shown every order closed."""
        await self.client.cancel_all(self.account)
        asked: set[str] = set()

        async def closed() -> None:
            while True:
                orders = self.blotter.open_orders()
                known = self.blotter.orders.keys() >= set(self.answered.values())
                if known and not orders:
                    return
                for one in orders:
                    resting = one.progress.state in {
                        order_pb2.ORDER_STATE_NEW,
                        order_pb2.ORDER_STATE_PARTIALLY_FILLED,
                    }
                    if resting and one.order_id not in asked:
                        asked.add(one.order_id)
                        try:
                            await self.client.cancel(one.order_id, retry_for_s=RETRY_FOR_S)
                        except MeshRefusedError as error:
                            assert error.reason in {"ORDER_CLOSED", "ORDER_CHANGE_PENDING"}, error
                            asked.discard(one.order_id)
                await asyncio.sleep(0.05)

        try:
            await asyncio.wait_for(closed(), SETTLE_TIMEOUT_S)
        except TimeoutError:
            left = {one.order_id: one.progress.state for one in self.blotter.open_orders()}
            missing = set(self.answered.values()) - self.blotter.orders.keys()
            raise AssertionError(f"open: {left}; never streamed: {missing}") from None


def check_invariants(mesh: Mesh, load: Load) -> None:
    """Invariants 1 to 6 on what the database, the stream and the venue have."""
    assert not load.blotter.holes, load.blotter.holes[:5]  # 6: no loss, no repeat
    for order_id in load.answered.values():  # 1: what was acknowledged exists
        assert order_id in load.blotter.orders
    assert len(set(load.answered.values())) == len(load.answered)  # 2: an order per intent
    for one in load.blotter.orders.values():  # 4: arithmetic
        cum, leaves = Decimal(one.progress.cum_quantity), Decimal(one.progress.leaves_quantity)
        assert cum >= 0
        if one.progress.state in CLOSED:
            assert leaves == 0
        else:
            assert cum + leaves == Decimal(one.terms.quantity)
    check_venues(mesh, load)  # 2 and 3 as the venues have it
    verified = verify(mesh)  # 3, 4, 5, 6 on the log itself
    assert verified.returncode == 0, verified.stdout + verified.stderr


def check_venues(mesh: Mesh, load: Load) -> None:
    """No intent is two orders at a venue, and what it executed is what we have."""
    at_venue: dict[str, tuple[str, str]] = {}
    for mic in ("sima", "simb"):
        journal = mesh.home.data / mic / mic.upper() / "orders.journal"
        for line in journal.read_text("utf-8").splitlines():
            kind, *fields = line.split("\x01")
            if kind != "O" or len(fields) < JOURNAL_ORDER_FIELDS:  # kill -9 may cut the last line
                continue
            venue_order, cum, requests = f"{mic} {fields[1]}", fields[11], fields[16]
            ours = requests.split("\x02")[0].rpartition("-")[0]
            known = at_venue.get(ours)
            assert known is None or known[0] == venue_order, (ours, known, venue_order)
            at_venue[ours] = (venue_order, cum)  # the last record is how it stands
    for order_id in load.answered.values():
        cum = at_venue.get(order_id, ("never arrived", "0"))[1]
        ours = load.blotter.orders[order_id].progress.cum_quantity
        assert Decimal(ours) == Decimal(cum), (order_id, ours, at_venue.get(order_id))


def verify(mesh: Mesh) -> subprocess.CompletedProcess[str]:
    """Run the OMS's own verification of log and rows."""
    url = EmbeddedPostgres(mesh.home, mesh.ports["postgres"]).url("oms")
    return subprocess.run(
        [sys.executable, "-m", "svc_oms.admin", "verify"],
        env={"PATH": "/usr/bin:/bin", "ORDERMESH_DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=VERIFY_TIMEOUT_S,
        check=False,
    )
