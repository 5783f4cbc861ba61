"""The plain service: gRPC in, SQLAlchemy's ORM to PostgreSQL, QuickFIX to the venue.

One commit for each order before it is sent, one for each report before it is streamed. It has no
controls, idempotency keys, recovery, hash chain or rights, and no TLS. Arguments: URL of the
database, port of the venue, folder of the FIX store.
"""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import grpc.aio
import quickfix as fix
import uvloop
from sqlalchemy import ForeignKey, MetaData, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bench.children import say_ready
from ordermesh.oms.v1 import event_pb2, order_pb2, order_service_pb2, order_service_pb2_grpc

LOGON_TIMEOUT_S = 15
CALLS_MAX = 256
STATES = {"0": "NEW", "1": "PARTIALLY_FILLED", "2": "FILLED", "4": "CANCELED", "8": "REJECTED"}
FIX_SESSION = """[DEFAULT]
ConnectionType=initiator
FileStorePath={store}
StartTime=00:00:00
EndTime=00:00:00
HeartBtInt=10
ReconnectInterval=1
UseDataDictionary=N
SocketNodelay=Y
SocketConnectHost=127.0.0.1
SocketConnectPort={port}
[SESSION]
BeginString=FIX.4.4
SenderCompID=PLAIN
TargetCompID=SIMA
"""


class Base(DeclarativeBase):
    """The tables."""

    metadata = MetaData(schema="oms")


class OrderRow(Base):
    """An order."""

    __tablename__ = "plain_orders"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(index=True)
    symbol: Mapped[str]
    side: Mapped[int]
    quantity: Mapped[Decimal]
    price: Mapped[Decimal]
    state: Mapped[str] = mapped_column(default="PENDING_NEW")
    cum_quantity: Mapped[Decimal] = mapped_column(default=Decimal(0))


class ReportRow(Base):
    """A report of the venue."""

    __tablename__ = "plain_reports"

    report_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey(OrderRow.order_id), index=True)
    exec_id: Mapped[str]
    exec_type: Mapped[str]
    cum_quantity: Mapped[Decimal]


class _Venue(fix.Application):  # type: ignore[misc]  # the bindings have no types
    """The FIX session: orders out, reports into a queue of the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self._session: fix.SessionID | None = None
        self.logged_on = asyncio.Event()
        self.reports: asyncio.Queue[dict[int, str]] = asyncio.Queue()

    def onCreate(self, session: fix.SessionID) -> None:  # noqa: N802
        self._session = session

    def onLogon(self, session: fix.SessionID) -> None:  # noqa: ARG002, N802
        self._loop.call_soon_threadsafe(self.logged_on.set)

    def onLogout(self, session: fix.SessionID) -> None:  # noqa: N802
        pass

    def toAdmin(self, message: fix.Message, session: fix.SessionID) -> None:  # noqa: N802
        pass

    def fromAdmin(self, message: fix.Message, session: fix.SessionID) -> None:  # noqa: N802
        pass

    def toApp(self, message: fix.Message, session: fix.SessionID) -> None:  # noqa: N802
        pass

    def fromApp(self, message: fix.Message, session: fix.SessionID) -> None:  # noqa: ARG002, N802
        """Keep the fields of an ExecutionReport(8)."""
        if message.getHeader().getField(35) == "8":
            report = {tag: message.getField(tag) for tag in (11, 17, 150, 39, 14)}
            self._loop.call_soon_threadsafe(self.reports.put_nowait, report)

    def send(self, order: OrderRow) -> None:
        """Send NewOrderSingle(D)."""
        message = fix.Message()
        message.getHeader().setField(35, "D")
        now = datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S.%f")[:-3]
        for tag, value in (
            (11, order.order_id), (1, order.account_id), (55, order.symbol),
            (54, str(order.side)), (60, now), (38, str(order.quantity)), (40, "2"),
            (44, str(order.price)), (59, "0"),
        ):  # fmt: skip
            message.setField(tag, value)
        fix.Session.sendToTarget(message, self._session)


class Orders(order_service_pb2_grpc.OrderServiceServicer):
    """Place and Watch."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], venue: _Venue) -> None:
        self._sessions = sessions
        self._venue = venue
        self._watchers: list[asyncio.Queue[event_pb2.OrderEvent]] = []

    async def Place(  # noqa: N802
        self, request: order_service_pb2.PlaceRequest, context: grpc.aio.ServicerContext
    ) -> order_service_pb2.PlaceResponse:
        """Store the order, send it, answer."""
        order = OrderRow(
            order_id=uuid.uuid4().hex,
            account_id=request.account_id,
            symbol=request.instrument_id.rpartition(".")[0],
            side=request.side,
            quantity=Decimal(request.terms.quantity),
            price=Decimal(request.terms.limit_price),
        )
        if order.quantity <= 0 or order.price <= 0:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "quantity and price: above 0")
        async with self._sessions() as session:
            session.add(order)
            await session.commit()
        self._venue.send(order)
        return order_service_pb2.PlaceResponse(order=order_pb2.Order(order_id=order.order_id))

    async def Watch(  # noqa: N802
        self,
        request: order_service_pb2.WatchRequest,  # noqa: ARG002
        context: grpc.aio.ServicerContext,  # noqa: ARG002
    ) -> AsyncIterator[order_service_pb2.WatchResponse]:
        """Stream what is reported from now on."""
        events: asyncio.Queue[event_pb2.OrderEvent] = asyncio.Queue()
        self._watchers.append(events)
        complete = event_pb2.OrderStreamItem()
        complete.snapshot_complete.SetInParent()
        yield order_service_pb2.WatchResponse(items=[complete])
        while True:
            item = event_pb2.OrderStreamItem(event=await events.get())
            yield order_service_pb2.WatchResponse(items=[item])

    async def apply_reports(self) -> None:
        """Apply the venue's reports in order, a transaction each."""
        while True:
            report = await self._venue.reports.get()
            async with self._sessions() as session:
                found = select(OrderRow).where(OrderRow.order_id == report[11]).with_for_update()
                order = (await session.execute(found)).scalar_one()
                order.state = STATES.get(report[39], order.state)
                order.cum_quantity = Decimal(report[14])
                session.add(
                    ReportRow(
                        order_id=order.order_id, exec_id=report[17], exec_type=report[150],
                        cum_quantity=order.cum_quantity,
                    )
                )  # fmt: skip
                await session.commit()
            event = event_pb2.OrderEvent(order_id=report[11])
            if report[150] == "0":
                event.acknowledged.SetInParent()
            for watcher in self._watchers:
                watcher.put_nowait(event)


async def serve(url: str, port: int, store: Path) -> None:
    """Serve until killed."""
    engine = create_async_engine(url, pool_size=16, max_overflow=0)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    venue = _Venue(asyncio.get_running_loop())
    orders = Orders(async_sessionmaker(engine, expire_on_commit=False), venue)
    file = store / "fix.cfg"
    file.write_text(FIX_SESSION.format(store=store, port=port))
    settings = fix.SessionSettings(str(file))
    stores = fix.FileStoreFactory(settings)  # QuickFIX holds a plain pointer to it
    initiator = fix.SocketInitiator(venue, stores, settings)
    initiator.start()
    async with asyncio.timeout(LOGON_TIMEOUT_S):
        await venue.logged_on.wait()
    server = grpc.aio.server(maximum_concurrent_rpcs=CALLS_MAX)
    order_service_pb2_grpc.add_OrderServiceServicer_to_server(orders, server)
    bound = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    say_ready(port=bound)
    await orders.apply_reports()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
