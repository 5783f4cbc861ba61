"""Mappings are total: a role or a refusal without a place in the contracts fails here."""

from types import SimpleNamespace

import pytest

from ordermesh.identity.v1 import auth_service_pb2 as pb
from svc_identity.api.auth_servicer import ACCESS, caller_address
from svc_identity.api.mapping import ROLES, refusal_to_error, user_to_proto
from svc_identity.domain.errors import LoginThrottledError, Refused
from svc_identity.domain.users import Role
from tests.support.identity import a_user


def test_every_role_has_its_own_in_the_contract():
    assert set(ROLES) == set(Role)
    assert set(ROLES.values()) == set(pb.Role.values()) - {pb.ROLE_UNSPECIFIED}
    for role, number in ROLES.items():
        assert pb.Role.Name(number) == f"ROLE_{role.value}"


EXAMPLES = {"expected": 3, "present": 4, "limit": 5, "within_s": 60, "text": "full", "name": "n"}


@pytest.mark.parametrize("kind", Refused.__subclasses__())
def test_every_refusal_has_a_reason(kind):
    examples = {"retry_after_s": 7.2, **EXAMPLES}
    code = kind.__init__.__code__
    names = code.co_varnames[1 : code.co_argcount]
    arguments = tuple(examples[name] for name in names if name in examples)
    error = refusal_to_error(kind(*arguments))
    assert error.text == str(kind(*arguments))


def test_the_wait_is_reported_in_whole_seconds_rounded_up():
    error = refusal_to_error(LoginThrottledError(7.2))
    assert (error.metadata, error.retry_after_s) == ({"retry_after_s": "8"}, 7.2)


def test_a_refusal_nobody_mapped_is_a_fault_of_ours():
    with pytest.raises(TypeError):
        refusal_to_error(Refused())


def test_a_user_is_shown_without_its_hash():
    shown = user_to_proto(a_user(roles=frozenset(Role)))
    assert list(shown.roles) == [1, 2, 3, 4, 5]
    assert "argon2" not in str(shown)


def test_every_rpc_has_a_rule():
    assert set(ACCESS) == {
        method.name for method in pb.DESCRIPTOR.services_by_name["AuthService"].methods
    }


@pytest.mark.parametrize(
    ("peer", "metadata", "address"),
    [
        ("envoy", [("x-forwarded-for", "192.0.2.1")], "192.0.2.1"),
        ("envoy", [("x-forwarded-for", "198.51.100.9, 192.0.2.1")], "192.0.2.1"),
        ("envoy", [("x-forwarded-for", "x" * 200)], "x" * 45),
        ("envoy", [], "envoy"),
        ("svc-gateway", [("x-forwarded-for", "192.0.2.1")], "peer svc-gateway"),
    ],
)
def test_where_a_caller_is(peer, metadata, address):
    context = SimpleNamespace(invocation_metadata=lambda: metadata)
    assert caller_address(SimpleNamespace(peer=peer, context=context)) == address
