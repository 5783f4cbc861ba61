"""Codecs: what is written is read back, and framed bytes are what protobuf would write."""

from itertools import pairwise

import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import event_pb2, order_flow_service_pb2, order_pb2, order_service_pb2
from svc_oms.domain import events as ev
from svc_oms.service.codec import stream_frames as frames
from svc_oms.service.codec.order_events import DECODERS, ENCODERS, decode_event, encode_event
from svc_oms.service.codec.order_records import (
    fold_message,
    order_message,
    progress_message,
    read_order,
)
from tests.support.order_events import EVENTS, ORDER, ORDER_ID


def test_an_order_is_read_back_whole():
    message = order_message(ORDER, progress_message(ORDER))
    for part in (message, message.progress, fold_message(ORDER)):
        left_out = set(part.DESCRIPTOR.fields_by_name) - {
            field.name for field, _ in part.ListFields()
        }
        assert not left_out
    assert read_order(message.SerializeToString(), fold_message(ORDER).SerializeToString()) == ORDER


def test_every_kind_has_an_encoder_and_a_decoder():
    kinds = {field.name for field in event_pb2.OrderEvent.DESCRIPTOR.oneofs_by_name["kind"].fields}
    assert {name for name, _ in ENCODERS.values()} | {"accepted"} == kinds
    assert set(DECODERS) == kinds
    assert set(ENCODERS) == {type(event) for event in EVENTS}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_read_back(event):
    stamp = ev.Stamp(1, 2, 3, "venue:SIMA", "k1")
    line = decode_event(encode_event(event, stamp, ORDER, progress_message(ORDER)))
    assert line.event == event
    assert line.stamp == stamp
    assert (line.sequence, line.order_id) == (ORDER.last_sequence, ORDER_ID)


def test_an_unknown_kind_is_an_error():
    with pytest.raises(ValueError, match="unknown kind"):
        decode_event(event_pb2.OrderEvent(account_id="A", sequence=1).SerializeToString())


def test_framed_items_are_what_protobuf_writes():
    event = event_pb2.OrderEvent(account_id="A" * 200, sequence=1)
    order = order_pb2.Order(order_id=ORDER_ID)
    framed = frames.event_item(event.SerializeToString()) + frames.snapshot_item(
        order.SerializeToString()
    )
    items = [event_pb2.OrderStreamItem(event=event), event_pb2.OrderStreamItem(snapshot=order)]
    for response in (order_service_pb2.WatchResponse, order_flow_service_pb2.FlowResponse):
        assert framed == response(items=items).SerializeToString()


@pytest.mark.parametrize("number", [0, 127, 128, 300, 16_383, 16_384, 2**21, 2**63 - 1])
def test_a_whole_number_is_written_as_protobuf_writes_it(number: int):
    written = event_pb2.OrderEvent(sequence=number).SerializeToString()
    assert written == (b"\x10" + frames.varint(number) if number else b"")


def test_the_last_event_of_each_order_in_a_batch_carries_the_order():
    payload = event_pb2.OrderEvent(account_id="A").SerializeToString()
    orders = {name: order_pb2.Order(order_id=name) for name in ("one", "two")}
    bodies = {name: one.SerializeToString() for name, one in orders.items()}
    batch = [(name, payload) for name in ("one", "two", "one", "", "one")]
    framed = frames.joined(frames.event_items(batch, bodies))
    items = order_service_pb2.WatchResponse.FromString(framed).items
    assert [item.order.order_id for item in items] == ["", "two", "", "", "one"]
    assert [item.HasField("order") for item in items] == [False, True, False, False, True]
    assert all(item.event.account_id == "A" for item in items)


@pytest.mark.parametrize("number", [1, 127, 128, 16_384, 2**40])
def test_a_stored_command_gets_its_number(number):
    command = gw.VenueCommand(cl_ord_id="c", kind=gw.VENUE_COMMAND_KIND_NEW)
    payload = command.SerializeToString()
    for redelivered in (False, True):
        framed = frames.numbered_command(number, payload, redelivered=redelivered)
        command.outbound_sequence, command.redelivered = number, redelivered
        assert gw.LinkResponse.FromString(framed) == gw.LinkResponse(commands=[command])


def test_page_tokens_sort_with_their_orders():
    from svc_oms.api.paging import page_start, page_token

    request = order_service_pb2.ListRequest(open_only=True)
    tokens = [f"01JD00000000000000000000{i:02}" for i in range(3)]
    for order_id, later in pairwise(tokens):
        request.page_token = page_token(request, order_id)
        assert page_start(request) == order_id < later
