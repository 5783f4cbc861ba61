"""One port speaks native gRPC, gRPC-Web and JSON, unary and streaming."""

import ipaddress
import json
import struct

import grpc
import pytest

from mesh.errors import abort_arguments, refuse
from ordermesh.identity.v1 import auth_service_pb2 as identity
from ordermesh.identity.v1 import auth_service_pb2_grpc as identity_grpc
from ordermesh.oms.v1 import order_flow_service_pb2 as flow
from ordermesh.oms.v1 import order_flow_service_pb2_grpc as flow_grpc
from ordermesh.oms.v1 import order_service_pb2 as oms
from ordermesh.oms.v1 import order_service_pb2_grpc as oms_grpc
from tests.support.edge import get_order, request
from tests.support.refusals import refusal_of_blocking
from tests.support.tokens import bearer

GET = "/ordermesh.oms.v1.OrderService/Get"
LIST = "/ordermesh.oms.v1.OrderService/List"
WATCH = "/ordermesh.oms.v1.OrderService/Watch"
FLOW = "/ordermesh.oms.v1.OrderFlowService/Flow"
LOGIN = "/ordermesh.identity.v1.AuthService/Login"


def post(edge, path, body, token="", **headers):
    answer = request(edge, "POST", path, body, token, **headers)
    return answer, answer.body


def post_json(edge, path, value, token=""):
    body = json.dumps(value)
    return post(edge, path, body, token, content_type="application/json")


def post_grpc_web(edge, path, message, token=""):
    payload = message.SerializeToString()
    body = struct.pack(">BI", 0, len(payload)) + payload
    return post(edge, path, body, token, content_type="application/grpc-web+proto", x_grpc_web="1")


def frames(content):
    """Take a gRPC-Web answer apart: messages, trailers."""
    messages, trailers = [], {}
    while content:
        kind, length = struct.unpack(">BI", content[:5])
        payload, content = content[5 : 5 + length], content[5 + length :]
        if kind & 0x80:
            for line in payload.decode().splitlines():
                name, _, value = line.partition(":")
                trailers[name.strip().lower()] = value.strip()
        else:
            messages.append(payload)
    return messages, trailers


def an_order(order_id="01ARZ3NDEKTSV4RRFFQ69G5FAV"):
    response = oms.GetResponse()
    response.order.order_id = order_id
    return response


def refusing(_request, context):
    code, text, trailing = abort_arguments(
        refuse("ORDER_NOT_FOUND", "no order X", "order_id", order_id="X")
    )
    context.set_trailing_metadata(trailing)
    context.abort(code, text)


def test_native_grpc_over_tls(edge, token):
    edge.backends["svc-oms"].behaviours[GET] = lambda request, _: an_order(request.order_id)
    with edge.channel() as channel:
        answer = get_order(channel, token, "A")
    assert answer.order.order_id == "A"
    (seen,) = edge.backends["svc-oms"].seen
    assert seen["authorization"] == f"Bearer {token}"  # forwarded: the service verifies it again
    # For a caller on loopback Envoy writes this machine's own address.
    assert ipaddress.ip_address(seen["x-forwarded-for"])


def test_what_a_caller_claims_of_its_address_stays_in_front(edge, token):
    with edge.channel() as channel:
        get_order(channel, token, "", ("x-forwarded-for", "203.0.113.9"))
    (seen,) = edge.backends["svc-oms"].seen
    claimed, added = seen["x-forwarded-for"].split(",")
    assert claimed == "203.0.113.9"
    assert ipaddress.ip_address(added) != ipaddress.ip_address(claimed)


def test_bidirectional_stream(edge, token):
    def echo(requests, _):
        for frame in requests:
            numbers = [command.correlation_id for command in frame.commands]
            yield flow.FlowResponse(results=[{"correlation_id": number} for number in numbers])

    edge.backends["svc-oms"].behaviours[FLOW] = echo
    with edge.channel() as channel:
        answers = flow_grpc.OrderFlowServiceStub(channel).Flow(
            (
                flow.FlowRequest(commands=[flow.FlowCommand(correlation_id=number)])
                for number in range(50)
            ),
            metadata=bearer(token),
            timeout=10,
        )
        numbers = [answer.results[0].correlation_id for answer in answers]
    assert numbers == list(range(50))


def test_grpc_web_unary(edge, token):
    edge.backends["svc-oms"].behaviours[GET] = lambda request, _: an_order(request.order_id)
    answer, content = post_grpc_web(edge, GET, oms.GetRequest(order_id="B"), token)
    messages, trailers = frames(content)
    assert answer.status == 200
    assert answer.getheader("content-type") == "application/grpc-web+proto"
    assert oms.GetResponse.FromString(messages[0]).order.order_id == "B"
    assert trailers["grpc-status"] == "0"


def test_grpc_web_stream(edge, token):
    edge.backends["svc-oms"].behaviours[WATCH] = lambda *_: iter([oms.WatchResponse()] * 3)
    _, content = post_grpc_web(edge, WATCH, oms.WatchRequest(), token)
    messages, trailers = frames(content)
    assert len(messages) == 3
    assert trailers["grpc-status"] == "0"


def test_grpc_web_carries_refusals(edge, token):
    edge.backends["svc-oms"].behaviours[GET] = refusing
    answer, content = post_grpc_web(edge, GET, oms.GetRequest(), token)
    trailers = frames(content)[1] or {k.lower(): v for k, v in answer.getheaders()}
    assert trailers["grpc-status"] == str(grpc.StatusCode.NOT_FOUND.value[0])
    assert trailers["grpc-status-details-bin"]


def test_json_without_annotations_in_the_contracts(edge):
    def login(request, _):
        return identity.LoginResponse(user=identity.User(username=request.username))

    edge.backends["svc-identity"].behaviours[LOGIN] = login
    answer, content = post_json(edge, LOGIN, {"username": "alice", "password": "x"})
    assert (answer.status, json.loads(content)) == (200, {"user": {"username": "alice"}})


def test_json_refusal_with_reason(edge, token):
    edge.backends["svc-oms"].behaviours[GET] = refusing
    answer, content = post_json(edge, GET, {}, token)
    (info,) = json.loads(content)["details"]
    assert answer.status == 404
    assert (info["reason"], info["domain"]) == ("ORDER_NOT_FOUND", "ordermesh")
    assert info["metadata"]["order_id"] == "X"


def test_json_stream_is_a_line_per_message(edge, token):
    edge.backends["svc-oms"].behaviours[WATCH] = lambda *_: iter([oms.WatchResponse()] * 3)
    answer, content = post_json(edge, WATCH, {}, token)
    assert answer.status == 200
    assert [json.loads(line) for line in content.splitlines()] == [{}] * 3


@pytest.mark.parametrize("body", ["{", "[]", '{"order_id": 1.5}'])
def test_malformed_json_is_the_callers_fault(edge, token, body):
    answer, _ = post(edge, GET, body, token, content_type="application/json")
    assert answer.status == 400
    assert edge.backends["svc-oms"].seen == []


def a_long_list(count=3_000):
    response = oms.ListResponse()
    for number in range(count):
        order = response.orders.add()
        order.order_id = f"{number:026}"
        order.account_id = "A" * 400
    return response


def test_answers_greater_than_every_buffer(edge, token):
    edge.backends["svc-oms"].behaviours[LIST] = lambda *_: a_long_list()
    with edge.channel(("grpc.max_receive_message_length", 8_000_000)) as channel:
        answer = oms_grpc.OrderServiceStub(channel).List(
            oms.ListRequest(), metadata=bearer(token), timeout=10
        )
    assert answer.ByteSize() > 1_000_000
    assert len(answer.orders) == 3_000
    http_answer, content = post_json(edge, LIST, {}, token)
    assert http_answer.status == 200
    assert len(json.loads(content)["orders"]) == 3_000


def test_unary_requests_have_a_greatest_size(edge, token):
    text = "x" * (edge.values.request_body_max_bytes + 1)
    answer, _ = post_json(edge, GET, {"orderId": text}, token)
    assert answer.status == 413
    with edge.channel() as channel:
        refused = refusal_of_blocking(get_order, channel, token, text)
    assert refused.code is not grpc.StatusCode.OK
    assert edge.backends["svc-oms"].seen == []


def test_a_stream_may_send_more_than_a_unary_request(edge, token):
    def count(requests, _):
        sent = sum(frame.ByteSize() for frame in requests)
        yield flow.FlowResponse(results=[flow.FlowResult(correlation_id=sent)])

    edge.backends["svc-oms"].behaviours[FLOW] = count
    frame = flow.FlowRequest(commands=[flow.FlowCommand(correlation_id=2**63)] * 500)
    many = edge.values.request_body_max_bytes // frame.ByteSize() + 10
    with edge.channel() as channel:
        (answer,) = flow_grpc.OrderFlowServiceStub(channel).Flow(
            iter([frame] * many), metadata=bearer(token), timeout=20
        )
    assert answer.results[0].correlation_id == many * frame.ByteSize()


def test_login_needs_no_token_on_any_protocol(edge):
    with edge.channel() as channel:
        identity_grpc.AuthServiceStub(channel).Login(identity.LoginRequest(), timeout=5)
    _, content = post_grpc_web(edge, LOGIN, identity.LoginRequest())
    assert frames(content)[1]["grpc-status"] == "0"
    assert post_json(edge, LOGIN, {})[0].status == 200


def test_native_refusal_keeps_its_details(edge, token):
    edge.backends["svc-oms"].behaviours[GET] = refusing
    with edge.channel() as channel:
        refused = refusal_of_blocking(get_order, channel, token)
    assert refused.reason == "ORDER_NOT_FOUND"
