"""Bad input to every rpc of the kill switches: named, recorded, and nothing changes."""

import asyncio

from kernel.ulid import new_ulid
from ordermesh.oms.v1 import kill_switch_pb2 as kill
from ordermesh.oms.v1 import kill_switch_service_pb2 as pb
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.service.directory.known_ids import KnownIds
from svc_oms.service.ports import AccountInfo
from svc_oms.service.ports.directory_ports import IdKind
from tests.support.bad_input import unbreakable
from tests.support.oms import ALICE, BOB, OSCAR, RAVI, RITA, VERA, WAIT_S, trading
from tests.support.refusals import broken_fields, garbled_refused, refusal, refused_by_name

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


async def test_broken_fields_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (_, client, gateway):
        for rpc, good in GOOD.items():
            await broken_fields(book, getattr(client.kills, rpc), good, "rita", RITA)
            assert not gateway.blocks or gateway.blocks == [gateway.opened.blocks], rpc


async def test_bytes_that_are_no_message_are_refused(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (running, _, _gateway), running.channel() as channel:
        count = await garbled_refused(book, channel, SERVICE, GOOD, lambda _: RITA)
        assert len(await book.refused()) == count


async def test_switches_that_mean_no_good_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (_, client, _gateway):

        def asks(key: str, **scope: str) -> tuple:
            fields = {"idempotency_key": key, "scope": kill.KillScope(**scope), "reason": "a test"}
            return (
                ("Engage", pb.EngageRequest(**fields)),
                ("MassCancel", pb.MassCancelRequest(**fields)),
            )

        # Whoever has called is a trader one can name.
        await client.orders.List(order_service_pb2.ListRequest(), metadata=BOB)
        mine = pb.EngageRequest(
            idempotency_key="k1", scope={"trader": "bob"}, reason="a test", drill=True
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
        for rpc, request in asks("k1", trader="bob"):
            table.append((rpc, request, RITA, "IDEMPOTENCY_KEY_REUSED", "idempotency_key"))
        await refused_by_name(book, client.kills, table)


UNKNOWN = (
    ({"firm_id": "DEMOS"}, "firm_id", "near it: DEMO"),
    ({"desk_id": "NONE"}, "desk_id", "no such desk"),
    ({"account_id": "ACC-ALCIE"}, "account_id", "near it: ACC-ALICE"),
    ({"account_id": "QQ"}, "account_id", "there are: ACC-ALICE, ACC-BOB"),
    ({"trader": "alcie"}, "trader", "near it: alice (Alice)"),
    ({"trader": "Alicia"}, "trader", "near it: alice (Alice)"),
    ({"desk_id": "DEMO/RATES"}, "desk_id", "near it: OTHER/RATES"),
    ({"session_id": "sima-order"}, "session_id", "near it: sima-orders"),
    ({"venue_mic": "SIMC"}, "venue_mic", "near it: SIMA, SIMB"),
    ({"instrument_id": "ASLM.SIMA"}, "instrument_id", "near it: ASML.SIMA, ASML.SIMB"),
    ({"firm_id": "DEMO", "venue_mic": "XXXX"}, "venue_mic", "no such venue"),
)
APART = (
    ({"venue_mic": "SIMB", "session_id": "sima-orders"}, "session_id"),
    ({"venue_mic": "SIMB", "instrument_id": "ASML.SIMA"}, "instrument_id"),
    ({"session_id": "sima-orders", "instrument_id": "ASML.SIMB"}, "instrument_id"),
    ({"firm_id": "OTHER", "account_id": "ACC-ALICE"}, "account_id"),
    ({"firm_id": "DEMO", "desk_id": "RATES"}, "desk_id"),
    ({"firm_id": "DEMO", "desk_id": "OTHER/RATES"}, "desk_id"),
    ({"desk_id": "RATES", "account_id": "ACC-ALICE"}, "account_id"),
)


async def test_a_scope_nothing_can_be_in_is_refused_and_the_similar_ids_are_shown(
    book_url, tls, book
) -> None:
    """A typo engaged would block nothing, and its operator would believe to be safe."""
    async with trading(book_url, tls) as (running, client, gateway):
        other = AccountInfo("ACC-OTHER", "Other", "EUR", "OTHER", 1, "RATES")
        await running.book.store.ensure_account(other)
        await client.orders.List(order_service_pb2.ListRequest(), metadata=ALICE)
        async with asyncio.timeout(WAIT_S):
            while not await running.book.store.directory().knows(IdKind.TRADER, "alice"):
                await asyncio.sleep(0.005)
        before, sent, recorded = await book.state(), len(gateway.blocks), len(await book.refused())
        table = [(scope, "OBJECT_NOT_FOUND", field, shown) for scope, field, shown in UNKNOWN]
        table += [(scope, "INVALID_FIELD", field, "or left out") for scope, field in APART]
        for scope, reason, field, shown in table:
            for rpc, make in (("Engage", pb.EngageRequest), ("MassCancel", pb.MassCancelRequest)):
                request = make(idempotency_key="x", scope=scope, reason="a test")
                found = await refusal(getattr(client.kills, rpc)(request, metadata=OSCAR))
                assert (found.reason, found.field) == (reason, f"scope.{field}"), (scope, found)
                assert scope[field] in found.text
                assert shown in found.text.replace(", ACC-OTHER", "")
                assert found.metadata["value"] == scope[field]
                assert found.metadata["expected"]
        assert await book.state() == before
        assert len(gateway.blocks) == sent
        assert len(await book.refused()) == recorded + 2 * len(table)


async def test_a_desk_is_firm_and_desk_and_a_trader_may_be_a_user_name(book_url, tls) -> None:
    async with trading(book_url, tls) as (running, client, _gateway):
        store = running.book.store
        await store.ensure_account(AccountInfo("ACC-A", "A", "EUR", "OTHER", 1, "RATES"))
        await store.directory().keep_people([("01A", "carla"), ("01B", "carl"), ("01C", "carl")])

        async def drill(**scope: str) -> kill.KillScope:
            request = pb.EngageRequest(
                idempotency_key=new_ulid(1), scope=scope, reason="a test", drill=True
            )
            return (await client.kills.Engage(request, metadata=OSCAR)).kill_switch.scope

        expected = kill.KillScope(firm_id="OTHER", desk_id="RATES")
        assert await drill(desk_id="OTHER/RATES") == expected
        assert await drill(desk_id="OTHER/RATES", firm_id="OTHER") == expected
        assert await drill(trader="carla") == kill.KillScope(trader="01A")
        assert await drill(trader="01B") == kill.KillScope(trader="01B")
        found = await refusal(drill(trader="carl"))
        assert (found.reason, found.field) == ("INVALID_FIELD", "scope.trader")
        assert "01B, 01C" in found.text


async def test_a_switch_that_was_engaged_is_answered_whatever_is_known_now(
    book_url, tls, monkeypatch
) -> None:
    """A trader or venue known by its open orders only is unknown when these are pulled."""

    async def nothing(*_: object) -> bool:
        return False

    async with trading(book_url, tls) as (_, client, _gateway):
        request = pb.EngageRequest(
            idempotency_key="k1", scope={"account_id": "ACC-BOB"}, reason="a test"
        )
        first = await client.kills.Engage(request, metadata=RITA)
        monkeypatch.setattr(KnownIds, "knows", nothing)
        again = await client.kills.Engage(request, metadata=RITA)
        assert again.duplicate
        assert again.kill_switch.switch_id == first.kill_switch.switch_id
        request.idempotency_key = "k2"
        found = await refusal(client.kills.Engage(request, metadata=RITA))
        assert (found.reason, found.field) == ("OBJECT_NOT_FOUND", "scope.account_id")


async def test_a_trader_sees_no_names_of_others(book_url, tls) -> None:
    async with trading(book_url, tls) as (_, client, _gateway):
        for field, kept in (("firm_id", "DEMO"), ("trader", "alice"), ("venue_mic", "")):
            scope = {"account_id": "ACC-ALICE", field: "DEM"}
            request = pb.EngageRequest(idempotency_key="x", scope=scope, reason="a test")
            if field == "venue_mic":
                request.scope.venue_mic = "SIMC"
            found = await refusal(client.kills.Engage(request, metadata=ALICE))
            assert (found.reason, found.field) == ("OBJECT_NOT_FOUND", f"scope.{field}")
            assert not kept or kept not in found.text
            assert ("near it: SIMA" in found.text) == (field == "venue_mic")


async def test_an_algorithm_is_free_text_and_the_answer_says_what_it_met(book_url, tls) -> None:
    """No list of algorithms is kept: that nothing carries the name is shown by the count."""
    async with trading(book_url, tls) as (_, client, _gateway):
        await client.place("k1", regulatory={"algorithm_id": "momentum-7"})
        for key, algorithm, met in (("k2", "momentum-7", 1), ("k3", "momentun-7", 0)):
            scope = {"algorithm_id": algorithm}
            request = pb.EngageRequest(idempotency_key=key, scope=scope, reason="a test")
            switch = (await client.kills.Engage(request, metadata=RITA)).kill_switch
            assert switch.listed
            assert switch.counts.orders == met
            assert [one.session_id for one in switch.sessions] == ["sima-orders"]


async def test_releases_that_mean_no_good_are_refused_by_name(book_url, tls, book) -> None:
    async with trading(book_url, tls) as (_, client, _gateway):

        async def engaged(key: str, what: str = "Engage", **fields: object) -> str:
            make = pb.EngageRequest if what == "Engage" else pb.MassCancelRequest
            scope = {"account_id": "ACC-BOB", "session_id": "sima-orders"}
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
