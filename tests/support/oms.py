"""svc_oms for tests: a replica in this process over real mTLS gRPC, and a scripted gateway."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio

from eventlog.rights import ReaderName
from kernel.clock import SystemClock
from mesh.certificates.tls import TlsFiles
from mesh.rpc.channel import mesh_channel
from mesh.rpc.server import MeshServer, Ops
from meshctl.stack.servers.postgres import READERS, ROLES
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.gateway.v1.venue_link_service_pb2_grpc import VenueLinkServiceStub
from ordermesh.marketdata.v1 import instrument_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.oms.v1.kill_switch_service_pb2_grpc import KillSwitchServiceStub
from ordermesh.oms.v1.order_flow_service_pb2_grpc import OrderFlowServiceStub
from ordermesh.oms.v1.order_service_pb2_grpc import OrderServiceStub
from svc_oms.adapters.postgres.migrate import let_read_logs, migrate
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.app import build
from svc_oms.service.book.verification import verify_book
from svc_oms.service.ports import AccountInfo
from svc_oms.service.replica import Replica as ReplicaParts
from svc_oms.settings import OmsSettings
from tests.support.certificates import tls_settings
from tests.support.postgres import as_service
from tests.support.tokens import TokenMint, bearer
from tests.support.waiting import until

EPOCH = 7
WAIT_S = 20.0
# Nothing listens there.
NOBODY = "127.0.0.1:1"
ACCOUNTS = ("ACC-ALICE", "ACC-BOB")
MINT = TokenMint()
ALICE = bearer(MINT.mint_token())
BOB = bearer(MINT.mint_token("bob", accounts=("ACC-BOB",)))
VERA = bearer(MINT.mint_token("vera", roles=("VIEWER",)))
RITA = bearer(MINT.mint_token("rita", roles=("RISK",), accounts=()))
RAVI = bearer(MINT.mint_token("ravi", roles=("RISK",), accounts=()))
OSCAR = bearer(MINT.mint_token("oscar", roles=("OPERATOR",), accounts=()))
AUDREY = bearer(MINT.mint_token("audrey", roles=("AUDITOR",), accounts=()))


def listing(symbol: str = "ASML", mic: str = "SIMA") -> instrument_pb2.Instrument:
    message = instrument_pb2.Instrument(
        instrument_id=f"{symbol}.{mic}",
        symbol=symbol,
        venue_mic=mic,
        isin="NL0010273215",
        name="ASML Holding",
        currency="EUR",
        lot_size="1",
        trading_status=instrument_pb2.TRADING_STATUS_OPEN,
        simulated=True,
    )
    message.tick_table.add(from_price="0", tick_size="0.05")
    return message


def prepare_database(url: str) -> None:
    """Migrate, and put in what every test needs."""
    asyncio.run(_prepare(url))


async def _prepare(url: str) -> None:
    await migrate(url, service_role=ROLES["oms"])
    await let_read_logs(url, ReaderName.RELAY, READERS["relay"])
    store = await PostgresStore.connect(url)
    for account_id in ACCOUNTS:
        await store.ensure_account(AccountInfo(account_id, account_id, "EUR", "DEMO", 1))
    rows = [listing(mic=mic) for mic in ("SIMA", "SIMB")]
    await store.keep_instruments([(r.instrument_id, r.SerializeToString()) for r in rows])
    await store.close()


async def verified(database_url: str) -> None:
    """Compute all invariants again from the log."""
    store = await PostgresStore.connect(database_url)
    report = await verify_book(store)
    await store.close()
    assert not report.findings, list(report.lines())


class Replica:
    """One svc_oms."""

    def __init__(self, server: MeshServer, ops: Ops, tls: Path) -> None:
        self.server = server
        self.ops = ops
        self._tls = tls

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    @property
    def book(self) -> ReplicaParts:
        """The parts, for a test to wait for what only they know."""
        return self.ops.readiness.__self__

    def channel(self, service: str = "envoy") -> grpc.aio.Channel:
        return mesh_channel(self.target, "svc-oms", TlsFiles.of_service(self._tls, service))

    async def ready(self) -> None:
        await until(lambda: self.ops.readiness()[0], "ready")


@asynccontextmanager
async def replica(
    database_url: str, tls: Path, redis_url: str = "", **changes: Any
) -> AsyncIterator[Replica]:
    """Run a replica until the block ends; it stops as on SIGTERM."""
    settings = OmsSettings(
        bind="127.0.0.1:0",
        ops_bind="",
        **tls_settings(tls, "svc-oms"),
        # Rights that the service lacks fail every test that needs them.
        database_url=as_service(database_url),
        redis_url=redis_url,
        drain_grace_s=2.0,
        **{"marketdata_target": NOBODY} | changes,
    )
    clock = SystemClock()
    server = MeshServer(settings, clock, MINT.verifier(clock))
    async with build(settings, server) as ops:
        await server.start()
        running = Replica(server, ops, tls)
        await running.ready()
        try:
            yield running
        finally:
            await server.stop()


class Client:
    """A user's stubs."""

    def __init__(self, channel: grpc.aio.Channel, metadata: Any = ALICE) -> None:
        self.orders = OrderServiceStub(channel)
        self.flows = OrderFlowServiceStub(channel)
        self.kills = KillSwitchServiceStub(channel)
        self.metadata = metadata

    def request(self, key: str, **changes: Any) -> order_service_pb2.PlaceRequest:
        terms = {
            "quantity": changes.pop("quantity", "100"),
            "limit_price": changes.pop("limit_price", "650.05"),
            "time_in_force": order_pb2.TIME_IN_FORCE_DAY,
        }
        fields = {
            "account_id": "ACC-ALICE",
            "instrument_id": "ASML.SIMA",
            "side": order_pb2.SIDE_BUY,
            "type": order_pb2.ORDER_TYPE_LIMIT,
            "terms": order_pb2.OrderTerms(**terms),
        } | changes
        return order_service_pb2.PlaceRequest(idempotency_key=key, **fields)

    async def place(self, key: str, **changes: Any) -> order_service_pb2.PlaceResponse:
        return await self.orders.Place(self.request(key, **changes), metadata=self.metadata)

    async def cancel(self, key: str, order_id: str) -> order_service_pb2.CancelResponse:
        request = order_service_pb2.CancelRequest(idempotency_key=key, order_id=order_id)
        return await self.orders.Cancel(request, metadata=self.metadata)

    async def get(self, order_id: str) -> order_service_pb2.GetResponse:
        request = order_service_pb2.GetRequest(order_id=order_id)
        return await self.orders.Get(request, metadata=self.metadata)

    async def in_state(self, order_id: str, state: int) -> order_pb2.Order:
        """Wait until the book has the order in a state."""
        async with asyncio.timeout(WAIT_S):
            while True:
                order = (await self.get(order_id)).order
                if order.progress.state == state:
                    return order
                await asyncio.sleep(0.01)


class Gateway:
    """A scripted gateway: keeps what the book sends, says what a test says.

    Attributes:
        commands: Every VenueCommand received, in order.
        acks: Every InboundAck received.
        opened: The book's first frame.
        blocks: Every Blocks received, that of the first frame too.
        log: What came and was said of it, in order: ("block", version), ("command", ClOrdID),
            ("confirmed", version).
        confirms: Kill switches are confirmed, as a gateway does, and what they cover is held back.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        session_id: str = "sima-orders",
        mic: str = "SIMA",
        instance: str = "test",
        *,
        drop_copy: bool = False,
    ) -> None:
        self._drop_copy = drop_copy
        self._stub = VenueLinkServiceStub(channel)
        self._session_id = session_id
        self._mic = mic
        self.instance = instance
        # What it received as a standby.
        self.standbys: list[gw.LinkStandby] = []
        self._call: Any = None
        self._reader: asyncio.Task[None] | None = None
        self.opened: gw.LinkOpened | None = None
        self.commands: list[gw.VenueCommand] = []
        self.acks: list[gw.InboundAck] = []
        # All but the first.
        self.frames: list[gw.LinkResponse] = []
        self.marks: list[gw.BookMark] = []
        self.questions: list[gw.VenueCommand] = []
        self.blocks: list[gw.Blocks] = []
        self.log: list[tuple[str, int | str]] = []
        self.confirms = True
        # Whether LinkOpen promises signs of life, and those that the book answered.
        self.alive = False
        # Whether it reads what comes after the first frame.
        self.reads = True
        self.answered: list[int] = []
        self.beats = 0
        self.drains = 0
        self.code: grpc.StatusCode | None = None
        self.ended = asyncio.Event()
        self._number = 0
        self._exec_ids = itertools.count(1)

    async def open(
        self,
        state: int = gw.SESSION_STATE_UP,
        epoch: int = EPOCH,
        knowledge: gw.LinkOpen | None = None,
        **offered: Any,
    ) -> gw.LinkOpened:
        """Dial; the numbers go on after the last one the book applied.

        Args:
            state: Of the FIX session.
            epoch: Of its numbers.
            knowledge: Further fields of LinkOpen: what it knows of the order book.
            offered: Fields of the SessionStatus: order_types, times_in_force.
        """
        self._call = self._stub.Link()
        status = gw.SessionStatus(
            session_id=self._session_id, venue_mic=self._mic, state=state, **offered
        )
        opening = gw.LinkOpen(
            session_id=self._session_id,
            venue_mic=self._mic,
            gateway_instance=self.instance,
            session_epoch=epoch,
            status=status,
            drop_copy=self._drop_copy,
            beats=self.alive,
        )
        if knowledge is not None:
            opening.MergeFrom(knowledge)
        await self._call.write(gw.LinkRequest(open=opening))
        first = await self._call.read()
        while first is not grpc.aio.EOF and not first.HasField("opened"):
            if first.HasField("standby"):
                self.standbys.append(first.standby)
            first = await self._call.read()
        assert first is not grpc.aio.EOF, await self._call.details()
        self.opened = first.opened
        self._number = first.opened.applied_inbound_msg_seq_num
        if first.opened.HasField("blocks"):
            await self._blocked(first.opened.blocks)
        if self.reads:
            self._reader = asyncio.create_task(self._read())
        else:
            self.ended.set()
        return first.opened

    async def _read(self) -> None:
        try:
            while (frame := await self._call.read()) is not grpc.aio.EOF:
                self.frames.append(frame)
                self.commands.extend(frame.commands)
                self.log.extend(("command", command.cl_ord_id) for command in frame.commands)
                self.beats += frame.HasField("heartbeat")
                self.questions.extend(frame.questions)
                if frame.HasField("mark"):
                    self.marks.append(frame.mark)
                if frame.beat:
                    self.answered.append(frame.beat)
                if frame.HasField("blocks"):
                    await self._blocked(frame.blocks)
                if frame.HasField("ack"):
                    self.acks.append(frame.ack)
                self.drains += frame.HasField("drain")
        except (grpc.aio.AioRpcError, asyncio.CancelledError):
            self.code = await self._call.code()
        else:
            self.code = await self._call.code()
        finally:
            self.ended.set()

    async def _blocked(self, blocks: gw.Blocks) -> None:
        self.blocks.append(blocks)
        self.log.append(("block", blocks.version))
        if self.confirms and blocks.version:
            self.log.append(("confirmed", blocks.version))
            await self._call.write(gw.LinkRequest(blocks_version=blocks.version))

    async def close(self) -> None:
        """Vanish, as a killed process does."""
        if self._call is not None:
            self._call.cancel()
            await self.ended.wait()

    async def send(self, *messages: gw.VenueMessage, **parts: Any) -> None:
        await self._call.write(gw.LinkRequest(messages=messages, **parts))

    def message(self, **body: Any) -> gw.VenueMessage:
        """Number a message as the session's next."""
        self._number += 1
        return gw.VenueMessage(msg_seq_num=self._number, session_epoch=EPOCH, **body)

    def report(self, cl_ord_id: str, exec_type: str, status: str, **fields: Any) -> gw.VenueMessage:
        fields = {
            "exec_id": f"E{next(self._exec_ids)}",
            "venue_order_id": f"V-{cl_ord_id[:26]}",
            "order_quantity": "100",
        } | fields
        report = gw.ExecutionReport(
            cl_ord_id=cl_ord_id, exec_type=exec_type, ord_status=status, **fields
        )
        return self.message(execution_report=report)

    def acknowledged(self, cl_ord_id: str, **fields: Any) -> gw.VenueMessage:
        fields = {"leaves_quantity": "100", "cum_quantity": "0"} | fields
        return self.report(cl_ord_id, "0", "0", **fields)

    def filled(
        self, cl_ord_id: str, quantity: str = "100", cum: str = "100", leaves: str = "0", **fields
    ) -> gw.VenueMessage:
        fields = {"last_quantity": quantity, "last_price": "650.05"} | fields
        return self.report(
            cl_ord_id,
            "F",
            "2" if leaves == "0" else "1",
            cum_quantity=cum,
            leaves_quantity=leaves,
            **fields,
        )

    async def receipt(
        self,
        command: gw.VenueCommand,
        outcome: int = gw.COMMAND_OUTCOME_SENT,
        *,
        early: bool = False,
    ):
        receipt = gw.CommandReceipt(
            outbound_sequence=command.outbound_sequence,
            cl_ord_id=command.cl_ord_id,
            order_id=command.order_id,
            kind=command.kind,
            outcome=outcome,
        )
        frame = gw.LinkRequest()
        (frame.early_receipts if early else frame.receipts).append(receipt)
        await self._call.write(frame)

    async def command(self, index: int) -> gw.VenueCommand:
        """Wait for the n-th command."""
        await until(lambda: len(self.commands) > index, f"command {index}")
        return self.commands[index]

    async def applied(self) -> None:
        """Wait until the book has applied all that was sent.

        The acknowledgement goes with another frame: here with the answer to a sign of life.
        """
        async with asyncio.timeout(WAIT_S):
            while not (self.acks and self.acks[-1].applied_inbound_msg_seq_num >= self._number):
                answers = len(self.answered)
                await self._call.write(gw.LinkRequest(beat=answers + 1))
                await until(lambda: len(self.answered) > answers, "answer to a sign of life")  # noqa: B023


@asynccontextmanager
async def trading(
    database_url: str, tls: Path, redis_url: str = "", **changes: Any
) -> AsyncIterator[tuple[Replica, Client, Gateway]]:
    """Run a replica with a venue that is up and a user who may trade."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(replica(database_url, tls, redis_url, **changes))
        user = await stack.enter_async_context(running.channel())
        peer = await stack.enter_async_context(running.channel("svc-gateway"))
        gateway = Gateway(peer)
        await gateway.open()
        stack.push_async_callback(gateway.close)
        yield running, Client(user), gateway
