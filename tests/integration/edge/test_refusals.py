"""Who does not get in: tokens that do not verify, other origins, services that are not public."""

import json

import grpc
import pytest

from edge.services import INTERNAL_SERVICES
from tests.support.edge import ORIGIN, get_order, request
from tests.support.forgeries import FORGERIES, Forger
from tests.support.refusals import refusal_of_blocking
from tests.support.tokens import bearer
from tests.support.waiting import wait_for

GET = "/ordermesh.oms.v1.OrderService/Get"
LOGIN = "/ordermesh.identity.v1.AuthService/Login"


@pytest.mark.parametrize("forge", FORGERIES)
def test_forged_tokens_go_no_further_than_the_edge(edge, signing_key, forge):
    bad = forge(Forger(signing_key))
    answer = request(edge, "POST", GET, b"{}", content_type="application/json", token=bad)
    assert answer.status in {401, 403}
    with edge.channel() as channel:
        refused = refusal_of_blocking(get_order, channel, bad)
    assert refused.code in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}
    assert edge.backends["svc-oms"].seen == []


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/grpc-web+proto", "application/grpc"]
)
def test_no_token_no_call(edge, content_type):
    with edge.channel() as channel:
        assert refusal_of_blocking(get_order, channel).code is grpc.StatusCode.UNAUTHENTICATED
    answer = request(edge, "POST", GET, b"{}", content_type=content_type)
    assert answer.status == 401 or answer.getheader("grpc-status") == "16"
    assert edge.backends["svc-oms"].seen == []


def test_a_token_in_the_address_is_no_token(edge, token):
    answer = request(
        edge, "POST", f"{GET}?access_token={token}", b"{}", content_type="application/json"
    )
    assert answer.status == 401


@pytest.mark.parametrize("service", sorted(INTERNAL_SERVICES))
def test_internal_services_cannot_be_reached(edge, token, service):
    assert request(edge, "POST", f"/{service}/Link", b"{}").status == 401
    answer = request(edge, "POST", f"/{service}/Link", b"{}", token=token)
    assert answer.status == 404
    with edge.channel() as channel:
        link = channel.unary_unary(f"/{service}/Link")
        refused = refusal_of_blocking(link, b"", metadata=bearer(token), timeout=5)
    assert refused.code is grpc.StatusCode.UNIMPLEMENTED
    assert all(backend.seen == [] for backend in edge.backends.values())


@pytest.mark.parametrize(
    "path",
    [
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/ordermesh.oms.v1.OrderService",
        "/ordermesh.oms.v1.OrderService/",
        "/ordermesh.oms.v1.OrderService/NoSuchRpc",
        "/ordermesh.identity.v1.AuthService/NoSuchRpc",
        "//ordermesh.gateway.v1.VenueLinkService/Link",
        "/x/../ordermesh.gateway.v1.VenueLinkService/Link",
        "/metrics",
        "/.well-known/jwks.json",
    ],
)
def test_nothing_else_leads_inside(edge, token, path):
    answer = request(edge, "POST", path, b"{}", token=token)
    assert answer.status == 404


def preflight(edge, origin, **headers):
    return request(
        edge,
        "OPTIONS",
        GET,
        origin=origin,
        access_control_request_method="POST",
        access_control_request_headers="authorization,content-type,x-grpc-web",
        **headers,
    )


def test_preflight_of_a_listed_origin(edge):
    answer = preflight(edge, ORIGIN)
    assert answer.status == 200
    assert answer.getheader("access-control-allow-origin") == ORIGIN
    assert "authorization" in answer.getheader("access-control-allow-headers")


@pytest.mark.parametrize(
    "origin", ["https://desk.example.evil", "https://evil.example", "http://desk.example", "null"]
)
def test_preflight_of_any_other_origin(edge, origin):
    answer = preflight(edge, origin)
    assert answer.getheader("access-control-allow-origin") is None
    assert edge.backends["svc-oms"].seen == []


def test_a_page_of_a_listed_origin_can_read_a_refusal(edge):
    answer = request(
        edge, "POST", GET, b"{}", content_type="application/grpc-web+proto", origin=ORIGIN
    )
    assert answer.getheader("access-control-allow-origin") == ORIGIN
    assert "grpc-status" in answer.getheader("access-control-expose-headers")


def test_the_access_log_has_no_secrets(edge, token):
    request(
        edge,
        "POST",
        f"{LOGIN}?password=geheim",
        b'{"password": "geheim"}',
        content_type="application/json",
        token=token,
        x_request_id="find-me",
        user_agent="the last of this test",
    )
    log = edge.log.with_name("access.log")
    line = wait_for(
        lambda: next(
            (text for text in log.read_text().splitlines() if "the last of this test" in text), None
        ),
        "the access log has the line",
    )
    entry = json.loads(line)
    assert entry["path"] == LOGIN
    whole = log.read_text()
    assert "geheim" not in whole
    assert token.split(".")[2] not in whole
