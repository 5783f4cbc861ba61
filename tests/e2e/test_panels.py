"""The panels of the page on the whole mesh: chart, book, search, routed orders, rights."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from ordermesh.oms.v1 import order_pb2
from tests.e2e.test_prices import set_prices
from tests.support.browser import live, log_in, open_page
from tests.support.stack import Mesh

ASML = "NL0010273215"
HEAL_MS = 60_000
NUMBER = re.compile(r"\d")
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = ((1440, 900), (1024, 800), (390, 844))
FIND_VIOLATIONS = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target).join(", ")}`);
}"""


@pytest.fixture
async def page(mesh: Mesh) -> AsyncIterator[Page]:
    """A page of a fresh browser, which fails the test if a script of ours does."""
    async with open_page(mesh) as opened:
        # Prices flash for 0.7 s; what is compared here is the page without that.
        await opened.emulate_media(reduced_motion="reduce")
        yield opened


async def choose(page: Page, listing: str) -> None:
    """Choose a listing in the watchlist, once it has a price."""
    row = page.locator(f"tr[data-instrument='{listing}']")
    await expect(row.locator(".bid")).to_have_text(NUMBER)
    await row.locator(".symbol").click()


async def open_chart(page: Page) -> Locator:
    """The chart of the chosen listing."""
    await page.get_by_role("button", name="Chart", exact=True).click()
    return page.get_by_role("region", name="Chart")


async def open_book(page: Page) -> Locator:
    """The book of all venues of the chosen listing."""
    await page.get_by_role("button", name="All venues", exact=True).click()
    return page.get_by_role("region", name="Book of all venues")


async def route_by_search(page: Page, quantity: int) -> Locator:
    """Find an instrument by its ISIN, and buy it at all venues; the row of the routed order."""
    await page.keyboard.press("Control+k")
    await page.keyboard.type(ASML)
    whole = page.locator(f"[role=option][data-key='{ASML}/EUR']")
    await expect(whole).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    ticket = page.get_by_role("region", name="Order ticket")
    await ticket.get_by_label("Type").select_option(label="Market")
    await ticket.get_by_label("In force").select_option(str(order_pb2.TIME_IN_FORCE_IOC))
    await ticket.get_by_label("Quantity").fill(str(quantity))
    await ticket.get_by_label("Quantity").press("Enter")
    await expect(ticket.get_by_test_id("ticket-taken")).to_contain_text(f"{quantity} ASML {ASML}")
    return page.locator("tr.chosen[data-order]")


async def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = await page.evaluate(FIND_VIOLATIONS)
    return found


@pytest.mark.long
async def test_a_chart_has_history_and_goes_on_after_market_data_was_killed(
    page: Page, mesh: Mesh
) -> None:
    await log_in(page, mesh)
    await choose(page, "ASML.SIMA")
    chart = await open_chart(page)
    legend = chart.get_by_test_id("chart-legend")
    await expect(chart).to_have_attribute("data-bars", re.compile("[1-9]"))
    await expect(legend).to_contain_text("building")
    await expect(chart.get_by_test_id("chart-right")).to_have_text("real-time")
    await expect(chart.locator("canvas").first).to_be_visible()

    killing = asyncio.create_task(asyncio.to_thread(mesh.kill, "marketdata"))
    await expect(chart).to_contain_text("Not live")
    await killing
    await live(page, HEAL_MS)
    await expect(chart.get_by_text("Not live")).to_have_count(0, timeout=HEAL_MS)
    before = await legend.inner_text()
    await expect(legend).not_to_have_text(before, timeout=HEAL_MS)

    await chart.get_by_role("button", name="1d").click()
    await expect(legend).to_contain_text(re.compile(r"^\s*\d{4}-\d\d-\d\d, building"))


async def test_an_instrument_is_found_and_bought_at_all_venues_with_the_proof(
    page: Page, mesh: Mesh
) -> None:
    await log_in(page, mesh)
    await choose(page, "SAP.SIMA")

    row = await route_by_search(page, 200)

    book = page.get_by_role("region", name="Book of all venues")
    await expect(book.get_by_test_id("counting")).to_have_text("2 of 2 venues count")
    await expect(book.locator("tr[data-rank='0']")).to_contain_text("SIM")
    await expect(row).to_have_attribute("data-state", "FILLED")
    parent = await row.get_attribute("data-order")
    children = page.locator(f"tr[data-parent='{parent}']")
    await expect(children).to_have_count(0)
    await row.get_by_role("button", name="child orders").click()
    await expect(children.first).to_have_attribute("data-state", "FILLED")
    await expect(children.get_by_role("button", name="Cancel")).to_have_count(0)
    proof = page.get_by_role("region", name="Routing decisions")
    decision = proof.locator("[data-decision='1']")
    await decision.locator("summary").press("Enter")
    if await decision.get_attribute("open") is None:
        await decision.locator("summary").press("Enter")
    await expect(decision).to_contain_text("chosen")
    await expect(decision).to_contain_text("Fees: takes")
    await expect(decision).to_contain_text("Placed")
    assert await violations(page) == []

    # An order that comes before the listings is named by its symbol as soon as they are there.
    await page.reload()
    await live(page)
    await expect(page.locator(f"tr[data-order='{parent}'] .symbol")).to_have_text("ASML")


async def test_an_order_is_placed_bit_by_bit_paused_and_resumed(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    await choose(page, "ASML.SIMA")
    ticket = page.get_by_role("region", name="Order ticket")
    venues = ticket.get_by_label("Venues", exact=True)
    await venues.select_option(str(order_pb2.ROUTING_STRATEGY_BEST))
    await ticket.get_by_label("Type").select_option(label="Market")
    await ticket.get_by_label("Quantity", exact=True).fill("20")
    await expect(ticket.get_by_test_id("split")).to_contain_text(re.compile(r"SIM[AB] \d+ at \d"))
    await ticket.get_by_label("Type").select_option(label="Limit")
    await ticket.get_by_label("Limit price").fill("1")
    await expect(ticket.get_by_test_id("split")).to_have_text("20 not at once")

    await venues.select_option(str(order_pb2.ROUTING_STRATEGY_TWAP))
    await ticket.get_by_label("Slice, s").fill("0")
    await ticket.get_by_label("Quantity", exact=True).press("Enter")
    await expect(ticket.get_by_text("must be a whole number")).to_be_visible()
    await ticket.get_by_label("Slice, s").fill("60")
    await ticket.get_by_label("Limit price").fill("500")
    await ticket.get_by_label("Quantity", exact=True).press("Enter")
    row = page.locator("tr.chosen[data-order]")
    await expect(row).to_contain_text("routed TWAP")
    await expect(page.get_by_test_id("pace")).to_contain_text("every 60 s")

    await row.get_by_role("button", name="Pause").click()
    await expect(row).to_have_attribute("data-state", "SUSPENDED")
    await page.get_by_test_id("pace").get_by_role("button", name="Resume").click()
    await expect(row).to_have_attribute("data-state", re.compile("NEW|PARTIALLY_FILLED"))
    await row.get_by_role("button", name="Cancel").click()
    await expect(row).to_have_attribute("data-state", "CANCELED")


async def test_a_price_alert_fires_with_a_notice(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    await choose(page, "ASML.SIMA")
    await page.get_by_role("button", name="Alerts", exact=True).click()
    alerts = page.get_by_role("region", name="Price alerts")
    await alerts.get_by_label("Threshold").fill("1")
    await alerts.get_by_role("button", name="Add").click()
    await expect(alerts.get_by_role("alert")).to_contain_text("not reached yet")
    await alerts.get_by_label("Threshold").fill("100000")
    await alerts.get_by_role("button", name="Add").click()
    waiting = alerts.get_by_role("list", name="Alerts that wait")
    await waiting.get_by_role("button", name="Remove").click()
    over = alerts.get_by_role("list", name="Alerts that fired or ended")
    await expect(over.locator("[data-state=CANCELED]")).to_contain_text("at or above 100000")

    for condition in ("up", "down"):
        await alerts.get_by_label("Condition").select_option(condition)
        await alerts.get_by_label("Percent").fill("0.01")
        await alerts.get_by_role("button", name="Add").click()
        await expect(alerts.get_by_label("Percent")).to_have_value("")
    await expect(over.locator("[data-state=FIRED]").first).to_contain_text(
        "fired at", timeout=HEAL_MS
    )
    await expect(page.get_by_role("region", name="Notices")).to_contain_text("Price alert")
    assert await violations(page) == []


async def test_orders_and_positions_are_shown_as_they_stood_and_cannot_be_traded(
    page: Page, mesh: Mesh
) -> None:
    await log_in(page, mesh)
    await choose(page, "ASML.SIMA")
    row = await route_by_search(page, 5)
    await expect(row).to_have_attribute("data-state", "FILLED")
    # Local time with milliseconds: an instant that has passed when it is asked for.
    at = await page.evaluate(
        "(() => { const now = new Date(); return new Date(now - now.getTimezoneOffset() * 60000)"
        ".toISOString().slice(0, -1); })()"
    )
    await page.get_by_role("button", name="Past…").click()
    past = page.get_by_role("region", name="Orders and positions of the past")
    await past.get_by_label("At").fill(at)
    await past.get_by_role("button", name="Show").click()
    await expect(past.locator("tr[data-past-order]").first).to_contain_text("FILLED")
    await expect(past.locator(f"tr[data-position='{ASML}']")).to_contain_text("ASML")
    await expect(past.get_by_test_id("as-of")).to_contain_text("Nothing can be traded here")
    await expect(past.get_by_role("button", name="Cancel")).to_have_count(0)
    assert await violations(page) == []

    await past.get_by_label("At").fill("2020-01-01T00:00:00")
    await past.get_by_role("button", name="Show").click()
    await expect(past.get_by_role("alert")).to_contain_text("oldest stored event")
    await past.get_by_role("button", name="Back to now").click()
    await expect(page.get_by_role("region", name="Order blotter")).to_be_visible()


async def test_a_notification_is_shown_kept_and_read_and_a_rule_is_made(
    page: Page, mesh: Mesh
) -> None:
    await log_in(page, mesh)
    await choose(page, "ASML.SIMA")
    button = page.get_by_role("button", name="Notifications", exact=False).first
    await expect(button).not_to_contain_text("not live")
    await route_by_search(page, 5)
    await expect(page.get_by_role("region", name="Notices")).to_contain_text("Order closed")
    await expect(page.get_by_test_id("unread")).to_have_text(NUMBER)

    await button.click()
    panel = page.get_by_role("region", name="Notifications", exact=True)
    closed = panel.locator("li[data-kind=ORDER_CLOSED]").first
    await expect(closed).to_contain_text("ASML")
    await panel.get_by_label("Kind").select_option(label="Kill switch")
    await expect(panel.locator("li[data-kind=ORDER_CLOSED]")).to_have_count(0)
    await panel.get_by_label("Kind").select_option(label="every kind")
    await panel.get_by_role("button", name="Mark all as read").click()
    await expect(page.get_by_test_id("unread")).to_have_count(0)
    await expect(closed).to_contain_text("read")
    assert await violations(page) == []

    await panel.get_by_role("button", name="Rules", exact=True).click()
    await panel.get_by_role("button", name="New rule").click()
    await panel.get_by_label("Name").fill("Every execution")
    await panel.get_by_label("Execution", exact=True).check()
    assert await violations(page) == []
    await panel.get_by_role("button", name="Save").click()
    own = panel.get_by_role("list", name="Your rules")
    await expect(own).to_contain_text("Execution → in the application")
    await own.get_by_role("button", name="Remove").click()
    await expect(own).to_contain_text("None.")


async def test_rights_to_prices_are_shown_on_rows_and_panels(page: Page, mesh: Mesh) -> None:
    await asyncio.to_thread(set_prices, mesh, "vera", "SIMA=REAL_TIME", "SIMB=DELAYED")
    try:
        await log_in(page, mesh, "vera")
        right = "tr[data-instrument='ASML.{}'] [data-cell=right]"
        await expect(page.locator(right.format("SIMA"))).to_have_text("real-time")
        await expect(page.locator(right.format("SIMB"))).to_have_text("15 min")
        await choose(page, "ASML.SIMA")
        venue = (await open_book(page)).locator("tr[data-venue='SIMB']")
        await expect(venue).to_contain_text("not counted: delayed 15 min")
        await expect(venue).to_have_attribute("data-counts", "false")
        chart = await open_chart(page)
        await page.locator("tr[data-instrument='ASML.SIMB'] .symbol").click()
        await expect(chart.get_by_test_id("chart-right")).to_have_text("15 min")
        await expect(chart).to_contain_text("delayed by 15 minutes")
    finally:
        await asyncio.to_thread(set_prices, mesh, "vera", "*=REAL_TIME")


async def test_the_past_is_replayed_apart_from_live_prices(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    await choose(page, "ASML.SIMA")
    await page.get_by_role("button", name="Replay", exact=True).click()
    replay = page.get_by_role("region", name="Replay", exact=True)
    await replay.get_by_label("Speed").select_option(label="at once")
    await replay.get_by_role("button", name="Play").click()

    await expect(replay).to_have_attribute("data-phase", "ended")
    await expect(replay).to_have_attribute("data-trades", re.compile("[1-9]"))
    await expect(replay.get_by_test_id("past")).to_contain_text("PAST")
    row = page.locator("tr[data-instrument='ASML.SIMA']")
    before = await row.get_attribute("data-sequence")
    await expect(row).not_to_have_attribute("data-sequence", before or "")
    assert await violations(page) == []
    await replay.get_by_label("To").fill("2020-01-01T00:00")
    await replay.get_by_role("button", name="Play").click()
    await expect(replay.get_by_role("alert")).to_contain_text("To must be after from")


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_the_page_has_no_accessibility_violation(page: Page, mesh: Mesh, scheme: str) -> None:
    await page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    await log_in(page, mesh)
    await route_by_search(page, 5)
    await expect(page.locator("[data-decision='1']")).to_be_visible()
    await expect(page.get_by_test_id("counting")).to_be_visible()
    found = {}
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        found[f"order {width}"] = await violations(page)
    await expect(await open_chart(page)).to_have_attribute("data-read", "true")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        found[f"chart {width}"] = await violations(page)
    assert not any(found.values()), found


async def test_a_person_without_accounts_has_a_page_without_violations(
    page: Page, mesh: Mesh
) -> None:
    await page.get_by_label("User name").fill("rita")
    await page.get_by_label("Password").fill(mesh.users["rita"])
    await page.keyboard.press("Enter")
    await choose(page, "ASML.SIMA")
    await expect(await open_chart(page)).to_have_attribute("data-read", "true")
    await expect((await open_book(page)).get_by_test_id("counting")).to_be_visible()
    await expect(page.get_by_role("region", name="Order ticket")).to_have_count(0)
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await violations(page) == [], width
