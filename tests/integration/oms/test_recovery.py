"""A database that was restored to an earlier state is found, recovered and confirmed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest

from mesh.errors import read_refusal, reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import audit_service_pb2, order_pb2, order_service_pb2, recovery_pb2
from ordermesh.oms.v1 import recovery_service_pb2 as recovery
from ordermesh.oms.v1.audit_service_pb2_grpc import AuditServiceStub
from ordermesh.oms.v1.recovery_service_pb2_grpc import RecoveryServiceStub
from ordermesh.type.v1 import stream_pb2
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.book.verification import verify_book
from svc_oms.service.recovery.recoveries import BookWentBackError
from svc_oms.service.recovery.verification import older_findings
from tests.support.oms import MINT, Client, Gateway, Replica, replica, trading
from tests.support.postgres import PostgresServer
from tests.support.tokens import bearer
from tests.support.waiting import until

RITA = bearer(MINT.mint_token("rita", roles=("RISK",), accounts=()))
VERA = bearer(MINT.mint_token("vera", roles=("VIEWER",), accounts=("ACC-ALICE",)))
NEW, FILLED = order_pb2.ORDER_STATE_NEW, order_pb2.ORDER_STATE_FILLED
WHY = "compared with the venue's list of 11:40, ticket 7"


@dataclass
class Lost:
    """A database that was restored, and what happened after its dump.

    Attributes:
        url: The restored database.
        kept: The order that it has.
        lost: The order that was placed and filled later.
        commands: The requests for the venue, in the order they were sent.
        mark: The newest mark that the gateway got.
    """

    url: str
    kept: str
    lost: str
    commands: list[gw.VenueCommand]
    mark: gw.BookMark

    def sent(self, *, whole: bool = False) -> list[gw.SentRequest]:
        """Return the requests as a gateway finds them in its FIX store."""
        return [
            gw.SentRequest(
                msg_seq_num=number, cl_ord_id=one.cl_ord_id, command=one if whole else None
            )
            for number, one in enumerate(self.commands, 2)
        ]


@pytest.fixture
async def lost(book_url: str, tls: Path, postgres_server: PostgresServer) -> AsyncIterator[Lost]:
    """Dump a book with one order, place another one that is filled, and restore the dump."""
    async with trading(book_url, tls) as (_, client, gateway):
        kept = (await client.place("k1")).order.order_id
        await gateway.receipt(await gateway.command(0))
        await gateway.send(gateway.acknowledged(f"{kept}-1"))
        await client.in_state(kept, NEW)
        url = await asyncio.to_thread(postgres_server.restored, book_url)
        later = (await client.place("k2", quantity="20")).order.order_id
        await gateway.receipt(await gateway.command(1))
        await gateway.send(*fill_of(gateway, later))
        await client.in_state(later, FILLED)
        filled_at = await newest_event(book_url)
        await until(
            lambda: any(numbers(one).get("order_events", 0) >= filled_at for one in gateway.marks),
            "the gateway has a mark of the fill",
        )
        yield Lost(url, kept, later, list(gateway.commands), gateway.marks[-1])
    postgres_server.drop_database(url)


def fill_of(gateway: Gateway, order_id: str) -> list[gw.VenueMessage]:
    return [
        gateway.acknowledged(f"{order_id}-1", order_quantity="20", leaves_quantity="20"),
        gateway.filled(f"{order_id}-1", "20", "20", order_quantity="20"),
    ]


def numbers(mark: gw.BookMark) -> dict[str, int]:
    return {one.log: one.log_number for one in mark.logs}


async def newest_event(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("SELECT max(log_number) FROM oms.order_events")
    finally:
        await connection.close()


@asynccontextmanager
async def restored(url: str, tls: Path) -> AsyncIterator[tuple[Replica, Client, Gateway]]:
    """Run a replica on a restored database; its gateway has not connected yet."""
    async with replica(url, tls) as one, one.channel() as users, one.channel("svc-gateway") as own:
        gateway = Gateway(own)
        try:
            yield one, Client(users), gateway
        finally:
            if gateway.opened is not None:
                await gateway.close()


def service(one: Replica) -> RecoveryServiceStub:
    return RecoveryServiceStub(one.channel())


async def show(one: Replica) -> recovery_pb2.Recovery:
    return (await service(one).Show(recovery.ShowRequest(), metadata=RITA)).recovery


async def confirm(one: Replica, recovery_id: str, **fields: bool) -> recovery_pb2.Recovery:
    request = recovery.ConfirmRequest(recovery_id=recovery_id, reason=WHY, **fields)
    return (await service(one).Confirm(request, metadata=RITA)).recovery


async def refusal(place: Callable[[], object]) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await place()
    return reason_of(caught.value)[0]


async def read_all(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass


async def findings(url: str, **marks: gw.BookMark) -> list[str]:
    store = await PostgresStore.connect(url)
    try:
        report = await verify_book(store)
        assert not report.findings
        return [one.text for one in await older_findings(store.recoveries(), marks)]
    finally:
        await store.close()


async def confirmed_by_a_person(
    one: Replica, client: Client, gateway: Gateway, report: recovery_pb2.Recovery
) -> None:
    confirmed = await confirm(one, report.recovery_id)
    assert confirmed.state == recovery_pb2.RECOVERY_STATE_CONFIRMED
    assert (confirmed.confirmed_by, confirmed.reason) == ("rita", WHY)
    assert (await client.place("k4")).order.order_id
    await until(lambda: gateway.marks, "marks of the new epoch")
    entries = await AuditServiceStub(one.channel()).List(
        audit_service_pb2.AuditServiceListRequest(), metadata=RITA
    )
    commands = [entry.command for entry in entries.entries]
    assert "RecoveryService/Confirm" in commands
    assert "recovery/begin" in commands


async def test_a_restored_book_recovers_what_it_lost_and_waits_for_a_person(
    lost: Lost, tls: Path
) -> None:
    assert len(await findings(lost.url, gateway=lost.mark)) == 1
    async with restored(lost.url, tls) as (one, client, gateway):
        state = await service(one).GetState(recovery.GetStateRequest(), metadata=VERA)
        assert not state.recovering
        before = one.book.readiness.epoch

        opened = await gateway.open(knowledge=gw.LinkOpen(mark=lost.mark, sent=lost.sent()))

        # Refused at once, while cancels pass; the process serves, and says it.
        assert one.book.readiness.epoch != before
        assert opened.fencing_token > lost.mark.fencing_token
        assert opened.recover_from > 0
        assert await refusal(lambda: client.place("k3")) == "RECOVERING"
        assert "RECOVERING" in one.ops.readiness()[1]
        assert one.ops.readiness()[0]
        state = await service(one).GetState(recovery.GetStateRequest(), metadata=VERA)
        assert state.recovering
        assert "RECOVERING" in (await findings(lost.url))[0]

        # The lost order comes back under its own id, and its fill counts.
        await gateway.send(sent=lost.sent(whole=True), sent_complete=True)
        await until(lambda: gateway.questions, "the venue is asked about the open orders")
        assert lost.kept in {question.order_id for question in gateway.questions}
        await gateway.send(*fill_of(gateway, lost.lost))
        order = await client.in_state(lost.lost, FILLED)
        assert order.origin == order_pb2.ORDER_ORIGIN_RECOVERED
        assert (order.account_id, order.terms.quantity) == ("ACC-ALICE", "20")
        assert order.anomaly_count == 0
        await client.cancel("c1", lost.kept)
        await until(
            lambda: any(c.kind == gw.VENUE_COMMAND_KIND_CANCEL for c in gateway.commands), "cancel"
        )
        assert not gateway.marks

        report = await show(one)
        assert report.recovered_order_ids == [lost.lost]
        assert [(e.order_id, e.quantity) for e in report.executions] == [(lost.lost, "20")]
        assert [(s.session_id, s.compared) for s in report.sessions] == [("sima-orders", True)]
        assert report.parked_messages == 0

        await confirmed_by_a_person(one, client, gateway, report)
        assert await findings(lost.url) == []

        # Another gateway that still has the mark of the ended epoch opens no second recovery.
        await gateway.close()
        again = await gateway.open(knowledge=gw.LinkOpen(mark=lost.mark, sent=lost.sent()))
        assert again.recover_from == 0
        assert (await client.place("k5")).order.order_id


@pytest.mark.parametrize(
    "knowledge",
    [
        pytest.param(lambda lost: gw.LinkOpen(mark=lost.mark), id="its mark"),
        pytest.param(
            lambda _: gw.LinkOpen(mark=gw.BookMark(fencing_token=99)), id="its fencing token"
        ),
        pytest.param(lambda lost: gw.LinkOpen(sent=lost.sent()), id="the requests it has sent"),
    ],
)
async def test_each_thing_a_gateway_knows_is_enough(
    lost: Lost, tls: Path, knowledge: Callable[[Lost], gw.LinkOpen]
) -> None:
    async with restored(lost.url, tls) as (one, client, gateway):
        await gateway.open(knowledge=knowledge(lost))
        assert await refusal(lambda: client.place("k3")) == "RECOVERING"
        assert (await show(one)).evidence.startswith("sima-orders: ")


async def test_a_book_that_has_gone_on_and_a_first_start_are_sound(lost: Lost, tls: Path) -> None:
    # The dump's own state is in the restored book, however old it is.
    old = gw.BookMark(book_epoch=lost.mark.book_epoch)
    store = await PostgresStore.connect(lost.url)
    for one in (await store.recoveries().look()).marks:
        old.logs.add(log=one.log, log_number=one.log_number, digest=one.digest)
    await store.close()
    async with restored(lost.url, tls) as (one, client, gateway):
        first = lost.sent()[:1]
        opened = await gateway.open(knowledge=gw.LinkOpen(mark=old, sent=first))
        assert opened.recover_from == 0
        assert (await client.place("k3")).order.order_id
        assert await refusal(lambda: show(one)) == "OBJECT_NOT_FOUND"


async def test_a_request_of_an_order_that_may_be_archived_shows_nothing(
    lost: Lost, tls: Path
) -> None:
    connection = await asyncpg.connect(lost.url)
    await connection.execute("UPDATE oms.book SET archived_before = $1", f"{lost.lost}~")
    await connection.close()
    async with restored(lost.url, tls) as (_, client, gateway):
        opened = await gateway.open(knowledge=gw.LinkOpen(sent=lost.sent()))
        assert opened.recover_from == 0
        assert (await client.place("k3")).order.order_id


async def test_a_stream_with_a_cursor_of_the_lost_epoch_begins_anew(lost: Lost, tls: Path) -> None:
    async with restored(lost.url, tls) as (one, client, gateway):
        cursor = stream_pb2.Cursor(epoch=one.book.readiness.epoch, sequence=2)
        wanted = order_service_pb2.AccountCursor(account_id="ACC-ALICE", cursor=cursor)
        request = order_service_pb2.WatchRequest(accounts=[wanted])
        live = client.orders.Watch(request, metadata=client.metadata)
        await live.read()
        await gateway.open(knowledge=gw.LinkOpen(mark=lost.mark))
        assert await refusal(lambda: read_all(live)) == "DRAINING"
        again = client.orders.Watch(request, metadata=client.metadata)
        first = (await again.read()).items[0]
        assert first.resync.cause == stream_pb2.RESYNC_CAUSE_EPOCH_CHANGED
        again.cancel()


async def test_links_that_were_open_before_take_part(lost: Lost, tls: Path) -> None:
    async with restored(lost.url, tls) as (one, _, gateway), one.channel("svc-gateway") as own:
        early = Gateway(own, "simb-orders", "SIMB")
        await early.open()
        await gateway.open(knowledge=gw.LinkOpen(mark=lost.mark))
        await early.ended.wait()
        opened = await early.open()
        assert opened.recover_from == 1
        await early.send(sent_complete=True)
        await gateway.send(sent=lost.sent(whole=True), sent_complete=True)

        async def compared() -> list[str]:
            return [each.session_id for each in (await show(one)).sessions if each.compared]

        async with asyncio.timeout(30):
            while await compared() != ["sima-orders", "simb-orders"]:
                await asyncio.sleep(0.02)
        await early.close()


async def test_what_cannot_be_recovered_is_named_and_a_confirmation_says_so(
    lost: Lost, tls: Path
) -> None:
    async with restored(lost.url, tls) as (one, _, gateway):
        await gateway.open(knowledge=gw.LinkOpen(mark=lost.mark))
        report = await show(one)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await confirm(one, report.recovery_id)
        refused = read_refusal(caught.value)
        assert (refused.reason, refused.metadata["sessions"]) == ("OBJECT_STATE", "sima-orders")

        sent = lost.sent(whole=True)
        sent[-1].command.account_id = ""  # account_tag: none
        await gateway.send(sent=sent, sent_complete=True)
        await until(lambda: gateway.questions, "the requests are compared")
        session = (await show(one)).sessions[0]
        assert session.compared
        assert list(session.not_recovered) == [
            f"{lost.lost}-1: Account(1) '' is not an account here"
        ]
        await confirm(one, report.recovery_id)
        assert await refusal(lambda: confirm(one, report.recovery_id)) == "OBJECT_STATE"


async def test_only_risk_and_operators_confirm(lost: Lost, tls: Path) -> None:
    async with restored(lost.url, tls) as (one, _, gateway):
        await gateway.open(knowledge=gw.LinkOpen(mark=lost.mark))
        stub = service(one)
        request = recovery.ConfirmRequest(recovery_id="0" * 26, reason=WHY)
        for call in (
            lambda: stub.Show(recovery.ShowRequest(), metadata=VERA),
            lambda: stub.Confirm(request, metadata=VERA),
        ):
            assert await refusal(call) == "PERMISSION_DENIED"


async def test_a_replica_whose_database_goes_back_under_it_ends(lost: Lost, tls: Path) -> None:
    async with restored(lost.url, tls) as (one, client, gateway):
        await gateway.open()
        order_id = (await client.place("k3")).order.order_id
        recoveries = one.book.recoveries
        await recoveries.look()
        connection = await asyncpg.connect(lost.url)
        await connection.execute(
            """
            SET session_replication_role = replica;
            DELETE FROM oms.order_events WHERE order_id = $1""".replace("$1", f"'{order_id}'")
        )
        await connection.close()
        with pytest.raises(BookWentBackError):
            await recoveries.look()
        assert "went back" in (await show(one)).evidence
