"""Codecs: what is written is read back, and framed bytes are what protobuf would write."""

from decimal import Decimal
from itertools import pairwise

import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import event_pb2, order_flow_service_pb2, order_pb2, order_service_pb2
from svc_oms.domain import events as ev
from svc_oms.domain import model
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.service.codec import frames
from svc_oms.service.codec.events import DECODERS, ENCODERS, decode_event, encode_event
from svc_oms.service.codec.orders import fold_text, order_message, progress_message, read_order

ORDER_ID = "01JD0000000000000000000000"
TERMS = model.OrderTerms(
    Quantity(Decimal(100)),
    Price(Decimal("0.0000001")),
    Price(Decimal("1E+2")),
    Quantity(Decimal(10)),
    model.TimeInForce.GTD,
    1_700_000_000_123_456_789,
    Price(Decimal("0.5")),
    model.Peg(2, Price(Decimal("-0.05"))),
    model.TriggerPriceType.MIDPOINT,
)
REJECTION = model.Rejection("VENUE_REJECTED", "no", "terms", 99, "halted")
EXECUTION = model.Execution(
    "E1",
    "SIMA",
    ORDER_ID,
    "ACC-ALICE",
    "ASML.SIMA",
    model.Side.SELL,
    Quantity(Decimal(10)),
    Price(Decimal("650.05")),
    "EUR",
    5,
    6,
    1,
    "XPAR",
)
ORDER = model.Order(
    ORDER_ID,
    "ACC-ALICE",
    "k1",
    "ASML.SIMA",
    "ASML",
    "SIMA",
    "NL0010273215",
    "EUR",
    model.Side.SELL,
    model.OrderType.LIMIT,
    TERMS,
    Quantity(Decimal(90)),
    f"{ORDER_ID}-1",
    "alice",
    1_700_000_000_000_000_001,
    1_700_000_000_000_000_002,
    model.OrderState.PENDING_REPLACE,
    model.OrderState.PARTIALLY_FILLED,
    TERMS._replace(quantity=Quantity(Decimal(120))),
    Quantity(Decimal(10)),
    Decimal("6500.50"),
    4,
    3,
    f"{ORDER_ID}-2",
    f"{ORDER_ID}-3",
    (f"{ORDER_ID}-3", f"{ORDER_ID}-1"),
    Quantity(Decimal(20)),
    "V1",
    order_pb2.RegulatoryDetails(algorithmic=True).SerializeToString(),
    model.Link(model.LinkKind.OTO, "g", ORDER_ID),
    "note",
    REJECTION,
    7,
    9,
    2,
)
EVENTS = [
    ev.OrderAcknowledged("V1"),
    ev.OrderExecuted(EXECUTION),
    ev.CancelRequested(f"{ORDER_ID}-2"),
    ev.CancelPending(),
    ev.CancelRefused(f"{ORDER_ID}-2", REJECTION),
    ev.OrderCanceled(unsolicited=True, text="t"),
    ev.ReplaceRequested(f"{ORDER_ID}-3", TERMS),
    ev.ReplacePending(),
    ev.ReplaceRefused(f"{ORDER_ID}-3", REJECTION._replace(venue_code=None)),
    ev.OrderReplaced(TERMS, "V2"),
    ev.OrderRejected(REJECTION),
    ev.OrderExpired("day over"),
    ev.OrderDoneForDay(),
    ev.OrderSuspended("halt"),
    ev.OrderStopped(Price(Decimal(1))),
    ev.OrderStopped(),
    ev.OrderCalculated(),
    ev.OrderRestated(TERMS, 3),
    ev.ExecutionBusted("E2", "E1", Quantity(Decimal(10)), Price(Decimal("650.05"))),
    ev.ExecutionCorrected(
        "E1", EXECUTION._replace(exec_id="E3"), Quantity(Decimal(10)), Price(Decimal("650.05"))
    ),
    ev.OrderInDoubt(f"{ORDER_ID}-1", "crash", Quantity(Decimal(5))),
    ev.OrderInDoubt(f"{ORDER_ID}-1"),
    ev.OrderResolved(model.ResolutionSource.STATUS_REQUEST, f"{ORDER_ID}-1", "V1", REJECTION),
    ev.OrderResolved(model.ResolutionSource.VENUE_REPORT, f"{ORDER_ID}-1"),
    ev.OrderTriggered(Price(Decimal("1.5"))),
    ev.OrderApproved("bob", model.WaitsFor.PRICE),
    ev.TriggerMoved(model.Trigger(Price(Decimal("1.5")), Price(Decimal(2)))),
    ev.OrderReleased(model.WaitsFor.VENUE, "its venue is down"),
    ev.CommandRefused("place", REJECTION),
    ev.VenueReportParked("8", "unreadable"),
]


def test_an_order_is_read_back_whole():
    message = order_message(ORDER, progress_message(ORDER))
    assert read_order(message.SerializeToString(), fold_text(ORDER)) == ORDER


def test_every_kind_has_an_encoder_and_a_decoder():
    kinds = {field.name for field in event_pb2.OrderEvent.DESCRIPTOR.oneofs_by_name["kind"].fields}
    assert {name for name, _, _ in ENCODERS.values()} | {"accepted"} == kinds
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
