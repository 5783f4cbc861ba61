"""Whoever writes into a call or reads it learns why it ended, whoever notices the end first."""

import asyncio

import grpc
import pytest

from mesh.streams.peer_call import CallEndedError, PeerCall
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import feed_service_pb2_grpc
from tests.support.calls import EndingCall

REFUSED = (grpc.StatusCode.PERMISSION_DENIED, "the peer is no feed")
CALLS = 60


class Refusing(feed_service_pb2_grpc.FeedServiceServicer):
    """A service that ends every call at once."""

    async def Feed(self, _requests, context):  # noqa: N802
        await context.abort(*REFUSED)
        yield


@pytest.mark.parametrize("when", ["before", "under way", "late"])
@pytest.mark.parametrize("reads", [False, True], ids=["no reader", "a reader waits"])
async def test_the_peers_status_is_the_one_that_is_raised(when, reads):
    call = PeerCall(EndingCall(REFUSED, when))
    reader = asyncio.create_task(call.receive()) if reads else None
    await asyncio.sleep(0)
    with pytest.raises(CallEndedError) as first:
        await call.send("frame")
    with pytest.raises(CallEndedError) as second:
        await call.send("frame")
    ends = [first.value, second.value]
    if reader:
        with pytest.raises(CallEndedError) as read:
            await reader
        ends.append(read.value)
    assert {(end.code, end.details) for end in ends} == {REFUSED}
    assert str(first.value) == "PERMISSION_DENIED: the peer is no feed"


async def test_calls_that_a_real_server_ends_while_messages_are_under_way_keep_its_status():
    server = grpc.aio.server()
    feed_service_pb2_grpc.add_FeedServiceServicer_to_server(Refusing(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    ends = set()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = feed_service_pb2_grpc.FeedServiceStub(channel)
        for number in range(CALLS):
            call = PeerCall(stub.Feed())
            try:
                while True:
                    await call.send(feed.FeedRequest())
                    for _ in range(number % 7):  # other turns of the loop, other orders of events
                        await asyncio.sleep(0)
            except CallEndedError as end:
                ends.add((end.code, end.details))
    await server.stop(0)
    assert ends == {REFUSED}
