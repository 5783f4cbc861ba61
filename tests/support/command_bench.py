"""The command worker in memory: one account, one control that a test scripts, one venue."""

import dataclasses
from decimal import Decimal

from mesh.auth.tokens import Principal
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.adapters.redis.read_copies import NoReadCopies
from svc_oms.api.orders import order_requests as requests
from svc_oms.app import build_replica
from svc_oms.domain.commands import TriggerOrder
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.command_index import HANDLERS
from svc_oms.service.commands.worker import CommandWorker
from svc_oms.service.ports import AccountInfo
from svc_oms.service.submissions import (
    EVERY_ACCOUNT,
    NOTHING_DONE,
    CommandKind,
    Submission,
    Taken,
)
from svc_oms.settings import OmsSettings
from tests.support.clock import ManualClock
from tests.support.oms import Client, listing
from tests.support.oms_memory import MemoryStore

ACCOUNT = "ACC-ALICE"
ALICE = Principal("alice", "Alice", frozenset({"TRADER"}), frozenset({ACCOUNT}), 2**62)
ANNA = dataclasses.replace(ALICE, subject="anna")
RITA = Principal("rita", "Rita", frozenset({"RISK"}), frozenset(), 2**62)
SESSION = "sima-orders"
D = Decimal
TIMES = ("DAY", "GTC", "IOC", "FOK", "AT_OPEN")


class Silence:
    def wake_accounts(self, account_ids):
        assert account_ids

    def wake_sessions(self, session_ids):
        assert session_ids


class Control:
    """A gate that refuses what a test says, and keeps what it was asked."""

    def __init__(self):
        self.refusal = None
        self.asked = []
        self.moves = []

    async def open(self, batch, accounts, changes, submissions, controls_version):
        del batch, accounts, changes, submissions, controls_version
        return self

    def place(self, submission, order):
        self.asked.append((submission.kind, order.order_id))
        if self.refusal is not None:
            raise self.refusal

    def release(self, submission, order, *, sent):
        del sent
        self.place(submission, order)

    def replace(self, submission, before, terms):
        del submission, before, terms

    def cancel(self, submission, before):
        del submission, before

    def taken(self, before, after):
        self.moves.append((None if before is None else before.state.name, after.state.name))

    def finish(self):
        """Write nothing."""


class CommandBench:
    """A book, its desk under one control, and the commands of a user."""

    def __init__(self, book, control):
        self.book = book
        self.control = control
        self.worker = CommandWorker(
            dataclasses.replace(book.worker._parts, pre_trade_controls=[control]), HANDLERS
        )
        self.keys = self.numbers = 0

    async def do(self, make, request, user=ALICE):
        outcomes = []
        await self.worker.work([make(request, user, outcomes.append)])
        return outcomes[0]

    async def place(self, **changes):
        self.keys += 1
        taken = await self.do(requests.place, Client.request(None, f"k{self.keys}", **changes))
        assert isinstance(taken, Taken), taken
        return taken.order_id

    async def try_place(self, **changes):
        """Place an order that may be refused."""
        self.keys += 1
        return await self.do(requests.place, Client.request(None, f"k{self.keys}", **changes))

    async def apply(self, *reports):
        """Have the venue report."""
        link = self.book.leases._links[SESSION]
        messages = []
        for report in reports:
            self.numbers += 1
            messages.append(
                gw.VenueMessage(msg_seq_num=self.numbers, session_epoch=1, execution_report=report)
            )
        await link.apply(messages, ())

    async def run_command(self, kind, command):
        outcomes = []
        await self.worker.work([Submission(kind, command, EVERY_ACCOUNT, b"", outcomes.append)])
        assert outcomes == [NOTHING_DONE]

    async def trigger(self, order_id, price=None, extreme=None):
        await self.run_command(CommandKind.TRIGGER, TriggerOrder(ACCOUNT, order_id, price, extreme))

    async def order(self, order_id):
        row = await self.book.store.order(order_id)
        return read_order(row.body, row.fold)

    async def kinds(self, order_id):
        events = await self.book.store.events(ACCOUNT, 0, 100)
        lines = [decode_event(row.payload) for row in events]
        return [line.event.kind.name for line in lines if line.order_id == order_id]

    async def commands(self):
        rows = await self.book.store.outbox(SESSION, 0, 100)
        return [gw.VenueCommand.FromString(payload) for _, payload in rows]

    async def session(
        self,
        state=gw.SESSION_STATE_UP,
        trading_status=0,
        capabilities=("trading_session_status",),
        **times,
    ):
        """Have the gateway report its session, and what the venue says of its trading session."""
        status = gw.SessionStatus(
            state=state,
            trading_session_status=trading_status,
            capabilities=capabilities,
            order_types=["ORDER_TYPE_MARKET", "ORDER_TYPE_LIMIT"],
            times_in_force=[f"TIME_IN_FORCE_{name}" for name in TIMES],
        )
        if trading_status or times:
            now_ns = self.book.clock.now_ns()
            for name, time_ns in ({"since": now_ns} | times).items():
                getattr(status.trading_session, name).FromNanoseconds(time_ns)
        opened = gw.LinkOpen(session_id=SESSION, venue_mic="SIMA", status=status)
        await self.book.leases.take(opened)


async def command_bench():
    """Make the bench, with its venue's session up."""
    store = MemoryStore()
    await store.ensure_account(AccountInfo(ACCOUNT, "Alice", "EUR", "DEMO", 1))
    book = build_replica(OmsSettings(), store, NoReadCopies(), Silence(), "r1", ManualClock())
    book.market.learn([listing()])
    made = CommandBench(book, Control())
    await made.session()
    return made
