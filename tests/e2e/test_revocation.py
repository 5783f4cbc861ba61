"""A logout ends the access token and its streams through the whole mesh, long before it expires."""

import asyncio

import grpc
import grpc.aio
import pytest

from ordermesh.identity.v1 import auth_service_pb2, auth_service_pb2_grpc
from ordermesh.oms.v1 import order_service_pb2 as oms
from ordermesh.oms.v1.order_service_pb2_grpc import OrderServiceStub
from ordermesh.type.v1 import stream_pb2
from tests.support.stack import Mesh

REVOKED_WITHIN_S = 30


@pytest.mark.long
async def test_a_logout_ends_tokens_and_streams_within_thirty_seconds(mesh: Mesh) -> None:
    credentials = grpc.ssl_channel_credentials((mesh.home.tls / "ca.pem").read_bytes())
    edge = f"localhost:{mesh.ports['edge_tls']}"
    async with grpc.aio.secure_channel(edge, credentials) as channel:
        auth = auth_service_pb2_grpc.AuthServiceStub(channel)
        orders = OrderServiceStub(channel)
        login = auth_service_pb2.LoginRequest(username="bob", password=mesh.users["bob"])
        tokens = (await auth.Login(login)).tokens
        bearer = (("authorization", f"Bearer {tokens.access_token}"),)
        stream = orders.Watch(oms.WatchRequest(heartbeat_s=60), metadata=bearer)
        frames = [await stream.read()]

        await auth.Logout(auth_service_pb2.LogoutRequest(refresh_token=tokens.refresh_token))

        async def read_on() -> None:
            while True:
                frames.append(await stream.read())

        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await asyncio.wait_for(read_on(), REVOKED_WITHIN_S)
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
        (drain,) = (item.drain for item in frames[-1].items if item.HasField("drain"))
        assert drain.cause == stream_pb2.DRAIN_CAUSE_TOKEN_EXPIRY
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await orders.List(oms.ListRequest(), metadata=bearer)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
