"""A replica of the OMS in the process of a test, on PostgreSQL: its batches one by one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kernel.clock import SystemClock
from mesh.auth.tokens import Principal
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import limit_pb2, limit_service_pb2, order_service_pb2
from ordermesh.oms.v1.audit_service_pb2 import AuditEntry
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.adapters.redis.read_copies import NoReadCopies
from svc_oms.api.orders import order_requests as requests
from svc_oms.app import build_replica
from svc_oms.service.controls.changes.limit_changes import Caller, LimitChanges
from svc_oms.service.ports import GuessMissedError
from svc_oms.service.submissions import Outcome, Taken
from svc_oms.settings import OmsSettings
from tests.support.command_bench import Silence
from tests.support.oms import ACCOUNTS, Client, listing
from tests.support.postgres import as_service

TRADER = Principal("alice", "Alice", frozenset({"TRADER"}), frozenset(ACCOUNTS), 2**62)
SESSION = "sima-orders"
STATUS = gw.SessionStatus(
    state=gw.SESSION_STATE_UP,
    order_types=["ORDER_TYPE_MARKET", "ORDER_TYPE_LIMIT"],
    times_in_force=["TIME_IN_FORCE_DAY"],
)


class DirectReplica:
    """A replica.

    Attributes:
        book: Its parts.
        store: Its store.
        statements: What its batches sent to the database; one round trip each.
    """

    def __init__(self, name: str, store: PostgresStore) -> None:
        self.store = store
        self.book = build_replica(
            OmsSettings(), store, NoReadCopies(), Silence(), name, SystemClock()
        )
        self.book.market.learn([listing()])
        self.statements: list[str] = []

    def guess_nothing(self) -> None:
        """Read under locks in every batch."""

        def guess():
            raise GuessMissedError("not in this test")

        self.store.guess = guess

    async def link(self) -> None:
        """Take the session of the venue."""
        await self.book.leases.take(
            gw.LinkOpen(session_id=SESSION, venue_mic="SIMA", gateway_instance="g", status=STATUS)
        )

    async def look(self) -> None:
        """See which sessions the others have."""
        await self.book.wake_up_receiver.look(set(), sessions=True)

    async def work(self, *submissions) -> list[Outcome]:
        """Work commands, each a function of its reply, as one batch."""
        outcomes: list[Outcome] = []
        await self.book.worker.work([make(outcomes.append) for make in submissions])
        return outcomes

    async def place(self, key: str, **changes) -> Outcome:
        (outcome,) = await self.work(placing(key, **changes))
        return outcome

    async def cancel(self, key: str, order_id: str) -> Outcome:
        request = order_service_pb2.CancelRequest(idempotency_key=key, order_id=order_id)
        (outcome,) = await self.work(lambda reply: requests.cancel(request, TRADER, reply))
        return outcome

    async def set_limit(self, kind: str, **values) -> None:
        """Set a limit of ACC-ALICE's that is tighter than what there is."""
        book = self.book
        office = LimitChanges(
            self.store.controls(),
            SystemClock(),
            book.directory,
            book.controls_log,
            book.controls_in_force.defaults,
        )
        request = limit_service_pb2.SetLimitRequest(
            kind=f"LIMIT_KIND_{kind}",
            range={"scope": limit_pb2.LIMIT_SCOPE_ACCOUNT, "scope_id": "ACC-ALICE"},
            values=limit_pb2.LimitValues(**values),
            reason="a test",
        )
        await office.set_limit(request, Caller("rita", f"limit-{kind}", b"body"))

    async def actions(self, command: str) -> list[AuditEntry]:
        """Return the entries of the audit log of one kind, of all writers."""
        async with self.store.audit() as reader:
            entries = [
                AuditEntry.FromString(line.payload)
                for writer in await reader.audit_chains()
                async for line in reader.audit_log(writer)
            ]
        return [entry for entry in entries if entry.command == command]

    async def report(self, *messages: gw.VenueMessage) -> None:
        """Apply what the venue says, as one batch."""
        await self.book.leases._links[SESSION].apply(messages, ())


def placing(key: str, **changes):
    """Return what makes the submission of a new order."""
    request = Client.request(None, key, **changes)
    return lambda reply: requests.place(request, TRADER, reply)


def cancelling_all(key: str):
    """Return what makes the submission of a CancelAll."""
    request = order_service_pb2.CancelAllRequest(idempotency_key=key, account_id="ACC-ALICE")
    return lambda reply: requests.cancel_all(request, TRADER, reply)


def taken(outcome: Outcome) -> str:
    """Return the order of a command that was taken."""
    assert isinstance(outcome, Taken), outcome
    return outcome.order_id


class Venue:
    """What the venue says, in the order of its MsgSeqNum(34)."""

    def __init__(self) -> None:
        self.number = 0

    def says(self, order_id: str, exec_type: str, **fields) -> gw.VenueMessage:
        """Return the next message, about the first request of an order of 100."""
        self.number += 1
        report = gw.ExecutionReport(
            cl_ord_id=f"{order_id}-1",
            exec_type=exec_type,
            venue_order_id=f"V-{order_id}",
            **{"exec_id": f"E{self.number}", "order_quantity": "100"} | fields,
        )
        return gw.VenueMessage(msg_seq_num=self.number, session_epoch=1, execution_report=report)

    def acknowledges(self, order_id: str) -> gw.VenueMessage:
        return self.says(order_id, "0", ord_status="0", cum_quantity="0", leaves_quantity="100")

    def fills(self, order_id: str, cum: int = 100, last: int = 100, **fields) -> gw.VenueMessage:
        numbers = {"last_quantity": str(last), "last_price": "650.05", "cum_quantity": str(cum)}
        status = {"ord_status": "2" if cum == 100 else "1", "leaves_quantity": str(100 - cum)}
        return self.says(order_id, "F", **numbers | status | fields)


@asynccontextmanager
async def direct_replica(url: str, name: str = "r1") -> AsyncIterator[DirectReplica]:
    """Run a replica with the rights of the service."""
    store = await PostgresStore.connect(as_service(url), name)
    made = DirectReplica(name, store)

    async def count(connection) -> None:
        connection.add_query_logger(lambda logged: made.statements.append(logged.query))

    store._write_pool._init = count
    try:
        yield made
    finally:
        await store.close()
