"""What ends a user's tokens ends its streams at svc_oms, with both services as they are."""

import asyncio
import json
from contextlib import AsyncExitStack
from functools import partial

import grpc
import grpc.aio
import pytest

from kernel.clock import SystemClock
from mesh.auth import tokens
from mesh.auth.token_keys import fetch_jwks, fetch_revoked
from mesh.auth.tokens import AcceptedTokens, TokenVerifier
from mesh.certificates.tls import TlsFiles
from ordermesh.identity.v1 import auth_service_pb2 as pb
from ordermesh.oms.v1 import order_service_pb2 as oms
from ordermesh.type.v1 import stream_pb2
from tests.integration.identity.test_identity import auth, log_in
from tests.support.identity_process import PASSWORD
from tests.support.oms import Client, prepare_database, replica
from tests.support.tokens import bearer

__all__ = ["auth"]

REVOKED_WITHIN_S = 30


def change(identity, name: str, *words: str) -> None:
    """Set what a user may do; nothing else of it changes."""
    user = ("--username", name, "--display-name", name.title())
    words = (*words, "--password-stdin")
    done = identity.admin("ensure-user", *user, *words, stdin=PASSWORD)
    assert done.returncode == 0, done.stderr


def log_out(_identity, service, given) -> None:
    service.Logout(pb.LogoutRequest(refresh_token=given.refresh_token), timeout=5)


def disable(identity, _service, _given) -> None:
    assert identity.admin("disable-user", "--username", "disabled").returncode == 0


def other_role(identity, _service, _given) -> None:
    change(identity, "role", "--role", "VIEWER", "--account", "ACC-ALICE")


def fewer_accounts(identity, _service, _given) -> None:
    change(identity, "account", "--role", "TRADER")


CAUSES = {"logout": log_out, "disabled": disable, "role": other_role, "account": fewer_accounts}


@pytest.fixture
def oms_url(postgres_server):
    url = postgres_server.create_database(postgres_server.template("oms", prepare_database))
    yield url
    postgres_server.drop_database(url)


async def until_drained(stream) -> stream_pb2.Drain:
    """Read a stream to its end; return the reason that it gave before."""
    drains = []
    try:
        while True:
            frame = await stream.read()
            drains += [item.drain for item in frame.items if item.HasField("drain")]
    except grpc.aio.AioRpcError as ended:
        assert ended.code() is grpc.StatusCode.UNAVAILABLE
    return drains[-1]


async def test_what_revokes_a_token_ends_its_streams_and_calls(
    identity, auth, oms_url, tls_folder, monkeypatch
):
    # The list is fetched every 10 s: of the 30 s that it may take, two fetches may fail.
    assert 3 * tokens.REVOCATIONS_INTERVAL_S <= REVOKED_WITHIN_S
    monkeypatch.setattr(tokens, "REVOCATIONS_INTERVAL_S", 0.2)
    user = {"password": PASSWORD, "roles": ["TRADER"], "accounts": ["ACC-ALICE"]}
    lines = [json.dumps({"username": name} | user) for name in (*CAUSES, "unchanged")]
    assert identity.admin("ensure-users", stdin="\n".join(lines)).returncode == 0
    files = TlsFiles.of_service(tls_folder, "svc-oms")
    verifier = TokenVerifier(
        partial(fetch_jwks, identity.keys_url, files),
        AcceptedTokens("ordermesh", "ordermesh", 600),
        SystemClock(),
        partial(fetch_revoked, identity.keys_url, files),
    )
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(replica(oms_url, tls_folder))
        running.server.verifier = verifier
        fresh = (verifier.keep_keys_fresh(), verifier.keep_revocations_fresh())
        await stack.enter_async_context(running.server.background(*fresh))
        channel = await stack.enter_async_context(running.channel())
        given, streams, clients = {}, {}, {}
        for name in (*CAUSES, "unchanged"):
            given[name] = (await asyncio.to_thread(log_in, auth, name)).tokens
            clients[name] = client = Client(channel, bearer(given[name].access_token))
            streams[name] = client.orders.Watch(
                oms.WatchRequest(heartbeat_s=60), metadata=client.metadata
            )
            await streams[name].read()
        for name, revoke in CAUSES.items():
            await asyncio.to_thread(revoke, identity, auth, given[name])
        async with asyncio.timeout(REVOKED_WITHIN_S):
            for name in CAUSES:
                drain = await until_drained(streams[name])
                assert drain.cause == stream_pb2.DRAIN_CAUSE_TOKEN_EXPIRY, name
        for name in CAUSES:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await clients[name].orders.List(oms.ListRequest(), metadata=clients[name].metadata)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED, name
        same = clients["unchanged"]
        await same.orders.List(oms.ListRequest(), metadata=same.metadata)
        assert not streams["unchanged"].done()
        # With a new token the same user is what it is now.
        again = (await asyncio.to_thread(log_in, auth, "role")).tokens.access_token
        await same.orders.List(oms.ListRequest(), metadata=bearer(again))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await same.orders.CancelAll(
                oms.CancelAllRequest(idempotency_key="k", account_id="ACC-ALICE"),
                metadata=bearer(again),
            )
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
