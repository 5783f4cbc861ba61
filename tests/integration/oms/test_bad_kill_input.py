"""Bad input to every rpc of the kill switches: named, recorded, and nothing changes."""

import pytest

from ordermesh.oms.v1 import kill_switch_pb2 as kill
from ordermesh.oms.v1 import kill_switch_service_pb2 as pb
from tests.support.bad_input import garbled, unbreakable
from tests.support.oms import ALICE, BOB, OSCAR, RAVI, RITA, VERA, trading
from tests.support.refusals import broken_fields, refusal, refused_by_name

NOBODYS = "01JD0000000000000000000000"
SCOPE = kill.KillScope(
    firm_id="DEMO",
    desk_id="CASH",
    account_id="ACC-ALICE",
    trader="alice",
    algorithm_id="algo",
    session_id="sima-orders",
    venue_mic="SIMA",
    instrument_id="ASML.SIMA",
)
GOOD = {
    "Engage": pb.EngageRequest(idempotency_key="k", scope=SCOPE, reason="a test"),
    "MassCancel": pb.MassCancelRequest(idempotency_key="k", scope=SCOPE, reason="a test"),
    "ProposeRelease": pb.ProposeReleaseRequest(switch_id=NOBODYS, reason="a test"),
    "ApproveRelease": pb.ApproveReleaseRequest(switch_id=NOBODYS),
    "List": pb.KillSwitchServiceListRequest(page_size=1),
    "Get": pb.KillSwitchServiceGetRequest(switch_id=NOBODYS, outcomes=[1], page_size=1),
    "Watch": pb.KillSwitchServiceWatchRequest(heartbeat_s=1),
}
ANY_VALUE = {"Engage": {"drill"}, "List": {"in_force_only"}}
SERVICE = "ordermesh.oms.v1.KillSwitchService"


def test_every_rpc_and_every_field_has_a_case() -> None:
    (service,) = pb.DESCRIPTOR.services_by_name.values()
    assert {method.name for method in service.methods} == set(GOOD)
    for name, good in GOOD.items():
        assert unbreakable(good) == ANY_VALUE.get(name, set()), name


@pytest.mark.parametrize("rpc", GOOD)
async def test_broken_fields_are_refused_by_name(book_url, tls, book, rpc) -> None:
    async with trading(book_url, tls) as (_, client, gateway):
        await broken_fields(book, getattr(client.kills, rpc), GOOD[rpc], "rita", RITA)
        assert not gateway.blocks or gateway.blocks == [gateway.opened.blocks]


async def test_bytes_that_are_no_message_are_refused(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        before, count = await book.state(), 0
        for rpc, good in GOOD.items():
            path = f"/{SERVICE}/{rpc}"
            stub = channel.unary_stream(path) if rpc == "Watch" else channel.unary_unary(path)
            for case in garbled(good):
                found = await refusal(stub(case.data, metadata=RITA))
                assert found.reason == "INVALID_FIELD", (rpc, case.name)
                assert good.DESCRIPTOR.full_name in found.text
                count += 1
        assert await book.state() == before
        assert len(await book.refused()) == count


async def test_switches_that_mean_no_good_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (_, client, _gateway):

        def asks(key: str, **scope: str) -> tuple:
            fields = {"idempotency_key": key, "scope": kill.KillScope(**scope), "reason": "a test"}
            return (
                ("Engage", pb.EngageRequest(**fields)),
                ("MassCancel", pb.MassCancelRequest(**fields)),
            )

        mine = pb.EngageRequest(
            idempotency_key="k1", scope={"trader": "nobody"}, reason="a test", drill=True
        )
        await client.kills.Engage(mine, metadata=RITA)
        table = []
        for rpc, request in asks("x"):
            table.append((rpc, request, RITA, "INVALID_FIELD", "scope"))
        for rpc, request in asks("x", firm_id="DEMO"):
            table.append((rpc, request, ALICE, "ACCOUNT_NOT_ALLOWED", "scope.account_id"))
        for rpc, request in asks("x", account_id="ACC-BOB"):
            table.append((rpc, request, ALICE, "ACCOUNT_NOT_ALLOWED", "scope.account_id"))
            table.append((rpc, request, VERA, "PERMISSION_DENIED", ""))
        for rpc, request in asks("k1", trader="nobody"):
            table.append((rpc, request, RITA, "IDEMPOTENCY_KEY_REUSED", "idempotency_key"))
        await refused_by_name(book, client.kills, table)


async def test_releases_that_mean_no_good_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (_, client, _gateway):

        async def engaged(key: str, what: str = "Engage", **fields: object) -> str:
            make = pb.EngageRequest if what == "Engage" else pb.MassCancelRequest
            scope = {"account_id": "ACC-BOB", "trader": "nobody"}
            request = make(idempotency_key=key, scope=scope, reason="a test", **fields)
            answer = await getattr(client.kills, what)(request, metadata=OSCAR)
            return answer.kill_switch.switch_id

        def propose(switch_id: str) -> pb.ProposeReleaseRequest:
            return pb.ProposeReleaseRequest(switch_id=switch_id, reason="a test")

        def approve(switch_id: str) -> pb.ApproveReleaseRequest:
            return pb.ApproveReleaseRequest(switch_id=switch_id)

        fresh, proposed, over = [await engaged(key) for key in ("k1", "k2", "k3")]
        mass, drill = await engaged("k4", "MassCancel"), await engaged("k5", drill=True)
        for switch_id in (proposed, over):
            await client.kills.ProposeRelease(propose(switch_id), metadata=RITA)
        await client.kills.ApproveRelease(approve(over), metadata=RAVI)
        absent, state = "OBJECT_NOT_FOUND", "OBJECT_STATE"
        rows = [
            ("ProposeRelease", propose(proposed), RAVI, state, "switch_id"),
            ("ApproveRelease", approve(fresh), RITA, state, "switch_id"),
            ("ApproveRelease", approve(proposed), RITA, "SECOND_PERSON_REQUIRED", "switch_id"),
            ("ApproveRelease", approve(proposed), OSCAR, "PERMISSION_DENIED", ""),
            ("ApproveRelease", approve(over), RITA, state, "switch_id"),
        ]
        for switch_id in (NOBODYS, "x", "'; DROP"):
            rows.append(("ProposeRelease", propose(switch_id), RITA, absent, "switch_id"))
            rows.append(("ApproveRelease", approve(switch_id), RITA, absent, "switch_id"))
        rows += [
            ("ProposeRelease", propose(switch_id), RITA, state, "switch_id")
            for switch_id in (over, mass, drill)
        ]
        rows += [
            ("ApproveRelease", approve(switch_id), RAVI, state, "switch_id")
            for switch_id in (mass, drill)
        ]
        await refused_by_name(book, client.kills, rows)


async def test_questions_that_mean_no_good_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (_, client, _gateway):
        request = pb.EngageRequest(
            idempotency_key="k", scope={"account_id": "ACC-BOB"}, reason="a test", drill=True
        )
        switch_id = (await client.kills.Engage(request, metadata=BOB)).kill_switch.switch_id

        def get(wanted: str, token: str = "") -> pb.KillSwitchServiceGetRequest:
            return pb.KillSwitchServiceGetRequest(switch_id=wanted, page_token=token)

        table = [
            ("Get", get(wanted), who, "OBJECT_NOT_FOUND", "switch_id")
            for wanted, who in ((switch_id, ALICE), (NOBODYS, RITA), ("x", RITA), ("'; DROP", RITA))
        ]
        for token in ("x", "'; DROP", NOBODYS[:-1], NOBODYS + "0", "~" * 26):
            page = pb.KillSwitchServiceListRequest(page_token=token)
            table.append(("List", page, RITA, "INVALID_FIELD", "page_token"))
            table.append(("Get", get(switch_id, token), RITA, "INVALID_FIELD", "page_token"))
        await refused_by_name(book, client.kills, table)
