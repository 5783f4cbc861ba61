"""A client's copy of the orders of an account, as it reads them from the stream."""

import asyncio
from contextlib import asynccontextmanager

from meshctl.blotter import Blotter
from ordermesh.oms.v1 import order_flow_service_pb2 as flow_pb2
from ordermesh.oms.v1 import order_service_pb2
from ordermesh.type.v1 import stream_pb2
from tests.support.oms import Client
from tests.support.waiting import until


class Copy:
    """A client that reads the stream of an account from a cursor on.

    Attributes:
        blotter: Its orders.
        kinds: Kinds of the events that came.
        cursor: Where its snapshot ended.
    """

    def __init__(self, client: Client, cursor: stream_pb2.Cursor | None = None) -> None:
        self._client = client
        self.blotter = Blotter()
        self.kinds: set[str] = set()
        self.cursor = cursor

    def _request(self) -> order_service_pb2.WatchRequest:
        account = order_service_pb2.AccountCursor(account_id="ACC-ALICE", cursor=self.cursor)
        return order_service_pb2.WatchRequest(accounts=[account])

    def take(self, items) -> None:
        for item in items:
            assert not item.HasField("order") or item.WhichOneof("item") == "event"
            if item.HasField("event"):
                self.kinds.add(item.event.WhichOneof("kind"))
            elif item.HasField("snapshot_complete"):
                self.cursor = item.snapshot_complete.cursor
            self.blotter.apply(item)

    async def read(self) -> None:
        call = self._client.orders.Watch(self._request(), metadata=self._client.metadata)
        async for frame in call:
            self.take(frame.items)

    async def flow(self) -> None:
        """Read the same items from a flow."""
        call = self._client.flows.Flow(metadata=self._client.metadata)
        await call.write(flow_pb2.FlowRequest(open=flow_pb2.FlowOpen(watch=self._request())))
        async for frame in call:
            self.take(frame.items)

    async def has(self, sequence: int) -> None:
        last = self.blotter.last_sequence
        await until(lambda: last.get("ACC-ALICE") == sequence, f"event {sequence}")


@asynccontextmanager
async def reading(work):
    task = asyncio.create_task(work)
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def replayed(client, begun, last, truth):
    """Read the log after a cursor: what came before is not known, the rest is whole."""
    for sequence in (0, 1, last // 2, last - 1):
        begun.sequence = sequence
        copy = Copy(client, begun)
        async with reading(copy.read()):
            await copy.has(last)
        newer = {k: order for k, order in truth.items() if order.last_sequence > sequence}
        assert copy.blotter.orders == newer
        assert not copy.blotter.holes


async def resynced(client, truth):
    """A cursor of another epoch is answered with a snapshot."""
    copy = Copy(client, stream_pb2.Cursor(epoch="another", sequence=3))
    async with reading(copy.read()):
        await until(lambda: copy.cursor.epoch != "another", "snapshot")
    assert copy.blotter.orders == truth
