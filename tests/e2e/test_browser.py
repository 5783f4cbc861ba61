"""The page in a real Chromium, through Envoy's TLS listener, against the whole mesh."""

import asyncio
import re
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from playwright.async_api import Locator, Page, expect

from ordermesh.oms.v1 import order_pb2, order_service_pb2
from tests.support.browser import live, log_in, open_page, stream
from tests.support.stack import Mesh
from tests.support.trading import logged_in

LISTING = "ASML.SIMA"
HEAL_MS = 60_000
NUMBER = re.compile(r"\d")
ANYTHING = re.compile(".")


@pytest.fixture
async def page(mesh: Mesh) -> AsyncIterator[Page]:
    """A page of a fresh browser, which fails the test if a script of ours does."""
    async with open_page(mesh) as opened:
        yield opened


def quote_row(page: Page) -> Locator:
    """The watchlist's row of the listing."""
    return page.locator(f"tr[data-instrument='{LISTING}']")


async def bid(page: Page) -> Decimal:
    """The bid as shown, once there is one."""
    cell = quote_row(page).locator(".bid")
    await expect(cell).to_have_text(NUMBER)
    return Decimal((await cell.inner_text()).strip())


async def place(page: Page, side: str, quantity: int, limit: str | None = None) -> Locator:
    """Send a limit order from the ticket; its row in the blotter."""
    await quote_row(page).locator(".symbol").click()
    ticket = page.get_by_role("region", name="Order ticket")
    await ticket.get_by_text(side, exact=True).click()
    await ticket.get_by_label("Quantity").fill(str(quantity))
    if limit is not None:
        await ticket.get_by_label("Limit price").fill(limit)
    await ticket.get_by_label("Quantity").press("Enter")
    await expect(ticket.get_by_test_id("ticket-taken")).to_contain_text(f"{quantity} {LISTING}")
    order_id = await page.locator("tr.chosen[data-order]").get_attribute("data-order")
    return page.locator(f"tr[data-order='{order_id}']")


async def resting(page: Page, quantity: int) -> Locator:
    """Place a buy order too low to trade; its row, once the venue works it."""
    row = await place(page, "Buy", quantity, str(int(await bid(page) * Decimal("0.9"))))
    await expect(row).to_have_attribute("data-state", "NEW")
    return row


async def shown_orders(page: Page) -> dict[str, str]:
    """State by order, as the blotter shows them."""
    rows = page.locator("tr[data-order]")
    pairs = await rows.evaluate_all("rows => rows.map(r => [r.dataset.order, r.dataset.state])")
    return dict(pairs)


async def test_the_state_of_an_order_is_not_covered_by_its_buttons(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    row = await resting(page, 3)
    for width in (1440, 1300, 1024, 600):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await row.locator(".chip").evaluate(
            """chip => {
              chip.scrollIntoView({ block: "center" });
              const box = chip.getBoundingClientRect();
              return document.elementFromPoint(box.right - 2, box.top + box.height / 2) === chip;
            }"""
        ), width
    await row.get_by_role("button", name="Cancel").click()
    await expect(row).to_have_attribute("data-state", "CANCELED")


async def test_login_refuses_a_wrong_password_in_words(page: Page) -> None:
    await page.get_by_label("User name").fill("alice")
    await page.get_by_label("Password").fill("not the password")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong")
    await expect(page.get_by_label("User name")).to_be_visible()


async def test_prices_tick_and_are_called_simulated(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)

    await expect(page.get_by_role("banner").get_by_text("SIMULATED")).to_be_visible()
    await bid(page)
    row = quote_row(page)
    before = await row.get_attribute("data-sequence")
    await expect(row).not_to_have_attribute("data-sequence", before or "")
    await expect(row).not_to_have_attribute("data-stale", ANYTHING)


async def test_limit_order_fills(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    through_the_book = str(int(await bid(page) * Decimal("1.02")) + 1)

    row = await place(page, "Buy", 5, through_the_book)

    await expect(row).to_have_attribute("data-state", "FILLED")
    await expect(row.locator("[data-cell=filled]")).to_contain_text("5")
    await expect(row.locator("[data-cell=leaves]")).to_have_text("0")
    trail = page.get_by_role("region", name="Order trail")
    await expect(trail.get_by_test_id("executions").locator("tr").first).to_be_visible()
    await expect(trail.get_by_test_id("events")).to_contain_text("Accepted")
    await expect(trail.get_by_test_id("events")).to_contain_text("Executed")
    await expect(trail.get_by_test_id("events")).to_contain_text("sent NewOrderSingle(D)")
    await expect(trail.get_by_test_id("events")).to_contain_text(
        "received ExecutionReport(8), MsgSeqNum(34)"
    )
    await expect(trail.locator("[data-doer=person]")).to_contain_text("Accepted alice")
    await expect(trail.get_by_test_id("controls")).to_contain_text("max order quantity")
    await expect(page.get_by_label("Notices")).to_contain_text("filled", ignore_case=True)


async def test_a_person_without_accounts_finds_an_order_by_its_id(page: Page, mesh: Mesh) -> None:
    async with logged_in(mesh, "alice") as client:
        terms = order_pb2.OrderTerms(quantity="5", time_in_force=order_pb2.TIME_IN_FORCE_DAY)
        placed = await client.place(
            order_service_pb2.PlaceRequest(
                account_id="ACC-ALICE", instrument_id=LISTING, side=order_pb2.SIDE_BUY,
                type=order_pb2.ORDER_TYPE_MARKET, terms=terms,
            )
        )  # fmt: skip
    order_id = placed.order.order_id
    await page.get_by_label("User name").fill("audrey")
    await page.get_by_label("Password").fill(mesh.users["audrey"])
    await page.keyboard.press("Enter")
    trail = page.get_by_role("region", name="Order trail")

    await trail.get_by_label("Find an order or audit entry").fill(order_id)
    await page.keyboard.press("Enter")

    await expect(trail.get_by_test_id("events")).to_contain_text("Accepted")
    await expect(trail.locator("[data-doer=person]").last).to_contain_text("alice")
    await expect(trail.get_by_test_id("controls")).to_contain_text("max order quantity")
    await trail.get_by_label("Find an order or audit entry").fill("01JD0000000000000000000000")
    await page.keyboard.press("Enter")
    await expect(trail.get_by_role("alert")).to_contain_text("no such order")


async def test_a_reduce_only_order_without_a_position_is_refused_in_words(
    page: Page, mesh: Mesh
) -> None:
    await log_in(page, mesh)
    listing = page.locator("tr[data-instrument='ASML.SIMB']")
    await expect(listing.locator(".bid")).to_have_text(NUMBER)
    await listing.locator(".symbol").click()
    ticket = page.get_by_role("region", name="Order ticket")
    await ticket.get_by_text("Buy", exact=True).click()
    await ticket.get_by_label("reduce only").check()
    await ticket.get_by_label("Quantity").press("Enter")

    refusal = ticket.get_by_test_id("ticket-refusal")
    await expect(refusal).to_have_attribute("data-reason", "REDUCE_ONLY")


async def test_order_is_amended_and_cancelled(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    row = await resting(page, 10)

    await row.get_by_role("button", name="Amend").click()
    await expect(row.get_by_role("button", name="Back")).to_be_in_viewport(ratio=1)
    await row.get_by_label("New quantity").fill("20")
    await row.get_by_label("New quantity").press("Enter")

    await expect(row.locator("[data-cell=quantity]")).to_have_text("20")
    await expect(row).to_have_attribute("data-state", "NEW")
    await row.get_by_role("button", name="Cancel").click()
    await expect(row).to_have_attribute("data-state", "CANCELED")
    await expect(row.get_by_role("button", name="Cancel")).to_have_count(0)


async def test_bad_input_is_shown_at_its_field_and_not_sent(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    await bid(page)
    await quote_row(page).locator(".symbol").click()
    before = await shown_orders(page)
    ticket = page.get_by_role("region", name="Order ticket")

    await ticket.get_by_label("Quantity").fill("1.5")
    await ticket.get_by_label("Limit price").fill("1.00000001")
    await ticket.get_by_label("Limit price").press("Enter")

    await expect(ticket.locator("#ticket-quantity-fault")).to_contain_text("multiple of the lot")
    await expect(ticket.locator("#ticket-price-fault")).to_contain_text("multiple of the tick")
    assert await shown_orders(page) == before


async def test_reload_keeps_session_and_orders(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    row = await resting(page, 7)
    before = await shown_orders(page)

    await page.reload()

    await live(page)
    await expect(row).to_have_attribute("data-state", "NEW")
    assert before.keys() <= (await shown_orders(page)).keys()
    await row.get_by_role("button", name="Cancel").click()
    await expect(row).to_have_attribute("data-state", "CANCELED")


async def test_oms_killed_under_the_page_is_resumed_by_itself(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    row = await resting(page, 9)
    before = await shown_orders(page)
    orders = stream(page, "orders")

    killing = asyncio.create_task(asyncio.to_thread(mesh.kill, "oms"))
    await expect(orders).not_to_have_attribute("data-phase", "live")
    await expect(page.get_by_test_id("ticket-blocked")).to_be_visible()
    await killing

    await live(page, HEAL_MS)
    await expect(page.get_by_test_id("ticket-blocked")).to_have_count(0)
    assert (await shown_orders(page)).items() >= before.items()
    await row.get_by_role("button", name="Cancel").click()
    await expect(row).to_have_attribute("data-state", "CANCELED", timeout=HEAL_MS)


async def test_viewer_sees_orders_and_cannot_trade(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh, "vera")

    blocked = page.get_by_test_id("ticket-blocked")
    await expect(blocked).to_contain_text("may not trade")
    send = page.get_by_role("region", name="Order ticket").locator("button[type=submit]")
    await expect(send).to_be_disabled()


async def test_logout_ends_the_session(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)

    await page.get_by_role("button", name="Log out").click()

    await expect(page.get_by_label("User name")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("User name")).to_be_visible()
    assert await page.evaluate("sessionStorage.getItem('ordermesh.refresh-token')") is None
