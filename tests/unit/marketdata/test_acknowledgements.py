"""When a gateway learns that its frames were taken."""

import pytest

from ordermesh.marketdata.v1 import feed_service_pb2 as pb
from svc_marketdata.api import feed as module
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData
from tests.support.clock import ManualClock


@pytest.fixture
def feed():
    data = MarketData(Hub(ProtoEncoder(), Limits(), "epoch"), ManualClock())
    made = module.GatewayFeed(data, pb.FeedOpen(session_id="s", venue_mic="SIMA", epoch="one"))
    yield made
    made.close()


def frames(feed, first, last):
    for number in range(first, last + 1):
        feed.take(pb.FeedRequest(frame_sequence=number))


async def test_one_acknowledgement_speaks_for_the_frames_of_a_moment(feed):
    frames(feed, 1, 1)
    # What it opens with wants a refresh, which is sent at once.
    assert (await feed.next_response()).refresh
    frames(feed, 2, 4)
    assert not feed._news.is_set()
    assert (await feed.next_response()).acknowledged_frame_sequence == 4


async def test_a_gateway_that_sends_much_is_answered_without_a_pause(feed):
    frames(feed, 1, 1)
    await feed.next_response()
    frames(feed, 2, 1 + module.ACKNOWLEDGE_FRAMES)
    assert feed._news.is_set()
    response = await feed.next_response()
    assert response.acknowledged_frame_sequence == 1 + module.ACKNOWLEDGE_FRAMES
