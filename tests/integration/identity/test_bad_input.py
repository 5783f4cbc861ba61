"""Bad input to every rpc of AuthService: named, and no secret is said back."""

import grpc
import pytest

from ordermesh.identity.v1 import auth_service_pb2 as pb
from ordermesh.identity.v1 import auth_service_pb2_grpc as pb_grpc
from tests.support.bad_input import cases, garbled, unbreakable
from tests.support.refusals import refusal_of_blocking

TOKEN = "refresh-token-of-somebody"
GOOD = {
    "Login": pb.LoginRequest(username="alice", password="a-password-of-alice"),
    "Refresh": pb.RefreshRequest(refresh_token=TOKEN),
    "Logout": pb.LogoutRequest(refresh_token=TOKEN),
    "GetJwks": pb.GetJwksRequest(),
}
SECRET_FIELDS = {"password", "refresh_token"}


@pytest.fixture
def channel(identity):
    with identity.channel() as opened:
        yield opened


def test_every_rpc_and_field_has_a_case():
    service = pb.DESCRIPTOR.services_by_name["AuthService"]
    assert {method.name for method in service.methods} == set(GOOD)
    for good in GOOD.values():
        assert not unbreakable(good)


@pytest.mark.parametrize("rpc", GOOD)
def test_broken_fields_are_refused_by_name_and_secrets_are_not_said(channel, rpc):
    stub = pb_grpc.AuthServiceStub(channel)
    for case in cases(GOOD[rpc]):
        found = refusal_of_blocking(getattr(stub, rpc), case.request, timeout=10)
        assert found.code is grpc.StatusCode.INVALID_ARGUMENT, case.name
        assert (found.reason, found.field) == ("INVALID_FIELD", case.field), case.name
        assert found.metadata["expected"], case.name
        value = getattr(case.request, case.field)
        if case.field in SECRET_FIELDS and value:
            assert value[:8] not in found.text
            assert "AAAA" not in str(found.metadata)


@pytest.mark.parametrize("rpc", GOOD)
def test_bytes_that_are_no_message_are_refused(channel, rpc):
    call = channel.unary_unary(f"/ordermesh.identity.v1.AuthService/{rpc}")
    for case in garbled(GOOD[rpc]):
        if case.name == "cut short" and not case.data:
            continue
        found = refusal_of_blocking(call, case.data, timeout=10)
        assert found.reason == "INVALID_FIELD", case.name
        assert "a-password-of-alice" not in str(found)
