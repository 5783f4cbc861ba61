"""How UNKNOWN ends over the whole order path: status, mass status, drop copy, a named person."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import pytest
import pytest_asyncio

from conformance.play import NAMES, Play
from conformance.scripted_venue import Fields, order_status, report, unknown_order
from mesh.errors import reason_of
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from tests.support.oms import MINT, RAVI, verified
from tests.support.tokens import bearer
from tests.support.waiting import until
from tests.support.wire import MIC, Wire, up, wired

RITA = bearer(MINT.mint_token("rita", roles=("RISK",), accounts=()))
COPIES = "ORDERMESH-DC"
DROP_COPY = {
    "session_id": "sima-dc", "venue_mic": MIC, "role": "drop_copy", "sender_comp_id": COPIES,
    "target_comp_id": MIC, "host": "127.0.0.1", "reconnect_s": 1,
}  # fmt: skip
module = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(
    wire_url: str, tls_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Wire]:
    folder = tmp_path_factory.mktemp("wire")
    mass = {"mass_status": True}
    async with wired(wire_url, tls_folder, folder, [DROP_COPY], dialect=mass) as path:
        yield path
    await verified(wire_url)


async def expect(play: Play, seen: str) -> None:
    """Check what the client sees."""
    await play.say("sees", seen)


async def missing(wire: Wire) -> Play:
    """An order whose total contains executions that have not come: UNKNOWN."""
    play = Play(wire)
    for verb, line in (
        ("client", "place 10000"), ("venue", "new"), ("venue", "status status=1 cum=3000"),
        ("sees", "UNKNOWN 0 10000"),
    ):  # fmt: skip
        await play.say(verb, line)
    return play


@module
async def test_by_the_executions_themselves(wire: Wire) -> None:
    """The fills in the status' total come, each with its ExecID(17)."""
    play = await missing(wire)
    await play.say("venue", "trade 3000")
    await expect(play, "PARTIALLY_FILLED 3000 7000")


@module
async def test_by_drop_copy_while_the_order_session_says_nothing(wire: Wire) -> None:
    """The first of the two sessions brings a fill; the other repeats it."""
    play = await missing(wire)
    fill = play.message(["trade", "3000", "id=E1"])
    wire.venue.send(fill, COPIES)
    await expect(play, "PARTIALLY_FILLED 3000 7000")
    # The order session brings it later, and it is known; then a fill the other way round.
    wire.venue.send(fill)
    await expect(play, "PARTIALLY_FILLED 3000 7000 executions=1")
    fill = play.message(["trade", "1000", "id=E2"])
    wire.venue.send(fill)
    wire.venue.send(fill, COPIES)
    await expect(play, "PARTIALLY_FILLED 4000 6000 executions=2")


@module
async def test_copies_of_other_firms_systems_are_not_parked(wire: Wire) -> None:
    """A firm's drop copy contains orders of other systems, too."""
    play = await missing(wire)
    fill = play.message(["trade", "3000"])
    wire.venue.send(fill.replace(play.order_id, "SOMEBODY-ELSE"), COPIES)
    await expect(play, "UNKNOWN 0 10000")
    wire.venue.send(fill)
    await expect(play, "PARTIALLY_FILLED 3000 7000")


@module
async def test_an_old_copy_sets_nothing_back(wire: Wire) -> None:
    """The copy of a replace comes after the next replace."""
    play = Play(wire)
    await play.say("client", "place 10000")
    await play.say("venue", "new")
    await play.say("client", "replace 9000")
    first = play.message(["replaced"])
    wire.venue.send(first)
    await expect(play, "NEW 0 9000")
    await play.say("client", "replace 8000")
    await play.say("venue", "replaced")
    await expect(play, "NEW 0 8000")
    wire.venue.send(first, COPIES)
    await expect(play, "NEW 0 8000")


@module
async def test_by_a_named_person_and_the_venue_overrules(wire: Wire) -> None:
    """Role RISK only, two persons for a high value; a later fill reopens it and is flagged."""
    play = await missing(wire)
    request = order_service_pb2.ResolveRequest(
        idempotency_key=wire.key(), order_id=play.order_id,
        venue_holds=order_service_pb2.VENUE_HOLDS_CANCELED, reason="said on the telephone",
        executions=[
            order_service_pb2.FoundExecution(
                exec_id=play._exec_id("E1"), quantity="3000", price="50"
            )
        ],
    )  # fmt: skip
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await wire.client.orders.Resolve(request, metadata=wire.client.metadata)
    assert reason_of(error.value)[0] == "PERMISSION_DENIED"
    stated = await wire.client.orders.Resolve(request, metadata=RITA)
    await expect(play, "UNKNOWN 0 10000")
    confirm = order_service_pb2.ConfirmStatementRequest(statement_id=stated.statement.statement_id)
    await wire.client.orders.ConfirmStatement(confirm, metadata=RAVI)
    await expect(play, "CANCELED 3000 0")
    await play.say("venue", "trade 3000 id=E1")
    await expect(play, "CANCELED 3000 0 executions=1")
    await play.say("venue", "trade 1000 id=E2")
    await expect(play, "PARTIALLY_FILLED 4000 6000 anomalies=1")
    await play.say("client", "cancel")
    await play.say("venue", "canceled")
    await expect(play, "CANCELED 4000 0 anomalies=1")


@module
async def test_by_mass_status_after_a_logon_and_singly_for_what_it_leaves_out(wire: Wire) -> None:
    """After a lost connection three orders are in doubt; the venue has one, and forgot one."""
    venue = wire.venue
    plays = [Play(wire) for _ in range(3)]
    for play in plays:
        await play._ask(["place", "10000"])
    requests = [await wire.at_venue(f"{play.order_id}-1") for play in plays]
    works, lost, forgotten = requests

    def answer(question: Fields) -> list[str]:
        tags = {"t584": question["584"], "t911": "1", "t912": "Y"}
        return [report(works, f"M-{works['11']}", "I", "0", **tags)]

    def single(question: Fields) -> list[str]:
        known = question["11"] == forgotten["11"]
        return [order_status(question) if known else unknown_order(question)]

    venue.on("AF", answer)
    venue.on("H", single)
    venue.crash()
    venue.expect_from_client(int(works["34"]))
    venue.start()
    await up(wire)
    states = ["NEW", "REJECTED", "NEW"]
    for play, state in zip(plays, states, strict=True):
        number = order_pb2.OrderState.Value(f"ORDER_STATE_{state}")
        await wire.client.in_state(play.order_id, number)
    venue.ignore("AF")
    venue.ignore("H")
    assert len(venue.of_type("AF")) == 1
    assert {h["11"] for h in venue.of_type("H")} == {lost["11"], forgotten["11"]}
    order = await wire.order(plays[1].order_id)
    assert NAMES[order.progress.state] == "REJECTED"
    assert len([one for one in venue.of_type("D") if one["11"] == lost["11"]]) == 1
    await until(lambda: venue.logged_on(COPIES), "the drop copy is back, too")
