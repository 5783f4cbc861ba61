"""The page for each role, on a telephone, and with orders that a person should look at twice."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, Page, expect

from ordermesh.oms.v1 import order_pb2, order_service_pb2
from tests.e2e.test_panels import SIZES, choose, violations
from tests.support.browser import log_in, open_page, stream
from tests.support.stack import Mesh
from tests.support.trading import logged_in

FIRST_ROWS = {"oscar": "tr[data-session]", "audrey": "tr[data-entry]", "rita": "[data-held]"}
COVERED = """node => {
  node.scrollIntoView({block: "center"});
  const box = node.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return !(top === node || node.contains(top));
}"""


@pytest.fixture
async def page(mesh: Mesh) -> AsyncIterator[Page]:
    """A page of a fresh browser, without the flashes of prices."""
    async with open_page(mesh) as opened:
        await opened.emulate_media(reduced_motion="reduce")
        yield opened


async def enter(page: Page, mesh: Mesh, name: str) -> None:
    """Log in a person who may have no account, and wait for prices."""
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password").fill(mesh.users[name])
    await page.keyboard.press("Enter")
    await expect(stream(page, "prices")).to_have_attribute("data-phase", "live")


async def hold(mesh: Mesh, quantity: str) -> str:
    """Place an order that waits for approval; its id."""
    async with logged_in(mesh, "alice") as client:
        terms = order_pb2.OrderTerms(
            quantity=quantity, limit_price="1", time_in_force=order_pb2.TIME_IN_FORCE_DAY
        )
        placed = await client.place(
            order_service_pb2.PlaceRequest(
                account_id="ACC-ALICE", instrument_id="ASML.SIMA", side=order_pb2.SIDE_BUY,
                type=order_pb2.ORDER_TYPE_LIMIT, terms=terms, hold_for_approval=True,
            )
        )  # fmt: skip
    return placed.order.order_id


def ticket_of(page: Page) -> Locator:
    """The order ticket."""
    return page.get_by_role("region", name="Order ticket")


async def test_risk_approves_and_declines_held_orders_on_the_page(page: Page, mesh: Mesh) -> None:
    approved, declined = await hold(mesh, "3"), await hold(mesh, "4")
    await enter(page, mesh, "rita")
    waiting = page.get_by_test_id("parked")
    await expect(waiting).to_contain_text("held order")
    await waiting.get_by_role("button", name="Show", exact=True).click()

    await page.locator(f"[data-held='{approved}']").get_by_role("button", name="Approve").click()
    await expect(page.locator(f"[data-held='{approved}']")).to_have_count(0)
    other = page.locator(f"[data-held='{declined}']")
    await other.get_by_role("button", name="Decline").click()
    await expect(other.get_by_role("alert")).to_contain_text("Reason is empty")
    await other.get_by_label(f"Reason for order {declined}").fill("not today")
    assert await violations(page) == []
    await other.get_by_role("button", name="Decline").click()
    await expect(other).to_have_count(0)

    overview = page.get_by_role("region", name="Overview")
    await overview.get_by_label("open only").uncheck()
    row = overview.locator(f"[data-overview-order='{approved}']")
    await expect(row).to_have_attribute("data-state", re.compile("PENDING_NEW|NEW"))
    await row.get_by_role("button", name="Show order").click()
    trail = page.get_by_role("region", name="Order trail")
    await expect(trail.get_by_test_id("events")).to_contain_text("Approved")
    async with logged_in(mesh, "alice") as client:
        await client.cancel(approved)


@pytest.mark.parametrize(
    "name", ["audrey", *(pytest.param(name, marks=pytest.mark.long) for name in ("oscar", "rita"))]
)
async def test_a_role_without_accounts_has_a_page_of_use(page: Page, mesh: Mesh, name: str) -> None:
    await hold(mesh, "5")
    await enter(page, mesh, name)
    if name == "rita":
        bar = page.get_by_test_id("parked")
        await bar.get_by_role("button", name="Show", exact=True).click()
    await expect(page.locator(FIRST_ROWS[name]).first).to_be_visible()
    assert "account_id is ''" not in await page.locator("body").inner_text()
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await violations(page) == [], width


async def test_an_order_that_is_large_or_far_from_the_market_is_sent_by_a_second_press(
    page: Page, mesh: Mesh
) -> None:
    await log_in(page, mesh)
    await choose(page, "ASML.SIMA")
    ticket = ticket_of(page)
    quantity, limit = ticket.get_by_label("Quantity"), ticket.get_by_label("Limit price")
    send = ticket.locator("button[type=submit]")
    await quantity.fill("?")
    await expect(quantity).to_have_value("100")
    await quantity.fill("1k")
    await expect(send).to_have_text("Buy 1,000 ASML.SIMA")
    await limit.fill("7,000")
    await limit.press("Enter")
    await expect(ticket.locator("[data-confirm=true]")).to_have_count(2)
    await limit.press("Enter")
    confirm = ticket.get_by_role("group", name="Confirm the order")
    await expect(confirm.get_by_role("button", name="Confirm")).to_have_text(
        "Confirm: Buy 1,000 ASML.SIMA"
    )
    await expect(ticket.get_by_test_id("ticket-taken")).to_have_count(0)
    await confirm.get_by_role("button", name="Back").click()
    await quantity.fill("")
    await expect(send).to_be_disabled()
    await quantity.fill("2")
    # The second click of a double click lands where the first one's question stands.
    await send.dblclick()
    await expect(confirm).to_be_visible()
    await confirm.get_by_role("button", name="Confirm").click()
    await expect(ticket.get_by_test_id("ticket-taken")).to_contain_text("filled, 2 at")

    await ticket.get_by_label("In force").select_option(str(order_pb2.TIME_IN_FORCE_GTD))
    await expect(ticket.get_by_label("Until")).to_be_in_viewport(ratio=1)
    await expect(ticket.locator(".value")).to_be_in_viewport(ratio=1)
    await choose(page, "AIR.SIMA")
    await expect(quantity).to_have_value("100")
    await expect(ticket.get_by_label("In force")).to_have_value(str(order_pb2.TIME_IN_FORCE_DAY))


async def test_a_double_click_and_a_held_key_send_one_order(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    await choose(page, "ASML.SIMA")
    ticket = ticket_of(page)
    taken, orders = ticket.get_by_test_id("ticket-taken"), page.get_by_test_id("open-count")
    await ticket.get_by_label("Quantity").fill("3")
    await ticket.get_by_label("Limit price").fill("1")
    before = int(await orders.inner_text())
    await ticket.locator("button[type=submit]").dblclick(delay=150)
    await expect(taken).to_contain_text("working at the venue")
    await expect(orders).to_have_text(str(before + 1))
    await ticket.get_by_label("Quantity").focus()
    await page.keyboard.down("Enter")
    await expect(orders).to_have_text(str(before + 2))
    for _ in range(3):
        await expect(ticket.locator("button[type=submit]")).to_be_enabled()
        await page.keyboard.down("Enter")
    await page.keyboard.up("Enter")
    # What comes after it shows that nothing else was on its way.
    await ticket.get_by_label("Quantity").fill("4")
    await ticket.get_by_label("Quantity").press("Enter")
    await expect(taken).to_contain_text("Buy 4 ASML.SIMA: working at the venue")
    await expect(orders).to_have_text(str(before + 3))


async def test_a_ladder_trades_by_one_click_and_positions_follow(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    await choose(page, "MC.SIMA")
    await page.get_by_role("button", name="Positions", exact=True).click()
    positions = page.get_by_role("region", name="Positions", exact=True)
    await page.get_by_role("button", name="Ladder", exact=True).click()
    ladder = page.get_by_role("region", name="Depth ladder")
    await expect(ladder).to_have_attribute("data-current", "true")
    await expect(ladder.locator("canvas")).to_have_attribute("data-frames", re.compile("[1-9]"))
    assert await violations(page) == []
    await ladder.get_by_label("Quantity").fill("3")
    await ladder.get_by_role("switch").click()
    await ladder.locator("canvas").focus()
    await page.keyboard.press("Home")
    # Past the lowest row the ladder moves, and stays: a bid that far below the market rests.
    for _ in range(30):
        await page.keyboard.press("ArrowDown")
    await page.keyboard.down("b")
    await expect(ladder.get_by_test_id("ladder-answer")).to_contain_text("accepted")
    # A key that is held sends nothing more.
    for _ in range(3):
        await page.keyboard.down("b")
    await page.keyboard.up("b")
    await page.keyboard.press("Escape")
    await expect(ladder.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    await ladder.get_by_role("button", name="As table").click()
    assert await violations(page) == []
    own = ladder.get_by_role("button", name="Cancel own buy orders")
    await expect(own).to_have_text("3 ✕")
    await own.click()
    await expect(ladder.get_by_test_id("ladder-answer")).to_contain_text("cancel is accepted")

    ticket = ticket_of(page)
    await ticket.get_by_label("Type").select_option(label="Market")
    await ticket.get_by_label("Quantity").fill("3")
    await ticket.get_by_label("Quantity").press("Enter")
    row = positions.locator("tr[data-position]").filter(has_text="MC")
    await expect(row.locator("[data-cell=quantity]")).to_have_text(re.compile(r"\d"))
    await expect(row.locator("[data-cell=unrealised]")).to_have_text(re.compile(r"\d"))
    await page.get_by_role("button", name="Links", exact=True).click()
    links = page.get_by_role("region", name="Streams and times")
    await expect(links.locator("tr[data-link=Orders]")).to_have_attribute("data-tone", "live")
    await expect(links.get_by_test_id("acknowledged")).to_contain_text("p99")
    assert await violations(page) == []


async def test_a_telephone_shows_orders_as_cards_and_covers_nothing(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    await choose(page, "ASML.SIMA")
    ticket = ticket_of(page)
    await ticket.get_by_label("Quantity").fill("6")
    await ticket.get_by_label("Limit price").fill("640.50")
    await ticket.get_by_label("Quantity").press("Enter")
    row = page.locator("tr.chosen[data-order]")
    await expect(row).to_have_attribute("data-state", "NEW")
    await page.get_by_role("button", name="Log", exact=False).last.click()
    await expect(page.get_by_role("dialog", name="Notices of this page")).to_be_visible()
    await page.keyboard.press("Escape")

    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        for node in (
            row.locator(".chip"),
            row.get_by_role("button", name="Cancel"),
            row.get_by_role("button", name="Amend"),
            ticket.locator("button[type=submit]"),
            ticket.get_by_label("Quantity"),
        ):
            assert not await node.evaluate(COVERED), width
            await expect(node).to_be_in_viewport(ratio=1)
    await expect(row).to_have_css("display", "grid")
    assert await violations(page) == []
    await row.get_by_role("button", name="Cancel").click()
    await expect(row).to_have_attribute("data-state", "CANCELED")
