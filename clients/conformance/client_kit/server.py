"""The scripted mesh of one case: gRPC over TLS. A relay before it can cut connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import grpc
import grpc.aio
import trustme

from client_kit.case import Script
from client_kit.relay import Relay
from client_kit.services import Auth, Orders, Prices
from client_kit.world import World
from ordermesh.identity.v1 import auth_service_pb2_grpc as identity_grpc
from ordermesh.marketdata.v1 import market_data_service_pb2_grpc
from ordermesh.oms.v1 import order_service_pb2_grpc

# As Envoy, which clients meet first: it takes pings at any rate.
SERVER_OPTIONS: Final = (("grpc.so_reuseport", 0), ("grpc.http2.max_ping_strikes", 0))


@asynccontextmanager
async def serving(script: Script, tls: Path) -> AsyncIterator[tuple[World, str]]:
    """Serve a script; gives its world and the address for the driver.

    Args:
        script: What the server does.
        tls: A folder with edge.pem and edge.key, for localhost.
    """
    world, relay = World(script), Relay()
    server = grpc.aio.server(options=SERVER_OPTIONS)
    identity_grpc.add_AuthServiceServicer_to_server(Auth(world), server)
    order_service_pb2_grpc.add_OrderServiceServicer_to_server(Orders(world), server)
    market_data_service_pb2_grpc.add_MarketDataServiceServicer_to_server(Prices(world), server)
    pair = ((tls / "edge.key").read_bytes(), (tls / "edge.pem").read_bytes())
    if script.foreign:
        made = trustme.CA().issue_cert("localhost")
        chain = b"".join(one.bytes() for one in made.cert_chain_pems)
        pair = (made.private_key_pem.bytes(), chain)
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    await server.start()
    await relay.start(port)
    world.reset, world.freeze = relay.reset, relay.freeze
    try:
        yield world, f"localhost:{relay.port}"
    finally:
        await relay.stop()
        await server.stop(None)
