"""A gateway whose updates cannot be read is not asked for everything again and again."""

import asyncio

from ordermesh.marketdata.v1 import feed_service_pb2 as pb
from svc_marketdata.api import feed as feed_api
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData
from tests.support.clock import ManualClock


async def test_the_pause_doubles_while_refreshes_bring_the_same(monkeypatch) -> None:
    data = MarketData(Hub(ProtoEncoder(), Limits(), "epoch"), ManualClock())
    feed = feed_api.GatewayFeed(data, pb.FeedOpen(session_id="s", venue_mic="SIMA", epoch="one"))
    now = 0.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now, raising=False)
    asked = []
    for second in range(18 * 60):
        now = float(second)
        feed.session.unreadable("ASML.SIMA")
        feed._news.set()
        if (await feed.next_response()).refresh:
            asked.append(second)
    assert asked == [0, 5, 15, 35, 75, 155, 315, 615, 915]
    # After a time without such updates it is asked at once again.
    now += 2 * feed_api.REFRESH_PAUSE_S_MAX
    feed.session.unreadable("ASML.SIMA")
    feed._news.set()
    assert (await feed.next_response()).refresh
    feed.close()
