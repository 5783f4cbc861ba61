"""A venue of the user's own, with an order session and nothing else, with the whole mesh."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.async_api import expect

from conformance.scripted_venue import (
    Fields,
    ScriptedVenue,
    accepted,
    body,
    canceled,
    filled,
    report,
)
from meshctl.blotter import Blotter
from ordermesh.oms.v1 import event_pb2, order_pb2, order_service_pb2
from ordermesh.type.v1 import error_pb2
from ordermesh_client import MeshClient, MeshRefusedError
from tests.support.browser import log_in, open_page
from tests.support.ports import free_port
from tests.support.stack import Mesh, running_mesh
from tests.support.trading import limit_order, logged_in, verify
from tests.support.waiting import until

pytestmark = pytest.mark.long

ACCOUNT = "ACC-ALICE"
LISTING = "ACME.OWNV"
PENDING_NEW = order_pb2.ORDER_STATE_PENDING_NEW
NEW = order_pb2.ORDER_STATE_NEW
PARTIALLY_FILLED = order_pb2.ORDER_STATE_PARTIALLY_FILLED
FILLED = order_pb2.ORDER_STATE_FILLED
CANCELED = order_pb2.ORDER_STATE_CANCELED
REJECTED = order_pb2.ORDER_STATE_REJECTED


def sessions_file(folder: Path, port: int, **more: Any) -> Path:
    """One order session and one listing: what a user writes for a venue without prices."""
    session = {
        "session_id": "own-orders",
        "venue_mic": "OWNV",
        "role": "orders",
        "sender_comp_id": "CLIENT1",
        "target_comp_id": "OWNV",
        "host": "127.0.0.1",
        "port": port,
        "reconnect_s": 1,
        "default_currency": "EUR",
        "instruments": [{"symbol": "ACME", "name": "Acme", "tick_table": [{"tick_size": "0.05"}]}],
        **more,
    }
    file = folder / "my-venues.yaml"
    file.write_text(yaml.safe_dump({"sessions": [session]}), "utf-8")
    return file


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedVenue]:
    """The user's venue; each test writes its answers."""
    made = ScriptedVenue(tmp_path_factory.mktemp("venue"), free_port(), "OWNV", "CLIENT1")
    made.start()
    yield made
    made.stop()
    assert made.failures == []


@pytest.fixture(scope="module")
def mesh(venue: ScriptedVenue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """The mesh with the user's venue in place of the simulated ones."""
    folder = tmp_path_factory.mktemp("own")
    with running_mesh(folder, "--venues", str(sessions_file(folder, venue.port))) as running:
        yield running
        checked = verify(running)
        assert checked.returncode == 0, checked.stdout + checked.stderr


class Desk:
    """Alice with her stream open."""

    def __init__(self, client: MeshClient) -> None:
        self.client = client
        self.blotter = Blotter()
        self.events: list[event_pb2.OrderEvent] = []

    async def read(self) -> None:
        """Follow the account until cancelled."""
        async for item in self.client.watch_orders([ACCOUNT]):
            self.blotter.apply(item)
            if item.WhichOneof("item") == "event":
                self.events.append(item.event)

    async def buy(self, quantity: str, price: str) -> str:
        """Place an order and return its id."""
        request = limit_order(ACCOUNT, LISTING, order_pb2.SIDE_BUY, quantity, price)
        return (await self.client.place(request, retry_for_s=30)).order.order_id

    async def replace(self, order_id: str, quantity: str) -> None:
        """Ask for another quantity."""
        terms = order_pb2.OrderTerms()
        terms.CopyFrom(self.blotter.orders[order_id].terms)
        terms.quantity = quantity
        request = order_service_pb2.ReplaceRequest(order_id=order_id, terms=terms)
        await self.client.replace(request)

    async def sees(self, order_id: str, *states: int) -> order_pb2.Order:
        """Wait until the stream has shown exactly these states of the order, in order."""
        blotter = self.blotter
        await until(
            lambda: blotter.trails.get(order_id, [])[-1:] == [states[-1]],
            f"order is {order_pb2.OrderState.Name(states[-1])}",
        )
        assert blotter.trails[order_id] == list(states)
        return blotter.orders[order_id]

    async def event(self, order_id: str, kind: str) -> Any:
        """Wait for an event of a kind and return its content."""

        def found() -> list[Any]:
            return [
                getattr(event, kind)
                for event in self.events
                if event.order_id == order_id and event.WhichOneof("kind") == kind
            ]

        await until(found, f"{kind} is on the stream")
        return found()[-1]


@contextlib.asynccontextmanager
async def at_desk(mesh: Mesh) -> AsyncIterator[Desk]:
    async with logged_in(mesh, "alice") as client:
        desk = Desk(client)
        reader = asyncio.create_task(desk.read())
        await until(lambda: ACCOUNT in desk.blotter.last_sequence, "the snapshot is complete")
        yield desk
        reader.cancel()
        assert desk.blotter.holes == []


def partly(order: Fields, exec_id: str, last: str, cum: str, leaves: str) -> str:
    """Part of the order executed."""
    return report(order, exec_id, "F", "1", t32=last, t31=order["44"], t14=cum, t151=leaves)


def rest(order: Fields, exec_id: str, last: str) -> str:
    """The last part of it."""
    return report(order, exec_id, "F", "2", t32=last, t31=order["44"], t14=order["38"], t151="0")


def refused(request: Fields, response_to: str, text: str) -> str:
    """OrderCancelReject(9)."""
    return body(
        "9", t37="V", t11=request["11"], t41=request["41"], t39="0", t434=response_to, t102="0",
        t58=text,
    )  # fmt: skip


async def test_a_listing_of_the_file_can_be_traded_from_new_to_filled(
    mesh: Mesh, venue: ScriptedVenue
) -> None:
    async with at_desk(mesh) as desk:
        (listing,) = await desk.client.instruments()
        assert (listing.instrument_id, listing.simulated) == (LISTING, False)
        order_id = await desk.buy("100", "12.35")
        order = await venue.received("D")
        assert (order["55"], order["38"], order["44"]) == ("ACME", "100", "12.35")
        await desk.sees(order_id, PENDING_NEW)
        venue.send(accepted(order))
        await desk.sees(order_id, PENDING_NEW, NEW)
        venue.send(partly(order, "F1", "40", "40", "60"))
        part = await desk.sees(order_id, PENDING_NEW, NEW, PARTIALLY_FILLED)
        assert (part.progress.cum_quantity, part.progress.leaves_quantity) == ("40", "60")
        venue.send(rest(order, "F2", "60"))
        done = await desk.sees(order_id, PENDING_NEW, NEW, PARTIALLY_FILLED, FILLED)
        assert (done.progress.cum_quantity, done.progress.average_price) == ("100", "12.35")


async def test_replace_and_cancel_refused_and_done(mesh: Mesh, venue: ScriptedVenue) -> None:
    async with at_desk(mesh) as desk:
        order_id = await desk.buy("10", "12.35")
        venue.send(accepted(await venue.received("D")))
        await desk.sees(order_id, PENDING_NEW, NEW)

        await desk.replace(order_id, "20")
        venue.send(refused(await venue.received("G"), "2", "not now"))
        assert (await desk.event(order_id, "replace_refused")).rejection.venue_text == "not now"
        await desk.client.cancel(order_id)
        venue.send(refused(await venue.received("F"), "1", "in auction"))
        assert (await desk.event(order_id, "cancel_refused")).rejection.venue_text == "in auction"
        assert desk.blotter.orders[order_id].progress.state == NEW
        assert desk.blotter.orders[order_id].terms.quantity == "10"

        await desk.replace(order_id, "20")
        request = await venue.received("G")
        venue.send(report(request, "R1", "5", "0", t44="12.35"))
        await desk.event(order_id, "replaced")
        assert desk.blotter.orders[order_id].progress.leaves_quantity == "20"
        await desk.client.cancel(order_id)
        venue.send(canceled(await venue.received("F")))
        await desk.event(order_id, "canceled")
        assert desk.blotter.orders[order_id].progress.state == CANCELED


async def test_a_rejection_shows_code_and_words_of_the_venue(
    mesh: Mesh, venue: ScriptedVenue
) -> None:
    async with at_desk(mesh) as desk:
        order_id = await desk.buy("10", "12.35")
        order = await venue.received("D")
        venue.send(report(order, "X1", "8", "8", t151="0", t103="13", t58="no odd lots today"))
        await desk.sees(order_id, PENDING_NEW, REJECTED)
        rejection = (await desk.event(order_id, "rejected")).rejection
        assert rejection.reason == error_pb2.ERROR_REASON_QUANTITY_OFF_LOT
        assert rejection.venue_code == 13
        assert rejection.venue_text == "no odd lots today"


async def test_a_market_order_is_refused_in_words_and_a_wrong_price_too(
    mesh: Mesh, venue: ScriptedVenue
) -> None:
    seen = len(venue.of_type("D"))
    async with at_desk(mesh) as desk:
        with pytest.raises(MeshRefusedError) as caught:
            await desk.buy("10", "")
        assert caught.value.reason == "REFERENCE_PRICE_MISSING"
        assert "send a limit order" in caught.value.text
        with pytest.raises(MeshRefusedError) as caught:
            await desk.buy("10", "12.34")
        assert caught.value.reason == "PRICE_OFF_TICK"
    assert len(venue.of_type("D")) == seen


def parked(mesh: Mesh) -> float:
    """Messages of the venue parked since the OMS started."""
    found = re.search(r"ordermesh_oms_parked_messages_total\{.*\} (.*)", mesh.metrics("oms"))
    return float(found[1]) if found else 0.0


async def test_garbage_is_parked_and_the_mesh_lives_on(mesh: Mesh, venue: ScriptedVenue) -> None:
    before = parked(mesh)
    async with at_desk(mesh) as desk:
        order_id = await desk.buy("10", "12.35")
        order = await venue.received("D")
        nobody = {"11": "NOBODY-1", "38": "5", "55": "ACME"}
        venue.send(filled(nobody, "Y1", "5", "9"))
        venue.send(report(order, "Y2", "F", "1", t32="many", t31="12.35"))
        venue.send(body("8", t58="neither ids nor states"))
        venue.send(accepted(order))
        venue.send(filled(order, "Y3", "10", "12.35"))
        done = await desk.sees(order_id, PENDING_NEW, NEW, FILLED)
        assert done.progress.cum_quantity == "10"
    assert parked(mesh) == before + 3


async def test_reports_missed_by_a_crash_of_the_venue_arrive(
    mesh: Mesh, venue: ScriptedVenue
) -> None:
    async with at_desk(mesh) as desk:
        order_id = await desk.buy("10", "12.35")
        order = await venue.received("D")
        venue.send(accepted(order))
        await desk.sees(order_id, PENDING_NEW, NEW)
        venue.crash()
        venue.start()
        venue.send(partly(order, "Z1", "4", "4", "6"))
        venue.send(rest(order, "Z2", "6"))
        await desk.sees(order_id, PENDING_NEW, NEW, PARTIALLY_FILLED, FILLED)
        await venue.until_logged_on()
        again = await desk.buy("1", "12.35")
        venue.send(accepted(await venue.received("D")))
        await desk.sees(again, PENDING_NEW, NEW)


def test_nothing_of_the_simulated_venues_is_shown(mesh: Mesh) -> None:
    status = mesh.command("status")
    assert status.returncode == 0, status.stdout + status.stderr
    assert "sima" not in status.stdout.lower()
    listed = mesh.command("login", "alice"), mesh.command("instruments")
    assert LISTING in listed[1].stdout, [one.stderr for one in listed]
    assert "SIM" not in listed[1].stdout
    log_text = (mesh.home.logs / "supervisor.log").read_text("utf-8")
    assert "simulated" not in log_text
    assert "my-venues.yaml" in log_text


async def test_the_page_trades_without_prices_and_calls_nothing_stale(
    mesh: Mesh, venue: ScriptedVenue
) -> None:
    async with open_page(mesh) as page:
        await log_in(page, mesh)
        banner = page.get_by_role("banner")
        await expect(banner.get_by_text("OWNV no prices")).to_be_visible()
        await expect(page.get_by_text("SIMULATED")).to_have_count(0)
        await expect(page.locator("tr[data-instrument]")).to_have_count(1)
        row = page.locator(f"tr[data-instrument='{LISTING}']")
        await expect(row).not_to_have_attribute("data-stale", re.compile("."))
        await row.locator(".symbol").click()
        ticket = page.get_by_role("region", name="Order ticket")
        await ticket.get_by_text("Buy", exact=True).click()
        await ticket.get_by_label("Quantity").fill("7")
        await ticket.get_by_label("Limit price").fill("12.35")
        await ticket.get_by_label("Quantity").press("Enter")
        venue.send(filled(await venue.received("D"), "P1", "7", "12.35"))
        await expect(page.locator("tr.chosen[data-order]")).to_have_attribute(
            "data-state", "FILLED"
        )


async def test_market_orders_pass_where_no_value_limit_needs_a_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERMESH_ORDER_VALUE_MAX", "none")
    other = ScriptedVenue(tmp_path, free_port(), "OWNV", "CLIENT1")
    other.on("D", lambda order: [accepted(order), filled(order, "M1", "10", "12.4")])
    other.start()
    try:
        file = str(sessions_file(tmp_path, other.port))
        with running_mesh(tmp_path / "home", "--venues", file) as mesh:
            async with at_desk(mesh) as desk:
                order_id = await desk.buy("10", "")
                done = await desk.sees(order_id, PENDING_NEW, NEW, FILLED)
                assert done.progress.average_price == "12.4"
    finally:
        other.stop()


def test_an_unknown_key_ends_the_start_in_words(tmp_path: Path) -> None:
    file = sessions_file(tmp_path, 1, hartbeat_s=5)
    with (
        pytest.raises(AssertionError) as caught,
        running_mesh(tmp_path / "home", "--venues", str(file)),
    ):
        pass
    said = str(caught.value)
    assert f"{file}: sessions[0].hartbeat_s: unknown key; allowed here: begin_string" in said
    assert "heartbeat_s, host, immediate_age_max_s, instruments" in said
