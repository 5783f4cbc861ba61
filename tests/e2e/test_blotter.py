"""The blotter and own watchlists in a real Chromium on the whole mesh."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from ordermesh.identity.v1 import user_setting_pb2
from ordermesh.identity.v1 import user_settings_service_pb2 as pb
from ordermesh.identity.v1.user_settings_service_pb2_grpc import UserSettingsServiceStub
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from tests.e2e.test_panels import SIZES, violations
from tests.support.browser import live, log_in, open_page
from tests.support.stack import Mesh
from tests.support.trading import logged_in

LISTING = "ASML.SIMA"
#: More than fit on the screen.
ORDERS = 60
KINDS = {
    "layout": user_setting_pb2.USER_SETTING_KIND_LAYOUT,
    "watchlist": user_setting_pb2.USER_SETTING_KIND_WATCHLIST,
    "preferences": user_setting_pb2.USER_SETTING_KIND_PREFERENCES,
    "blotter": user_setting_pb2.USER_SETTING_KIND_BLOTTER,
}


@pytest.fixture
async def page(mesh: Mesh) -> AsyncIterator[Page]:
    """A page of a fresh browser, which fails the test if a script of ours does."""
    async with open_page(mesh) as opened:
        await opened.emulate_media(reduced_motion="reduce")
        yield opened
    await forget_settings(mesh)


async def forget_settings(mesh: Mesh) -> None:
    """Filters and lists of one test are not those of the next: they are kept for the user."""
    async with logged_in(mesh, "alice") as client:
        service = UserSettingsServiceStub(client._channel)
        request = pb.ListUserSettingsRequest()
        for one in (await client.call(service.ListUserSettings, request)).settings:
            kind = KINDS[one.WhichOneof("body") or ""]
            delete = pb.DeleteUserSettingRequest(
                kind=kind, name=one.name, expected_revision=one.revision
            )
            await client.call(service.DeleteUserSetting, delete)


def blotter(page: Page) -> Locator:
    """The order blotter."""
    return page.get_by_role("region", name="Order blotter")


async def rest(mesh: Mesh, count: int, first: int = 1) -> list[str]:
    """Place buy orders far below the market, each of another quantity; their ids."""
    ids = []
    async with logged_in(mesh, "alice") as client:
        for quantity in range(first, first + count):
            terms = order_pb2.OrderTerms(
                quantity=str(quantity),
                limit_price="1",
                time_in_force=order_pb2.TIME_IN_FORCE_DAY,
            )
            placed = await client.place(
                order_service_pb2.PlaceRequest(
                    account_id="ACC-ALICE", instrument_id=LISTING, side=order_pb2.SIDE_BUY,
                    type=order_pb2.ORDER_TYPE_LIMIT, terms=terms, client_note="=1+1",
                )
            )  # fmt: skip
            ids.append(placed.order.order_id)
    return ids


async def on_server(mesh: Mesh) -> dict[str, str]:
    """Every order of the account as the mesh lists it: state by id."""
    found: dict[str, str] = {}
    async with logged_in(mesh, "alice") as client:
        token = ""
        while True:
            request = order_service_pb2.ListRequest(
                account_id="ACC-ALICE", page_size=500, page_token=token
            )
            page = await client.call(client.order_service.List, request)
            for order in page.orders:
                name = order_pb2.OrderState.Name(order.progress.state)
                found[order.order_id] = name.removeprefix("ORDER_STATE_")
            token = page.next_page_token
            if not token:
                return found


async def saved(page: Page, button: str, folder: Path) -> list[dict[str, str]]:
    """The rows of the file that a button saves."""
    async with page.expect_download() as waiting:
        await blotter(page).get_by_role("button", name=button, exact=True).click()
    file = folder / "orders.csv"
    await (await waiting.value).save_as(file)
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))


async def test_the_blotter_scrolls_sorts_filters_and_is_what_the_server_lists(
    page: Page, mesh: Mesh, tmp_path: Path
) -> None:
    ids = await rest(mesh, ORDERS)
    await log_in(page, mesh)
    rows = blotter(page).locator("tr[data-order]")
    await expect(rows.first).to_be_visible()
    assert await rows.count() < ORDERS

    # Every order is there, drawn or not, exactly as the mesh lists it.
    everything = await saved(page, "CSV of all", tmp_path)
    shown = {row["Order id"]: row["State"] for row in everything}
    assert shown == await on_server(mesh)
    assert {row["Note"] for row in everything if row["Order id"] in ids} == {"'=1+1"}

    # Keys reach the last row, whatever is drawn; the focused row stays drawn.
    await rows.first.focus()
    await page.keyboard.press("End")
    await expect(rows.last).to_be_focused()
    await page.keyboard.press("Home")
    await expect(rows.first).to_be_focused()

    await blotter(page).get_by_label("Filter orders").fill(ids[7])
    await expect(rows).to_have_count(1)
    assert [row["Order id"] for row in await saved(page, "CSV", tmp_path)] == [ids[7]]
    await blotter(page).get_by_label("Filter orders").fill("")

    await blotter(page).get_by_label("State").select_option("NEW")
    await blotter(page).get_by_role("button", name="Quantity").click()
    quantities = [row["Quantity"] for row in await saved(page, "CSV", tmp_path)]
    assert quantities == sorted(quantities, key=int, reverse=True)
    assert await violations(page) == []


async def test_a_row_keeps_its_place_while_its_cancel_is_pressed(page: Page, mesh: Mesh) -> None:
    await rest(mesh, 3)
    await log_in(page, mesh)
    await blotter(page).get_by_role("button", name="Open").click()
    rows = blotter(page).locator("tr[data-order]")
    second = rows.nth(1)
    order_id = await second.get_attribute("data-order")
    cancel = second.get_by_role("button", name="Cancel")
    await cancel.hover()
    before = await second.bounding_box()

    (newer,) = await rest(mesh, 1, first=7)

    await expect(blotter(page).get_by_test_id("waiting")).to_contain_text("1 new")
    row = page.locator(f"tr[data-order='{order_id}']")
    assert await row.bounding_box() == before
    await cancel.click()
    # Cancelled, and still there: a second press hits no other order.
    await expect(row).to_have_attribute("data-state", "CANCELED")
    assert await row.bounding_box() == before
    await page.mouse.move(5, 5)
    await expect(row).to_have_count(0)
    await expect(page.locator(f"tr[data-order='{newer}']")).to_be_visible()


async def test_own_lists_and_columns_are_the_same_in_another_tab(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    watchlist = page.get_by_role("region", name="Watchlist")
    choice = watchlist.get_by_label("Watchlist", exact=True)
    await choice.select_option(label="New list…")
    await watchlist.get_by_label("Name of the new list").fill("Morning")
    await page.keyboard.press("Enter")
    for symbol in ("SAP", "ASML"):
        await watchlist.get_by_label("Add a listing").fill(symbol)
        await watchlist.get_by_role("button", name=f"+ {symbol} SIMA").click()
    rows = watchlist.locator("tr[data-instrument]")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_have_attribute("data-instrument", "SAP.SIMA")
    await watchlist.get_by_role("button", name="Move ASML.SIMA up").click()
    await expect(rows.first).to_have_attribute("data-instrument", LISTING)
    await watchlist.get_by_label("one row for each instrument").check()
    await expect(rows.first).to_contain_text("of 2 venues")
    assert await violations(page) == []

    await blotter(page).get_by_role("button", name="Columns").click()
    await blotter(page).get_by_role("checkbox", name="Order id").check()
    await blotter(page).get_by_role("button", name="Move Order id to the left").click()
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await violations(page) == [], width

    async with open_page(mesh) as other:
        await log_in(other, mesh)
        mine = other.get_by_role("region", name="Watchlist")
        # A new tab begins with the list that was chosen last.
        await expect(mine.get_by_label("Watchlist", exact=True)).to_have_value("Morning")
        await expect(mine.locator("tr[data-instrument]").first).to_contain_text("of 2 venues")
        heads = blotter(other).locator("thead th")
        await expect(heads.nth(-3)).to_have_text("Order id")
        await mine.get_by_role("button", name="Edit").click()
        await mine.get_by_role("button", name="Remove the list").click()
        await mine.get_by_role("button", name="Remove it: press again").click()
        # Pushed to the tab that shows it.
        await expect(choice.locator("option", has_text="Morning")).to_have_count(0)
        await blotter(other).get_by_role("button", name="Columns").click()
        await blotter(other).get_by_role("button", name="As at first").click()
    await expect(blotter(page).locator("thead th", has_text="Order id")).to_have_count(0)
    await live(page)
