"""`ordermesh alerts`, against a real svc_marketdata."""

# ruff: noqa: N802  # handlers are named as the rpcs are

import asyncio
import json

import grpc
import pytest

from meshctl.client import local_mesh
from ordermesh.marketdata.v1 import price_alert_service_pb2_grpc
from tests.integration.marketdata.alerts.support import ASML, FIRED
from tests.integration.marketdata.history.support import eventually, trade
from tests.support.fake_edge import FakeEdge
from tests.support.terminal import Terminal


class Edge(price_alert_service_pb2_grpc.PriceAlertServiceServicer):
    """Passes calls on to the service, as the edge does."""

    def __init__(self, user) -> None:
        self._user = user

    async def CreateAlert(self, request, context):
        return await self._passed(self._user.stub.CreateAlert, request, context)

    async def ListAlerts(self, request, context):
        return await self._passed(self._user.stub.ListAlerts, request, context)

    async def CancelAlert(self, request, context):
        return await self._passed(self._user.stub.CancelAlert, request, context)

    async def WatchAlerts(self, request, _):
        call = self._user.stub.WatchAlerts(request, metadata=self._user.metadata)
        try:
            async for frame in call:
                yield frame
        finally:
            call.cancel()

    async def _passed(self, rpc, request, context):
        try:
            return await rpc(request, metadata=self._user.metadata)
        except grpc.aio.AioRpcError as error:
            details = tuple(error.trailing_metadata())
            return await context.abort(error.code(), error.details(), details)


@pytest.fixture
async def terminal(vera, tls_folder, tmp_path):
    edge = FakeEdge()
    edge.real.append(
        lambda server: price_alert_service_pb2_grpc.add_PriceAlertServiceServicer_to_server(
            Edge(vera), server
        )
    )
    await edge.start(tls_folder)
    made = Terminal(edge, edge.home(tmp_path / "home", tls_folder))
    async with local_mesh(made.home) as client:
        await client.login("alice", "right")
    yield made
    await edge.stop()


async def test_alerts_are_added_listed_and_removed(terminal, vera, feed):
    out = await terminal.done("alerts", "add", ASML, "--above", "12.50", "--note", "sell [half]")
    (first,) = await vera.alerts()
    assert out.startswith(
        f"{first.alert_id}  ASML.SIMA last at or above 12.5  ACTIVE  'sell [half]', until "
    )
    out = await terminal.done(
        "alerts", "add", ASML, "--percent", "-5", "--reference", "10", "--price", "mid", "--json"
    )
    assert json.loads(out)["threshold"] == "9.5"
    out = await terminal.done("alerts", "list")
    assert "last at or above 12.5" in out
    assert "mid at or below 9.5 (-5 % of 10)" in out
    await feed.send(updates=[trade(ASML, "13")])
    await vera.until(first.alert_id, FIRED)
    out = await terminal.done("alerts", "list")
    assert "12.5" not in out
    out = await terminal.done("alerts", "list", "--all", "--json")
    assert [json.loads(line)["state"] for line in out.splitlines()] == [
        "ALERT_STATE_ACTIVE", "ALERT_STATE_FIRED",
    ]  # fmt: skip
    out = await terminal.done("alerts", "list", "--all", "--most", "1")
    assert "FIRED" not in out
    (second,) = await vera.alerts(active_only=True)
    out = await terminal.done("alerts", "remove", second.alert_id)
    assert out == f"{second.alert_id}  ASML.SIMA mid at or below 9.5 (-5 % of 10)  CANCELED\n"
    assert await terminal.done("alerts", "list") == "no alerts\n"
    assert "FIRED at 13" in await terminal.done("alerts", "list", "--all")


async def test_the_terminal_says_why_an_alert_is_refused(terminal):
    code, _, errors = await terminal.run("alerts", "add", ASML, "--above", "9", "--price", "bid")
    assert code == 3
    assert "above was '9'; expected a price that is not reached yet: BID is 10 now" in errors
    code, _, errors = await terminal.run("alerts", "add", ASML)
    assert (code, "exactly one of above, below and percent" in errors) == (3, True)
    code, _, errors = await terminal.run("alerts", "add", ASML, "--above", "12", "--until", "soon")
    assert (code, "--until is 'soon'" in errors) == (2, True)
    code, _, errors = await terminal.run("alerts", "remove", "none")
    assert (code, "you have no such alert" in errors) == (3, True)


async def test_the_client_resumes_a_stream_of_alerts_and_leaves_nothing_out(
    terminal, vera, feed, tls_folder
):
    async with local_mesh(terminal.home) as client:
        made = [await vera.make(above=str(12 + n)) for n in range(3)]
        seen, states = [], []
        ready = asyncio.Event()

        async def read():
            async for item in client.watch_alerts():
                kind = item.WhichOneof("item")
                seen.append(kind)
                if kind == "event":
                    states.append((item.event.sequence, item.event.alert.alert_id))
                ready.set()

        reading = asyncio.create_task(read())
        await ready.wait()
        await feed.send(updates=[trade(ASML, "12")])
        await vera.until(made[0].alert_id, FIRED)
        # The edge ends the stream; what happens meanwhile comes with the next one.
        port = terminal.edge.port
        await terminal.edge.stop()
        await feed.send(updates=[trade(ASML, "13")])
        await vera.until(made[1].alert_id, FIRED)
        await terminal.edge.start(tls_folder, port)
        await feed.send(updates=[trade(ASML, "14")])

        async def all_seen():
            return len(states) == 3

        await eventually(all_seen, "three alerts fired for the reader")
        reading.cancel()
        assert states == [(4 + n, alert.alert_id) for n, alert in enumerate(made)]
        assert "gap" in seen
        assert seen.count("snapshot") == 3
