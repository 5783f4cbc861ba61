"""Login to logout over mutual TLS, administration, and the way through the real edge."""

import asyncio
import itertools
import json
import subprocess
import sys

import grpc
import pytest
from joserfc.jwk import KeySet

from kernel.clock import SystemClock
from mesh.auth.token_keys import fetch_revoked
from mesh.auth.tokens import AcceptedTokens, TokenVerifier
from mesh.certificates.tls import TlsFiles
from mesh.errors import MeshError
from ordermesh.identity.v1 import auth_service_pb2 as pb
from ordermesh.identity.v1 import auth_service_pb2_grpc as pb_grpc
from ordermesh.identity.v1 import identity_audit_service_pb2 as audit_pb2
from ordermesh.identity.v1 import identity_audit_service_pb2_grpc as audit_grpc
from ordermesh.oms.v1 import order_service_pb2 as oms
from ordermesh.oms.v1 import order_service_pb2_grpc as oms_grpc
from svc_identity.domain.throttle import PER_USERNAME
from tests.support.edge import Backend, running_edge
from tests.support.identity_process import PASSWORD, Identity
from tests.support.ports import free_port
from tests.support.refusals import refusal_of_blocking as refused
from tests.support.waiting import wait_for

ADDRESSES = (f"203.0.113.{number}" for number in itertools.count(1))


@pytest.fixture
def auth(identity):
    with identity.channel() as channel:
        yield pb_grpc.AuthServiceStub(channel)


def log_in(auth, username="alice", password=PASSWORD, address=None):
    forwarded = [("x-forwarded-for", f"10.0.0.1, {address or next(ADDRESSES)}")]
    return auth.Login(
        pb.LoginRequest(username=username, password=password), metadata=forwarded, timeout=10
    )


def test_login_gives_tokens_and_says_who_you_are(auth):
    answer = log_in(auth)
    assert answer.user.username == "alice"
    assert list(answer.user.roles) == [pb.ROLE_TRADER]
    assert list(answer.user.accounts) == ["ACC-ALICE"]
    lives_s = answer.tokens.access_expires_at.seconds - SystemClock().now_ns() / 10**9
    assert 590 < lives_s <= 600
    assert answer.tokens.refresh_expires_at.seconds > answer.tokens.access_expires_at.seconds


async def test_the_keys_are_the_same_on_both_ways_and_verify(identity, auth):
    token = log_in(auth).tokens.access_token
    by_rpc = json.loads(auth.GetJwks(pb.GetJwksRequest(), timeout=5).jwks_json)
    by_https = await identity.keys()
    assert by_rpc == by_https.as_dict(private=False)
    for keys in (KeySet.import_key_set(by_rpc), by_https):
        verifier = TokenVerifier(keys, AcceptedTokens("ordermesh", "ordermesh", 600), SystemClock())
        principal = await verifier.verify(token)
        assert (principal.roles, principal.accounts) == ({"TRADER"}, {"ACC-ALICE"})


async def test_a_logout_and_a_change_of_roles_revoke_access_tokens_at_once(identity, auth):
    """The other processes fetch the list every 10 s; each replica reads it every 2 s."""
    identity.ensure_user("dora")
    tls = TlsFiles.of_service(identity.tls, "svc-oms")
    keys, accepted = await identity.keys(), AcceptedTokens("ordermesh", "ordermesh", 600)
    verifier = TokenVerifier(keys, accepted, SystemClock())
    leaving, staying = log_in(auth, "dora").tokens, log_in(auth, "dora").tokens

    async def refused_tokens():
        verifier.revocations.put(await fetch_revoked(identity.keys_url, tls))
        found = []
        for name, tokens in (("leaving", leaving), ("staying", staying)):
            try:
                await verifier.verify(tokens.access_token)
            except MeshError as error:
                assert error.reason == "TOKEN_EXPIRED"
                found.append(name)
        return found

    assert await refused_tokens() == []
    auth.Logout(pb.LogoutRequest(refresh_token=leaving.refresh_token), timeout=5)
    await until_equal(refused_tokens, ["leaving"])
    identity.ensure_user("dora", "--role", "RISK")
    await until_equal(refused_tokens, ["leaving", "staying"])
    fresh = auth.Refresh(pb.RefreshRequest(refresh_token=staying.refresh_token), timeout=5).tokens
    principal = await verifier.verify(fresh.access_token)
    assert "RISK" in principal.roles
    assert principal.price_rights == {"*=REAL_TIME"}
    staying = fresh
    done = identity.admin("set-prices", "--username", "dora", "*=NONE", "SIMA=DELAYED")
    assert "dora may read *=NONE, SIMA=DELAYED" in done.stdout
    await until_equal(refused_tokens, ["leaving", "staying"])
    fresh = auth.Refresh(pb.RefreshRequest(refresh_token=staying.refresh_token), timeout=5).tokens
    assert (await verifier.verify(fresh.access_token)).price_rights == {"*=NONE", "SIMA=DELAYED"}
    identity.ensure_user("dora", "--role", "RISK")
    fresh = auth.Refresh(pb.RefreshRequest(refresh_token=fresh.refresh_token), timeout=5).tokens
    assert (await verifier.verify(fresh.access_token)).price_rights == {"*=NONE", "SIMA=DELAYED"}


async def until_equal(ask, wanted):
    """Ask until the answer is the wanted one."""
    async with asyncio.timeout(30):
        while await ask() != wanted:
            await asyncio.sleep(0.1)


def test_wrong_password_and_unknown_user_look_the_same(auth):
    wrong = refused(log_in, auth, password="wrong")
    unknown = refused(log_in, auth, username="nobody")
    assert wrong.code is grpc.StatusCode.UNAUTHENTICATED
    assert wrong.reason == "BAD_CREDENTIALS"
    assert wrong == unknown


def test_guessing_is_slowed_down_and_the_wait_is_given(identity, auth):
    identity.ensure_user("carol")
    for _ in range(PER_USERNAME.free_failures + 1):
        assert refused(log_in, auth, "carol", "wrong").reason == "BAD_CREDENTIALS"
    answer = refused(log_in, auth, "carol", PASSWORD)
    assert (answer.code, answer.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "LOGIN_THROTTLED")
    assert 0 < answer.retry_after_s <= PER_USERNAME.first_wait_s
    assert int(answer.metadata["retry_after_s"]) <= PER_USERNAME.first_wait_s
    assert log_in(auth, "alice")


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.LoginRequest(username="", password="x"), "username"),
        (pb.LoginRequest(username="alice"), "password"),
        (pb.LoginRequest(username="x" * 65, password="x"), "username"),
        (pb.LoginRequest(username="alice", password="x" * 129), "password"),
    ],
)
def test_bad_input_names_the_field_and_not_the_password(auth, request_, field):
    answer = refused(auth.Login, request_, timeout=5)
    assert (answer.reason, answer.field) == ("INVALID_FIELD", field)
    assert "x" * 20 not in answer.text or field == "username"


def refresh(auth, token):
    return auth.Refresh(pb.RefreshRequest(refresh_token=token), timeout=10)


def test_refresh_reuse_ends_the_session(auth):
    first = log_in(auth).tokens
    second = refresh(auth, first.refresh_token).tokens
    assert second.refresh_token != first.refresh_token
    assert refused(refresh, auth, first.refresh_token).reason == "UNAUTHENTICATED"
    assert refused(refresh, auth, second.refresh_token).reason == "UNAUTHENTICATED"


def test_logout_ends_the_session(auth):
    tokens = log_in(auth).tokens
    for _ in range(2):
        auth.Logout(pb.LogoutRequest(refresh_token=tokens.refresh_token), timeout=5)
    assert refused(refresh, auth, tokens.refresh_token).code is grpc.StatusCode.UNAUTHENTICATED


def test_a_disabled_user_is_out(identity, auth):
    identity.ensure_user("dave")
    tokens = log_in(auth, "dave").tokens
    assert identity.admin("disable-user", "--username", "dave").returncode == 0
    assert refused(refresh, auth, tokens.refresh_token).reason == "UNAUTHENTICATED"
    assert refused(log_in, auth, "dave").reason == "BAD_CREDENTIALS"


def test_whoever_has_no_certificate_of_ours_does_not_get_in(identity):
    credentials = grpc.ssl_channel_credentials((identity.tls / "ca.pem").read_bytes())
    name = (("grpc.ssl_target_name_override", "svc-identity.ordermesh.internal"),)
    with grpc.secure_channel(f"127.0.0.1:{identity.port}", credentials, name) as channel:
        answer = refused(pb_grpc.AuthServiceStub(channel).GetJwks, pb.GetJwksRequest(), timeout=5)
    assert answer.code is grpc.StatusCode.UNAVAILABLE


def test_no_secret_is_logged(identity, auth):
    tokens = log_in(auth).tokens
    refused(log_in, auth, password="geheimnis-geheimnis")
    refresh(auth, tokens.refresh_token)
    log = (identity.folder / "svc_identity.log").read_text()
    for secret in (PASSWORD, "geheimnis", tokens.refresh_token, tokens.access_token):
        assert secret not in log
    assert '"login"' in log


def test_many_users_are_ensured_at_once_and_none_if_a_line_is_wrong(identity):
    made = [
        json.dumps({"username": name, "password": PASSWORD, "roles": ["TRADER"], "accounts": ["A"]})
        for name in ("gil", "hal")
    ]
    refusal = identity.admin("ensure-users", stdin="\n".join([*made, "{}"]))
    assert refusal.returncode == 2
    assert refusal.stderr.startswith("line 3 lacks username")
    assert "gil" not in identity.admin("list-users").stdout
    assert identity.admin("ensure-users", stdin="\n".join(made)).returncode == 0
    lines = identity.admin("list-users").stdout.splitlines()
    found = [line.split("\t") for line in lines if line.startswith(("gil\t", "hal\t"))]
    assert [one[2:] for one in found] == [["enabled", "TRADER", "A", "*=REAL_TIME"]] * 2


def test_administration(identity):
    identity.ensure_user("erin", "--role", "VIEWER")
    lines = identity.admin("list-users").stdout.splitlines()
    (erin,) = [line.split("\t") for line in lines if line.startswith("erin\t")]
    assert erin[2:] == ["enabled", "TRADER,VIEWER", "ACC-ALICE", "*=REAL_TIME"]
    for words, stdin, says in (
        (("ensure-user", "--username", "f", "--role", "TRADER"), "", "--password-stdin"),
        (
            ("ensure-user", "--username", "f", "--role", "TRADER", "--password-stdin"),
            "short",
            "10 to 128",
        ),
        (("ensure-users",), '{"username": "f"}', "line 1 lacks password, roles"),
        (("disable-user", "--username", "nobody"), "", "no user 'nobody'"),
        (("set-prices", "--username", "nobody", "*=NONE"), "", "no user 'nobody'"),
        (("set-prices", "--username", "erin", "SIMB"), "", "'SIMB': VENUE=RIGHT"),
        (("set-prices", "--username", "erin", "simb=NONE"), "", "a MIC of 4"),
        (("set-prices", "--username", "erin", "SIMB=LATE"), "", "REAL_TIME, DELAYED or NONE"),
        (("set-prices", "--username", "erin", "SIMB=NONE", "SIMB=DELAYED"), "", "another one"),
        (("new-signing-key", str(identity.folder / "key.pem")), "", "there already"),
    ):
        done = identity.admin(*words, stdin=stdin)
        assert done.returncode == 2
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_start_without_a_key_says_what_to_do(identity, tmp_path):
    environment = identity.environment | {"ORDERMESH_IDENTITY_SIGNING_KEY": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-m", "svc_identity"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "new-signing-key" in done.stderr
    assert "Traceback" not in done.stderr


def test_through_the_edge(tmp_path, identity, tls_folder):
    """Log in where no token is needed, call where one is: all parts real but the OMS."""
    oms_backend, prices = Backend("svc-oms", tls_folder), Backend("svc-marketdata", tls_folder)
    backend = Backend("svc-identity", tls_folder)
    backend.port, backend.health_port = identity.port, identity.health_port
    oms_backend.start()
    prices.start()
    backends = {"svc-oms": oms_backend, "svc-marketdata": prices, "svc-identity": backend}
    try:
        with (
            running_edge(tmp_path, tls_folder, backends, identity.keys_port) as edge,
            edge.channel() as channel,
        ):
            answer = pb_grpc.AuthServiceStub(channel).Login(
                pb.LoginRequest(username="alice", password=PASSWORD), timeout=10
            )
            token = answer.tokens.access_token
            oms_grpc.OrderServiceStub(channel).Get(
                oms.GetRequest(), metadata=[("authorization", f"Bearer {token}")], timeout=5
            )
            refusal = refused(
                pb_grpc.AuthServiceStub(channel).Refresh,
                pb.RefreshRequest(refresh_token="x"),
                timeout=5,
            )
            assert refusal.reason == "UNAUTHENTICATED"
        assert oms_backend.seen[0]["authorization"] == f"Bearer {token}"
    finally:
        oms_backend.stop()
        prices.stop()


async def test_without_its_database_it_says_so_and_heals(postgres_server, tmp_path, tls_folder):
    """Its own database, dropped and made again under it."""
    url = postgres_server.create_database()
    service = Identity(tmp_path, tls_folder, url, free_port(), free_port(), free_port())
    assert service.admin("new-signing-key", str(tmp_path / "key.pem")).returncode == 0
    service.migrate()
    process = service.start()
    try:
        postgres_server.drop_database(url)
        with service.channel() as channel:
            auth = pb_grpc.AuthServiceStub(channel)
            answer = refused(log_in, auth)
            assert (answer.code, answer.reason) == (
                grpc.StatusCode.UNAVAILABLE,
                "DEPENDENCY_UNAVAILABLE",
            )
            wait_for(lambda: service.get("/readyz")[0] == 503, "not ready without a database")
            # Tokens that are out verify all the same.
            assert (await service.keys()).keys
            postgres_server.execute(f'CREATE DATABASE "{url.rpartition("/")[2]}"')
            service.migrate()
            service.ensure_user("alice")
            wait_for(lambda: service.get("/readyz")[0] == 200, "ready again")
            assert log_in(auth).user.username == "alice"
    finally:
        process.terminate()
        process.wait(timeout=20)
        postgres_server.drop_database(url)


def test_an_auditor_reads_who_came_in_and_who_did_not(identity, auth):
    identity.ensure_user("audrey", "--role", "AUDITOR")
    address = next(ADDRESSES)
    refused(lambda: log_in(auth, "alice", "not this one", address))
    log_in(auth, "alice", address=address)
    with identity.channel() as channel:
        stub = audit_grpc.IdentityAuditServiceStub(channel)

        def read(tokens, **wanted):
            bearer = [("authorization", f"Bearer {tokens.access_token}")]
            request = audit_pb2.IdentityAuditServiceListRequest(**wanted)
            return list(stub.List(request, metadata=bearer, timeout=10).entries)

        audrey = log_in(auth, "audrey").tokens
        found = [one for one in read(audrey, username="alice") if one.address == address]
        assert [audit_pb2.IdentityAct.Name(one.act) for one in found] == [
            "IDENTITY_ACT_LOGIN",
            "IDENTITY_ACT_LOGIN_FAILED",
        ]
        added = read(audrey, username="audrey", acts=[audit_pb2.IDENTITY_ACT_USER_ADDED])
        assert [one.actor.partition(":")[0] for one in added] == ["admin"]
        (key,) = read(audrey, acts=[audit_pb2.IDENTITY_ACT_KEY_USED])
        assert key.detail.endswith(" signs")
        trader = log_in(auth, "alice").tokens
        assert refused(lambda: read(trader)).reason == "PERMISSION_DENIED"
        with pytest.raises(grpc.RpcError) as no_token:
            stub.List(audit_pb2.IdentityAuditServiceListRequest(), timeout=10)
        assert no_token.value.code() is grpc.StatusCode.UNAUTHENTICATED
