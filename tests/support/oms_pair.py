"""Two OMS replicas on one database, one scripted gateway, and many callers on both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from tests.support.limits import other_listing
from tests.support.oms import Client, Gateway, Replica, replica, trading
from tests.support.waiting import until


class Pair(NamedTuple):
    """Two replicas; the gateway's link and the limits are at the first."""

    replicas: list[Replica]
    clients: list[Client]
    limits: LimitServiceStub
    gateway: Gateway

    def know(self, last_price: str) -> None:
        """Let both hear a price of ASML.SIMA, and of a second listing, PHIA.SIMA."""
        for each in self.replicas:
            market = each.book.market
            market.learn([other_listing()])
            market.references.heard()
            market.references.learn("ASML.SIMA", market_data_pb2.Quote(last_price=last_price))


@asynccontextmanager
async def pair(url: str, tls: Path) -> AsyncIterator[Pair]:
    async with (
        trading(url, tls) as (first, client, gateway),
        replica(url, tls) as second,
        first.channel() as risk,
        second.channel() as other,
    ):
        clients = [client, Client(other)]
        yield Pair([first, second], clients, LimitServiceStub(risk), gateway)


async def all_sent(url: str, gateway: Gateway) -> None:
    """Wait for all that is committed: the other replica's reaches the link a moment later."""
    store = await PostgresStore.connect(url)
    (session,) = await store.sessions()
    await store.close()
    await until(lambda: len(gateway.commands) >= session.outbound_sequence, "all commands")
