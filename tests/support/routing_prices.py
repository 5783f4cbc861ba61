"""A stand-in for svc_marketdata that streams the books of one instrument, as a test sets them."""

import asyncio
from contextlib import asynccontextmanager

import grpc
import grpc.aio

from mesh.certificates.tls import TlsFiles, server_credentials
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from ordermesh.marketdata.v1 import market_data_service_pb2_grpc as rpc
from tests.support.routed import consolidated

BEAT_S = 0.3


class RoutingPrices(rpc.MarketDataServiceServicer):
    """What every stream sends, again and again.

    Attributes:
        streams: Streams that are open.
        silent: Each stream ends at once, as when svc_marketdata is away.
    """

    def __init__(self):
        self.streams = 0
        self.silent = False
        self.show()

    def show(self, bids=None, offers=None):
        """Set the books; see `consolidated`."""
        self._frame = pb.StreamResponse()
        self._frame.items.add().update.CopyFrom(consolidated(bids, offers))

    async def Stream(self, requests, context):  # noqa: N802
        await anext(requests)
        self.streams += 1
        try:
            while not self.silent:
                yield self._frame
                await asyncio.sleep(BEAT_S)
        finally:
            self.streams -= 1
        await context.abort(grpc.StatusCode.UNAVAILABLE, "away")

    async def Watch(self, _request, _context):  # noqa: N802
        """Say nothing of last prices."""
        while not self.silent:
            yield pb.WatchResponse()
            await asyncio.sleep(BEAT_S)


@asynccontextmanager
async def routing_prices(tls):
    """Serve prices; give them and their target."""
    prices, server = RoutingPrices(), grpc.aio.server()
    rpc.add_MarketDataServiceServicer_to_server(prices, server)
    files = TlsFiles.of_service(tls, "svc-marketdata")
    port = server.add_secure_port("127.0.0.1:0", server_credentials(files))
    await server.start()
    try:
        yield prices, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
