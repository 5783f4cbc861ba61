"""Every refusal has one shape, whether a service or Envoy refuses, for JSON, gRPC-Web and gRPC."""

import base64
import contextlib
import json
import socket
import threading

import grpc
import pytest
from google.rpc import status_pb2
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo

from mesh.errors import ERROR_TABLE, read_refusal
from ordermesh.identity.v1 import auth_service_pb2 as identity
from ordermesh.oms.v1 import order_service_pb2 as oms
from tests.support.edge import get_order, request, running_edge
from tests.support.forgeries import Forger
from tests.support.refusals import refusal_of_blocking
from tests.support.tokens import bearer

GET = "/ordermesh.oms.v1.OrderService/Get"
LOGIN = "/ordermesh.identity.v1.AuthService/Login"
WEB = ["application/grpc-web+proto", "application/grpc-web", "application/grpc-web-text"]


def json_refusal(answer):
    """HTTP status, reason and message; the shape is checked."""
    assert answer.getheader("content-type") == "application/json"
    body = json.loads(answer.body)
    assert body.keys() == {"code", "message", "details"}
    info = body["details"][0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert info["domain"] == "ordermesh"
    rule = ERROR_TABLE[info["reason"]]
    assert body["code"] == rule.code.value[0]
    assert info["metadata"]["retry_class"]
    assert body["message"]
    return answer.status, info["reason"], body["message"]


def web_refusal(answer):
    """The same of a gRPC-Web answer without a body."""
    assert answer.status == 200
    assert answer.getheader("content-type").startswith("application/grpc-web")
    status = status_pb2.Status.FromString(
        base64.b64decode(answer.getheader("grpc-status-details-bin") + "==")
    )
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert int(answer.getheader("grpc-status")) == status.code
    assert status.code == ERROR_TABLE[info.reason].code.value[0]
    assert answer.getheader("grpc-message")
    return info.reason


def web_frame(message):
    payload = message.SerializeToString()
    return b"\0" + len(payload).to_bytes(4, "big") + payload


def post(edge, path=GET, body=b"{}", token="", content_type="application/json"):
    return request(edge, "POST", path, body, token, content_type=content_type)


@pytest.mark.parametrize("content_type", WEB)
def test_without_a_token(edge, content_type):
    assert json_refusal(post(edge))[:2] == (401, "UNAUTHENTICATED")
    with edge.channel() as channel:
        native = refusal_of_blocking(get_order, channel)
    assert (native.code, native.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert "authorization: Bearer" in native.text
    assert web_refusal(post(edge, content_type=content_type)) == "UNAUTHENTICATED"


def test_an_expired_token(edge, signing_key):
    token = Forger(signing_key).expired()
    assert json_refusal(post(edge, token=token))[:2] == (401, "TOKEN_EXPIRED")
    with edge.channel() as channel:
        assert refusal_of_blocking(get_order, channel, token).reason == "TOKEN_EXPIRED"
    assert web_refusal(post(edge, token=token, content_type=WEB[0])) == "TOKEN_EXPIRED"


def test_an_rpc_that_does_not_exist(edge, token):
    path = "/ordermesh.oms.v1.OrderService/Nothing"
    assert json_refusal(post(edge, path, token=token))[:2] == (404, "RPC_NOT_FOUND")
    with edge.channel() as channel:
        call = channel.unary_unary(path)
        native = refusal_of_blocking(call, b"", metadata=bearer(token), timeout=5)
    assert (native.code, native.reason) == (grpc.StatusCode.UNIMPLEMENTED, "RPC_NOT_FOUND")
    assert web_refusal(post(edge, path, b"", token, WEB[0])) == "RPC_NOT_FOUND"


def test_a_request_that_is_too_large(edge, token):
    text = "x" * (edge.values.request_body_max_bytes + 1)
    body = json.dumps({"orderId": text})
    status, reason, message = json_refusal(post(edge, body=body, token=token))
    assert (status, reason) == (413, "INVALID_FIELD")
    assert str(edge.values.request_body_max_bytes) in message
    with edge.channel() as channel:
        assert refusal_of_blocking(get_order, channel, token, text).reason == "INVALID_FIELD"
    web = web_frame(oms.GetRequest(order_id=text))
    assert web_refusal(post(edge, body=web, token=token, content_type=WEB[0])) == "INVALID_FIELD"


@pytest.mark.parametrize("body", ["{", "[]", '{"orderId": {"a": 1}}'])
def test_what_cannot_be_read_says_what_is_wrong(edge, token, body):
    status, reason, message = json_refusal(post(edge, body=body, token=token))
    assert (status, reason) == (400, "INVALID_FIELD")
    assert message != "the request cannot be read as this rpc's request"


HEAD = "host: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (f"POST {GET} HTTP/1.1\r\n{HEAD}x_y: 1\r\n", 400),
        (f"POST {GET} HTTP/1.1\r\n{HEAD}x: {'y' * 40_000}\r\n", 431),
        (f"POST {GET} HTTP/1.1\r\n{HEAD}transfer-encoding: chunked\r\n", 400),
        (f"POST {GET.replace('/Get', '%2FGet')} HTTP/1.1\r\n{HEAD}", 400),
        (f"PUT {GET} HTTP/1.1\r\n{HEAD}", 404),
        (f"DELETE {GET} HTTP/1.1\r\n{HEAD}", 404),
        (f"GET {GET} HTTP/1.1\r\n{HEAD}", 404),
        ("GET /ordermesh.oms.v1.OrderService/Nothing HTTP/1.1\r\n" + HEAD, 404),
        ("GET /ordermesh.gateway.v1.VenueLinkService/Link HTTP/1.1\r\n" + HEAD, 404),
        ("GET /grpc.health.v1.Health/Check HTTP/1.1\r\n" + HEAD, 404),
    ],
)
def test_what_envoy_refuses_by_the_head_alone(edge, token, head, status):
    answer = raw(edge, f"{head}authorization: Bearer {token}\r\nconnection: close\r\n\r\n{{}}")
    assert f" {status} ".encode() in answer.partition(b"\r\n")[0]
    body = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert body["message"]
    assert ("underscore" in body["message"]) == ("x_y" in head)
    assert body["details"][0]["reason"] in {"INVALID_FIELD", "RPC_NOT_FOUND"}


def test_a_service_that_does_not_answer_in_time(edge, token):
    def hang(_request, context):
        gone = threading.Event()
        context.add_callback(gone.set)
        gone.wait()

    edge.backends["svc-oms"].behaviours[GET] = hang
    assert json_refusal(post(edge, token=token))[1] == "COMMAND_OUTCOME_UNKNOWN"
    with edge.channel() as channel:
        assert refusal_of_blocking(get_order, channel, token).reason == "COMMAND_OUTCOME_UNKNOWN"
    body = web_frame(oms.GetRequest())
    answer = post(edge, body=body, token=token, content_type=WEB[0])
    assert web_refusal(answer) == "COMMAND_OUTCOME_UNKNOWN"


def test_a_service_that_is_away(edge, token):
    backend = edge.backends["svc-oms"]
    backend.stop()
    try:
        status, reason, _ = json_refusal(post(edge, token=token))
        assert (status, reason) == (503, "DEPENDENCY_UNAVAILABLE")
        with edge.channel() as channel:
            native = refusal_of_blocking(get_order, channel, token)
        assert (native.code, native.reason) == (
            grpc.StatusCode.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE",
        )  # fmt: skip
        body = web_frame(oms.GetRequest())
        answer = post(edge, body=body, token=token, content_type=WEB[0])
        assert web_refusal(answer) == "DEPENDENCY_UNAVAILABLE"
    finally:
        backend.start()


def refused(call, is_refused):
    """Repeat a call until it is refused: the limit fills again with time."""
    while not is_refused(answer := call()):
        pass
    return answer


def code_of(channel, token):
    try:
        get_order(channel, token)
    except grpc.RpcError as error:
        return read_refusal(error)
    return None


def test_a_flood(tmp_path, tls_folder, backends, jwks_port, token):
    limits = {"flood_requests_per_second": 1, "flood_burst_requests": 3}
    with running_edge(tmp_path, tls_folder, backends, jwks_port, **limits) as edge:
        last = refused(lambda: post(edge, token=token), lambda answer: answer.status != 200)
        assert json_refusal(last)[:2] == (429, "RATE_LIMITED")
        with edge.channel() as channel:
            native = refused(lambda: code_of(channel, token), lambda answer: answer is not None)
        assert (native.reason, native.retry_after_s) == ("RATE_LIMITED", 1.0)
        answer = refused(
            lambda: post(edge, body=web_frame(oms.GetRequest()), token=token, content_type=WEB[0]),
            lambda answer: answer.getheader("grpc-status") == "8",
        )
        assert web_refusal(answer) == "RATE_LIMITED"
    retry = RetryInfo()
    status = status_pb2.Status.FromString(
        base64.b64decode(answer.getheader("grpc-status-details-bin") + "==")
    )
    assert status.details[1].Unpack(retry)


def test_a_request_that_does_not_arrive_whole(tmp_path, tls_folder, backends, jwks_port, token):
    """Also where no token is needed: it holds no call of the service."""
    with running_edge(tmp_path, tls_folder, backends, jwks_port, request_arrival_s=1) as edge:
        frame = web_frame(identity.LoginRequest(username="alice", password="x" * 50))
        for path, head, body in (
            (LOGIN, "", b'{"username": "alice",'),
            (GET, f"authorization: Bearer {token}\r\n", b'{"orderId":'),
        ):
            answer = half_sent(edge, path, "application/json", head, body)
            assert b" 408 " in answer.partition(b"\r\n")[0]
            reason = json.loads(answer.partition(b"\r\n\r\n")[2])["details"][0]["reason"]
            assert reason == "DEADLINE_TOO_SHORT"
        for content_type in WEB[:2]:
            answer = half_sent(edge, LOGIN, content_type, "", frame[:20])
            assert b"grpc-status: 4\r\n" in answer
            assert b"grpc-status-details-bin: " in answer
        assert backends["svc-identity"].seen == []


def half_sent(edge, path, content_type, head, body):
    """Send the head and a part of the body; return the answer, which ends the connection."""
    return raw(
        edge,
        f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {content_type}\r\n{head}"
        f"content-length: 1000\r\nconnection: close\r\n\r\n{body.decode('latin-1')}",
    )


def raw(edge, text):
    """Send bytes, one a character; return the answer, which ends the connection."""
    host, _, port = edge.values.plain_bind.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(text.encode("latin-1"))
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                answer += part
    return answer
