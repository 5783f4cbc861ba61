"""Replicas, kill -9 and a database that is away: every alert fires, and each once."""

import asyncio
import random

import pytest

from kernel.clock import SystemClock
from tests.integration.marketdata.alerts.support import (
    ACTIVE,
    ASML,
    BID,
    FIRED,
    User,
    logged,
)
from tests.integration.marketdata.conftest import bid
from tests.integration.marketdata.history.support import eventually, replica, trade
from tests.support.marketdata_database import template
from tests.support.postgres import PostgresServer
from tests.support.waiting import until

ALERTS = 40
PRICES = [100 + n for n in range(ALERTS)]


def firings(entries):
    """How often each alert fired, and whether every user's sequences have no gap."""
    fired: dict[str, int] = {}
    last: dict[str, int] = {}
    for user_id, sequence, alert_id, state in entries:
        assert sequence == last.get(user_id, 0) + 1
        last[user_id] = sequence
        fired[alert_id] = fired.get(alert_id, 0) + (state == FIRED)
    return fired


@pytest.mark.long
async def test_two_replicas_one_of_them_killed_fire_every_alert_once(
    tls_folder, mint, marketdata_url, tmp_path
):
    async with (
        replica(tls_folder, mint, marketdata_url, tmp_path) as (process, one),
        replica(tls_folder, mint, marketdata_url, tmp_path) as (_, other),
    ):
        gateways = [await past.service.gateway().open() for past in (one, other)]
        users = [User(one.service, "vera"), User(other.service, "otto")]
        made = [await users[n % 2].make(above=str(price)) for n, price in enumerate(PRICES)]
        killed_at = random.Random().randrange(len(PRICES))

        async def feed(gateway, *, dies):
            for n, price in enumerate(PRICES):
                if dies and n == killed_at:
                    process.kill()
                    return
                await gateway.send(updates=[trade(ASML, str(price), trade_id=f"T{n}")])

        await asyncio.gather(feed(gateways[0], dies=True), feed(gateways[1], dies=False))

        async def all_fired():
            entries = await logged(marketdata_url)
            return sum(state == FIRED for *_, state in entries) >= len(PRICES)

        await eventually(all_fired, "every alert fired")
        fired = firings(await logged(marketdata_url))
        assert fired == {alert.alert_id: 1 for alert in made}, f"killed at {killed_at}"
        # The replica that is left knows of both users' alerts what both replicas recorded.
        for user in (User(other.service, "vera"), users[1]):
            assert {one.state for one in await user.alerts(page_size=500)} == {FIRED}


async def test_after_kill_9_an_active_alert_fires_at_the_price_that_is_there(
    tls_folder, mint, marketdata_url, tmp_path
):
    async with replica(tls_folder, mint, marketdata_url, tmp_path) as (process, past):
        vera = User(past.service, "vera")
        gateway = await past.service.gateway().open()
        waits = await vera.make(above="20", price=BID)
        fires = await vera.make(above="10.5", price=BID)
        process.kill()
        del gateway
    async with replica(tls_folder, mint, marketdata_url, tmp_path) as (_, past):
        vera = User(past.service, "vera")
        gateway = await past.service.gateway(epoch="two").open()
        assert {one.state for one in await vera.alerts()} == {ACTIVE}
        await gateway.send(updates=[bid(ASML, "10.7")])
        assert (await vera.until(fires.alert_id, FIRED)).fired_price == "10.7"
        assert (await vera.alert(waits.alert_id)).state == ACTIVE


@pytest.fixture
def own_server(tmp_path):
    """A server that a test may stop."""
    server = PostgresServer(tmp_path)
    server.start()
    yield server
    server.stop()


async def test_what_fires_while_the_database_is_away_is_recorded_when_it_is_back(
    tls_folder, mint, own_server, tmp_path
):
    url = own_server.create_database(await asyncio.to_thread(template, own_server))
    async with replica(tls_folder, mint, url, tmp_path) as (process, past):
        vera = User(past.service, "vera")
        gateway = await past.service.gateway().open()
        made = await vera.make(above="12")
        await asyncio.to_thread(own_server.stop)
        fell_ns = SystemClock().now_ns()
        await gateway.send(updates=[trade(ASML, "13")])
        await gateway.send(updates=[trade(ASML, "9")])
        await until(lambda: process.metric("alerts_waiting") == 1, "it has fired")
        await asyncio.to_thread(own_server.start)
        back_ns = SystemClock().now_ns()
        fired = await vera.until(made.alert_id, FIRED)
        assert fired.fired_price == "13"
        assert fell_ns < fired.ended_at.ToNanoseconds() < back_ns
        assert firings(await logged(url)) == {made.alert_id: 1}
