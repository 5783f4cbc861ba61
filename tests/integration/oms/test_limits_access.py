"""LimitService over gRPC: who may what, positions, a stopped strategy, verification."""

import asyncpg
import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from kernel.clock import SystemClock
from mesh.errors import reason_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import limit_pb2, order_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from ordermesh.oms.v1.limit_service_pb2_grpc import LimitServiceStub
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.api.limit_service import ACCESS
from svc_oms.service.book.verification import verify_book
from svc_oms.service.controls.rebuild_positions import build_positions, rebuild_positions
from tests.integration.oms.test_limits_together import RITA, set_limit
from tests.support.oms import ALICE, AUDREY, BOB, MINT, VERA, Client, trading, verified
from tests.support.tokens import bearer

RAVI = bearer(MINT.mint_token("ravi", roles=("RISK",), accounts=()))
OSCAR = bearer(MINT.mint_token("oscar", roles=("OPERATOR",), accounts=()))
NOBODYS = "01JD0000000000000000000000"
RANGE = limit_pb2.LimitRange(scope=limit_pb2.LIMIT_SCOPE_ACCOUNT, scope_id="ACC-ALICE")


def until(seconds: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromNanoseconds(SystemClock().now_ns() + seconds * 1_000_000_000)
    return stamp


def requests() -> dict[str, object]:
    """One request per rpc, well formed."""
    key, reason = "a-key", "a test"
    values = limit_pb2.LimitValues(quantity="1")
    return {
        "SetLimit": pb.SetLimitRequest(
            idempotency_key=key, kind=1, range=RANGE, values=values, reason=reason
        ),
        "EndLimit": pb.EndLimitRequest(
            idempotency_key=key, limit_id=NOBODYS, expected_version=1, reason=reason
        ),
        "ProposeOverride": pb.ProposeOverrideRequest(
            idempotency_key=key,
            limit_id=NOBODYS,
            account_id="ACC-ALICE",
            values=values,
            valid_until=until(60),
            reason=reason,
        ),
        "ApproveOverride": pb.ApproveOverrideRequest(idempotency_key=key, override_id=NOBODYS),
        "RejectOverride": pb.RejectOverrideRequest(
            idempotency_key=key, override_id=NOBODYS, reason=reason
        ),
        "ConfirmChange": pb.ConfirmChangeRequest(idempotency_key=key, change_id=NOBODYS),
        "RejectChange": pb.RejectChangeRequest(
            idempotency_key=key, change_id=NOBODYS, reason=reason
        ),
        "SetTradingStatus": pb.SetTradingStatusRequest(
            idempotency_key=key, target=1, target_id="ACC-ALICE", status=3, reason=reason
        ),
        "EnableStrategy": pb.EnableStrategyRequest(
            idempotency_key=key,
            account_id="ACC-ALICE",
            strategy="trader:alice",
            instrument_id="ASML.SIMA",
            side=1,
            reason=reason,
        ),
        "ListLimits": pb.ListLimitsRequest(account_id="ACC-ALICE"),
        "ListLimitHistory": pb.ListLimitHistoryRequest(limit_id=NOBODYS),
        "GetUsage": pb.GetUsageRequest(account_id="ACC-ALICE"),
        "ListPositions": pb.ListPositionsRequest(account_id="ACC-ALICE"),
        "ListOverrides": pb.ListOverridesRequest(account_id="ACC-ALICE"),
        "ListProposedChanges": pb.ListProposedChangesRequest(account_id="ACC-ALICE"),
        "ListTradingStatus": pb.ListTradingStatusRequest(),
    }


async def reason_given(call) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return reason_of(error)[0]
    return ""


WRITES = {name for name, access in ACCESS.items() if access.roles == {"RISK"}}


async def test_only_risk_changes_and_strangers_see_nothing(book_url, tls):
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        limits = LimitServiceStub(channel)
        for name, request in requests().items():
            rpc = getattr(limits, name)
            for who in (ALICE, VERA, AUDREY, OSCAR):
                expected = "PERMISSION_DENIED" if name in WRITES else ""
                expected = "OBJECT_NOT_FOUND" if name == "ListLimitHistory" else expected
                assert await reason_given(rpc(request, metadata=who)) == expected, name
            stranger = await reason_given(rpc(request, metadata=BOB))
            if name in WRITES:
                assert stranger == "PERMISSION_DENIED"
            elif name == "ListLimitHistory":
                assert stranger == "OBJECT_NOT_FOUND"
            elif name != "ListTradingStatus":
                assert stranger == "ACCOUNT_NOT_ALLOWED", name
            assert await reason_given(rpc(request)) == "UNAUTHENTICATED"
        status = await limits.GetUsage(pb.GetUsageRequest(account_id="ACC-ALICE"), metadata=ALICE)
        assert status.status == order_pb2.ACCOUNT_STATUS_ACTIVE


@pytest.mark.parametrize(
    ("name", "change", "field"),
    [
        ("SetLimit", {"kind": 0}, "kind"),
        ("SetLimit", {"kind": 99}, "kind"),
        ("SetLimit", {"reason": ""}, "reason"),
        ("SetLimit", {"reason": "x" * 501}, "reason"),
        ("SetLimit", {"idempotency_key": ""}, "idempotency_key"),
        ("SetLimit", {"values": limit_pb2.LimitValues(quantity="-1")}, "values.quantity"),
        ("SetLimit", {"values": limit_pb2.LimitValues(quantity="01")}, "values.quantity"),
        ("SetLimit", {"values": limit_pb2.LimitValues(window_ms=86_400_001)}, "values.window_ms"),
        ("SetLimit", {"range": limit_pb2.LimitRange(scope=3)}, "range.scope_id"),
        ("EndLimit", {"expected_version": 0}, "expected_version"),
        ("ProposeOverride", {"valid_until": None}, "valid_until"),
        ("SetTradingStatus", {"status": 0}, "status"),
        ("EnableStrategy", {"side": 0}, "side"),
        ("GetUsage", {"account_id": ""}, "account_id"),
    ],
)
async def test_bad_input_is_named(book_url, tls, name, change, field):
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        request = requests()[name]
        for key, value in change.items():
            request.ClearField(key)
            if isinstance(value, limit_pb2.LimitValues | limit_pb2.LimitRange):
                getattr(request, key).CopyFrom(value)
            elif value is not None:
                setattr(request, key, value)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await getattr(LimitServiceStub(channel), name)(request, metadata=RITA)
        reason, metadata = reason_of(refused.value)
        assert (reason, metadata["field"]) == ("INVALID_FIELD", field)


async def test_a_trader_sees_limits_of_its_account_desk_and_firm_only(book_url, tls):
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        limits = LimitServiceStub(channel)
        await set_limit(limits, "MAX_ORDER_QUANTITY", quantity="10")
        request = requests()["SetLimit"]
        for number, (scope, name) in enumerate(((3, "ACC-BOB"), (1, "DEMO"))):
            request.idempotency_key = f"other-{number}"
            request.range.scope, request.range.scope_id = scope, name
            await limits.SetLimit(request, metadata=RITA)

        async def seen(who, **fields):
            rows = await limits.ListLimits(pb.ListLimitsRequest(**fields), metadata=who)
            return {limit.range.scope_id for limit in rows.limits}

        assert await seen(ALICE) == {"ACC-ALICE", "DEMO"}
        assert await seen(BOB) == {"ACC-BOB", "DEMO"}
        assert await seen(RITA) == await seen(AUDREY) == {"ACC-ALICE", "ACC-BOB", "DEMO"}
        assert await seen(OSCAR, account_id="ACC-BOB") == {"ACC-BOB", "DEMO"}
        assert await seen(OSCAR, kind=2) == set()
        pages, token = [], ""
        for _ in range(3):
            page = await limits.ListLimits(
                pb.ListLimitsRequest(page_size=1, page_token=token), metadata=RITA
            )
            pages += page.limits
            token = page.next_page_token
        assert not token
        assert len({limit.limit_id for limit in pages}) == 3


async def test_an_override_is_proposed_and_approved_by_two_persons(book_url, tls):
    async with trading(book_url, tls) as (running, client, _gateway), running.channel() as channel:
        limits = LimitServiceStub(channel)
        await set_limit(limits, "MAX_ORDER_QUANTITY", quantity="10")
        (limit,) = (await limits.ListLimits(pb.ListLimitsRequest(), metadata=RITA)).limits
        request = requests()["ProposeOverride"]
        request.limit_id, request.values.quantity = limit.limit_id, "100"
        override = (await limits.ProposeOverride(request, metadata=RITA)).override
        assert await reason_given(client.place("k1")) == "MAX_QUANTITY_EXCEEDED"
        approve = pb.ApproveOverrideRequest(
            idempotency_key="approve", override_id=override.override_id
        )
        assert await reason_given(limits.ApproveOverride(approve, metadata=RITA)) == (
            "SECOND_PERSON_REQUIRED"
        )
        assert await reason_given(client.place("k2")) == "MAX_QUANTITY_EXCEEDED"
        await limits.ApproveOverride(approve, metadata=RAVI)
        await client.place("k3")
        listed = await limits.ListOverrides(pb.ListOverridesRequest(state=2), metadata=ALICE)
        assert [each.decided_by for each in listed.overrides] == ["ravi"]
        assert not (await limits.ListOverrides(pb.ListOverridesRequest(), metadata=BOB)).overrides


async def test_a_stopped_strategy_trades_again_when_a_person_says_so(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        limits = LimitServiceStub(channel)
        await set_limit(limits, "REPEATED_EXECUTION", executions=2, window_ms=3_600_000)
        regulatory = order_pb2.RegulatoryDetails(algorithmic=True, algorithm_id="TWAP 1")
        await client.place("k1", regulatory=regulatory)
        command = await gateway.command(0)
        await gateway.send(
            gateway.filled(command.cl_ord_id, "40", "40", "60"),
            gateway.filled(command.cl_ord_id, "60"),
        )
        await gateway.applied()
        assert await reason_given(client.place("k2", regulatory=regulatory)) == (
            "REPEATED_EXECUTION_STOPPED"
        )
        # Orders of the person without the algorithm go on.
        await client.place("k3")
        usage = await limits.GetUsage(pb.GetUsageRequest(account_id="ACC-ALICE"), metadata=VERA)
        (stop,) = usage.stops
        assert (stop.strategy, stop.executions) == ("algorithm:TWAP 1", 2)
        request = requests()["EnableStrategy"]
        request.strategy = stop.strategy
        enabled = await limits.EnableStrategy(request, metadata=RAVI)
        assert enabled.enabled_by == "ravi"
        await client.place("k4", regulatory=regulatory)
        request.idempotency_key = "again"
        assert (
            await reason_given(limits.EnableStrategy(request, metadata=RAVI)) == "OBJECT_NOT_FOUND"
        )


async def test_own_resting_orders_are_cancelled_before_the_new_one(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        await set_limit(LimitServiceStub(channel), "SELF_MATCH", self_match=2)
        await client.place("k1")
        await client.place("k2", side=order_pb2.SIDE_SELL)
        kinds = [(await gateway.command(index)).kind for index in range(3)]
        assert kinds == [
            gw.VENUE_COMMAND_KIND_NEW,
            gw.VENUE_COMMAND_KIND_CANCEL,
            gw.VENUE_COMMAND_KIND_NEW,
        ]
        assert gateway.commands[1].order_id == gateway.commands[0].order_id


async def test_a_proposed_change_is_seen_by_those_it_concerns(book_url, tls):
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        limits = LimitServiceStub(channel)
        await set_limit(limits, "MAX_ORDER_QUANTITY", quantity="10")
        request = requests()["SetLimit"]
        request.values.quantity, request.expected_version = "20", 1
        answer = await limits.SetLimit(request, metadata=RITA)
        assert not answer.HasField("limit")
        # The same key gets the same answer, and no second proposal.
        assert await limits.SetLimit(request, metadata=RITA) == answer
        halted = requests()["SetTradingStatus"]
        halted.target, halted.target_id = limit_pb2.TRADING_STATUS_TARGET_VENUE, "SIMB"
        halted.idempotency_key = "halted"
        await limits.SetTradingStatus(halted, metadata=RITA)
        halted.status, halted.idempotency_key = order_pb2.ACCOUNT_STATUS_ACTIVE, "active"
        active = (await limits.SetTradingStatus(halted, metadata=RITA)).proposed
        everything = pb.ListProposedChangesRequest()
        for who, seen in (
            (ALICE, [active, answer.proposed]),
            (BOB, [active]),
            (AUDREY, [active, answer.proposed]),
        ):
            found = (await limits.ListProposedChanges(everything, metadata=who)).changes
            assert list(found) == seen
        page = pb.ListProposedChangesRequest(page_size=1)
        first = await limits.ListProposedChanges(page, metadata=RITA)
        assert list(first.changes) == [active]
        page.page_token = first.next_page_token
        assert list((await limits.ListProposedChanges(page, metadata=RITA)).changes) == [
            answer.proposed
        ]
        confirm = pb.ConfirmChangeRequest(
            idempotency_key="confirm", change_id=answer.proposed.change_id
        )
        done = await limits.ConfirmChange(confirm, metadata=RAVI)
        assert (done.limit.set_by, done.limit.confirmed_by) == ("rita", "ravi")
        waiting = pb.ListProposedChangesRequest(state=pb.PROPOSED_CHANGE_STATE_PROPOSED)
        found = (await limits.ListProposedChanges(waiting, metadata=RITA)).changes
        assert list(found) == [active]


async def filled_and_corrected(client: Client, gateway) -> None:
    order = (await client.place("k1")).order
    command = await gateway.command(0)
    await gateway.send(
        gateway.filled(command.cl_ord_id, "40", "40", "60", exec_id="F1"),
        gateway.filled(command.cl_ord_id, "20", "60", "40", exec_id="F2", last_price="651"),
        gateway.report(
            command.cl_ord_id, "H", "1", exec_id="F3", exec_ref_id="F1",
            cum_quantity="20", leaves_quantity="80",
        ),
        gateway.report(
            command.cl_ord_id, "G", "1", exec_id="F4", exec_ref_id="F2", last_quantity="25",
            last_price="650", cum_quantity="25", leaves_quantity="75",
        ),
    )  # fmt: skip
    await gateway.applied()
    assert (await client.get(order.order_id)).order.progress.cum_quantity == "25"


async def test_positions_follow_fills_busts_and_corrections(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        await filled_and_corrected(client, gateway)
        request = pb.ListPositionsRequest(account_id="ACC-ALICE")
        (held,) = (await LimitServiceStub(channel).ListPositions(request, metadata=ALICE)).positions
        assert (held.isin, held.currency, held.quantity) == ("NL0010273215", "EUR", "25")
        assert (held.average_price, held.realised_profit) == ("650", "0")
        assert held.as_of_sequence == 6
    await verified(book_url)


async def test_a_position_is_folded_anew_after_a_bust(book_url, tls):
    async with trading(book_url, tls) as (running, client, gateway), running.channel() as channel:
        # 100 bought at 1000 and sold at 1010; then the venue takes the sell back.
        for key, side, price in (
            ("b", order_pb2.SIDE_BUY, "1000"),
            ("s", order_pb2.SIDE_SELL, "1010"),
        ):
            order = (await client.place(key, side=side, limit_price=price, quantity="200")).order
            name = f"{order.order_id}-1"
            filled = gateway.filled(name, "100", "100", "100", exec_id=f"F-{key}", last_price=price)
            await gateway.send(filled)
        busted = gateway.report(
            name, "H", "0", exec_id="H-s", exec_ref_id="F-s", cum_quantity="0",
            leaves_quantity="200",
        )  # fmt: skip
        await gateway.send(busted)
        await gateway.applied()
        request = pb.ListPositionsRequest(account_id="ACC-ALICE")
        (held,) = (await LimitServiceStub(channel).ListPositions(request, metadata=ALICE)).positions
        assert (held.quantity, held.average_price, held.realised_profit) == ("100", "1000", "0")
    await verified(book_url)


async def test_a_position_that_is_not_the_sum_of_its_fills_is_found(book_url, tls):
    async with trading(book_url, tls) as (_running, client, gateway):
        await filled_and_corrected(client, gateway)
    connection = await asyncpg.connect(book_url)
    store = await PostgresStore.connect(book_url)
    try:
        await connection.execute("UPDATE oms.positions SET quantity = 24")
        findings = (await verify_book(store)).findings
        assert [finding.invariant for finding in findings] == ["positions", "positions"]
        assert "25" in findings[1].text
        assert await rebuild_positions(store, store.controls()) == 1
        assert not (await verify_book(store)).findings
        assert await rebuild_positions(store, store.controls()) == 0
        # Before there were positions: they are built from the log.
        await connection.execute("DELETE FROM oms.positions")
        assert (await verify_book(store)).findings
        assert await build_positions(store, store.controls()) == 1
        assert not (await verify_book(store)).findings
        assert await build_positions(store, store.controls()) == 0
    finally:
        await store.close()
        await connection.close()
