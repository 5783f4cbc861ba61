"""How the bench times a routed order: by the venue's answer to its child."""

import asyncio

import pytest

from bench.whole_mesh.routed import RoutedFlow
from ordermesh.oms.v1 import event_pb2, order_flow_service_pb2, order_pb2

KEYS = [("NL0010273215", "EUR"), ("NL0011821202", "EUR")]


class Call:
    """The stream of a flow: what was written, and the answers that are read."""

    def __init__(self):
        self.written = []
        self.answers = asyncio.Queue()

    async def write(self, request):
        self.written.append(request)

    async def read(self):
        return await self.answers.get()


def accepted(order_id, parent_id=""):
    order = order_pb2.Order(order_id=order_id)
    if parent_id:
        order.link.parent_order_id = parent_id
    event = event_pb2.OrderEvent(order_id=order_id, accepted=event_pb2.OrderAccepted(order=order))
    return event_pb2.OrderStreamItem(event=event)


def acknowledged(order_id):
    event = event_pb2.OrderEvent(order_id=order_id, acknowledged=event_pb2.OrderAcknowledged())
    return event_pb2.OrderStreamItem(event=event)


@pytest.mark.parametrize("result_first", [True, False])
async def test_a_routed_order_is_answered_when_its_child_is(result_first):
    call = Call()
    flow = RoutedFlow(call, ["ASML.SIMA", "ASML.SIMB"], "run", keys=KEYS, timed=True)
    reader = asyncio.create_task(flow.read())
    await flow.place(2)
    first, second = [command.place for command in call.written[0].commands]
    assert {(one.isin, one.currency) for one in (first, second)} == set(KEYS)
    assert {one.instrument_id for one in (first, second)} == {""}
    assert first.routing.strategy == order_pb2.ROUTING_STRATEGY_BEST

    answer = order_flow_service_pb2.FlowResponse
    result = order_flow_service_pb2.FlowResult(correlation_id=1)
    result.accepted.order_id = "P"
    events = [accepted("P"), acknowledged("P"), accepted("C", "P"), acknowledged("C")]
    frames = [answer(results=[result]), answer(items=events)]
    for frame in frames if result_first else reversed(frames):
        call.answers.put_nowait(frame)
    # An acknowledgement of another order, or of this one again, answers nothing.
    call.answers.put_nowait(answer(items=[acknowledged("C"), acknowledged("X")]))
    async with asyncio.timeout(10):
        await flow.until_answered(1)
        while not call.answers.empty():
            await asyncio.sleep(0)
    assert (flow.acknowledged, len(flow.acknowledged_ms), len(flow.accepted_ms)) == (1, 1, 1)
    assert not flow.parents
    reader.cancel()
