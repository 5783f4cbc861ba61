"""Layouts of docked panels on the whole mesh: made, moved by key, kept, the same in every tab."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.test_blotter import forget_settings
from tests.e2e.test_page_roles import enter
from tests.e2e.test_panels import choose, violations
from tests.support.browser import live, log_in, open_page
from tests.support.stack import Mesh

STORED = "PutUserSetting"


@pytest.fixture
async def page(mesh: Mesh) -> AsyncIterator[Page]:
    """A page of a fresh browser, without the flashes of prices."""
    async with open_page(mesh) as opened:
        await opened.emulate_media(reduced_motion="reduce")
        yield opened
    await forget_settings(mesh)


async def new_layout(page: Page, name: str) -> None:
    """Make a layout and wait for its panels. The user may have one of an earlier test already."""
    await page.locator("header button.layout").click()
    dialog = page.get_by_role("dialog", name="Layouts and looks")
    await dialog.get_by_label("New layout").fill(name)
    await dialog.get_by_label("New layout").press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(page.locator("main.dock")).to_have_attribute("data-layout", name)


def tab(page: Page, title: str) -> Locator:
    """The tab of a docked panel."""
    return page.get_by_role("tab", name=title, exact=True)


async def command(page: Page, words: str) -> None:
    """Give a command through the palette."""
    await page.keyboard.press("Control+k")
    await page.keyboard.type(words)
    await expect(page.locator("li[aria-selected='true'][data-command]")).to_be_visible()
    await page.keyboard.press("Enter")


async def stored_after(page: Page, key: str) -> None:
    """Press a key, and wait until the layout is stored."""
    async with page.expect_response(lambda answer: answer.url.endswith(STORED)):
        await page.keyboard.press(key)


@pytest.mark.long
async def test_a_layout_is_kept_over_a_reload_and_comes_to_a_second_tab(
    page: Page, mesh: Mesh
) -> None:
    await log_in(page, mesh)
    await new_layout(page, "Kept")
    await choose(page, "ASML.SIMA")
    await tab(page, "Positions").click()
    await expect(page.get_by_role("region", name="Positions", exact=True)).to_be_visible()
    await stored_after(page, "Alt+Shift+W")
    await expect(tab(page, "Positions")).to_have_count(0)

    await page.reload()
    await live(page)
    await expect(tab(page, "Watchlist")).to_be_visible()
    await expect(tab(page, "Positions")).to_have_count(0)

    second = await page.context.new_page()
    await second.goto("/")
    await log_in(second, mesh)
    await expect(second.locator("main.dock")).to_have_attribute("data-layout", "Kept")
    await expect(tab(second, "Positions")).to_have_count(0)
    await command(second, "open positions")
    await expect(tab(second, "Positions")).to_be_visible()
    await expect(tab(page, "Positions")).to_be_visible()
    await command(second, "layout standard")
    await expect(second.locator("main.dock")).to_have_count(0)
    await expect(page.locator("main.dock")).to_be_visible()


@pytest.mark.long
async def test_panels_are_reached_moved_closed_and_coloured_by_keys(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    await new_layout(page, "Keys")
    await choose(page, "SAP.SIMA")
    await tab(page, "Ladder").click()
    await expect(page.get_by_role("region", name="Depth ladder")).to_be_visible()
    groups = page.locator(".dv-groupview")
    before = await groups.count()
    await stored_after(page, "Alt+Shift+ArrowDown")
    await expect(tab(page, "Ladder")).to_be_focused()
    await stored_after(page, "Alt+Shift+ArrowRight")
    assert await groups.count() >= before

    # Another colour has a listing of its own.
    await stored_after(page, "Alt+Shift+C")
    colour = page.get_by_role("button", name="Colour of Ladder: green")
    await expect(colour).to_be_visible()

    await page.keyboard.press("F6")
    await expect(tab(page, "Ladder")).not_to_be_focused()
    await page.keyboard.press("Shift+F6")
    await expect(tab(page, "Ladder")).to_be_focused()
    await page.keyboard.press("Alt+Shift+M")
    await expect(page.get_by_role("button", name="Fill the page with Ladder")).to_have_attribute(
        "aria-pressed", "true"
    )
    await page.keyboard.press("Alt+Shift+M")
    await stored_after(page, "Alt+Shift+W")
    await expect(tab(page, "Ladder")).to_have_count(0)

    # While a dialog is open, keys close no panel. Without a panel the page says what to do.
    panels = await page.get_by_role("tab").count()
    await page.keyboard.press("Control+k")
    await page.keyboard.press("Alt+Shift+W")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("tab")).to_have_count(panels)
    for left in range(panels - 1, -1, -1):
        await page.keyboard.press("Alt+Shift+W")
        await expect(page.get_by_role("tab")).to_have_count(left)
    await expect(page.get_by_text("No panel is open")).to_be_visible()
    assert await violations(page) == []


@pytest.mark.long
async def test_a_layout_is_renamed_arranged_anew_and_removed(page: Page, mesh: Mesh) -> None:
    await log_in(page, mesh)
    await new_layout(page, "First name")
    await tab(page, "Links").click()
    await stored_after(page, "Alt+Shift+W")
    await page.get_by_role("button", name="First name").click()
    dialog = page.get_by_role("dialog", name="Layouts and looks")
    await dialog.get_by_label("Name of this one").fill("Second name")
    await dialog.get_by_role("button", name="Rename").click()
    await expect(dialog.get_by_role("button", name="Second name", exact=True)).to_be_visible()
    await dialog.get_by_role("button", name="Arrange anew").click()
    await expect(page.locator("[role=tab][aria-label=Links]")).to_have_count(1)
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Remove", exact=True).click()
    await dialog.get_by_role("button", name="cannot be undone").click()
    await expect(page.locator("main.dock")).to_have_count(0)
    await expect(dialog.get_by_role("button", name="Second name")).to_have_count(0)


@pytest.mark.long
async def test_looks_are_chosen_once_for_every_browser(page: Page, mesh: Mesh) -> None:
    root = page.locator("html")
    await page.emulate_media(color_scheme="dark")
    await log_in(page, mesh)
    await command(page, "colours light")
    await expect(root).to_have_attribute("data-theme", "light")
    await command(page, "rows compact")
    await expect(root).to_have_attribute("data-density", "compact")
    await command(page, "times utc")
    assert await violations(page) == []
    await page.reload()
    await live(page)
    await expect(root).to_have_attribute("data-theme", "light")
    await command(page, "colours as")
    await command(page, "rows normal")
    await command(page, "times local")
    await expect(root).not_to_have_attribute("data-theme", "light")


@pytest.mark.long
@pytest.mark.parametrize("name", ["alice", "rita", "oscar", "audrey"])
async def test_docked_panels_have_no_violation_and_narrow_screens_have_the_standard_page(
    page: Page, mesh: Mesh, name: str
) -> None:
    await enter(page, mesh, name)
    await new_layout(page, f"Of {name}")
    await choose(page, "ASML.SIMA")
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert await violations(page) == [], scheme
    trades = name == "alice"
    await expect(tab(page, "Ticket")).to_have_count(1 if trades else 0)
    await page.keyboard.press("Control+k")
    await page.keyboard.type("open")
    await expect(page.locator("[data-command='open chart']")).to_have_count(1)
    await expect(page.locator("[data-command='open ticket']")).to_have_count(1 if trades else 0)
    await expect(page.locator("[data-command='open overview']")).to_have_count(0 if trades else 1)
    await page.keyboard.press("Escape")
    for width, height in ((1024, 800), (390, 844)):
        await page.set_viewport_size({"width": width, "height": height})
        await expect(page.locator("main.fixed")).to_be_visible()
        assert await violations(page) == [], width
