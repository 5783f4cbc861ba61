"""Pictures of the page for docs/SCREEN.md, light and dark, for each width and role.

They are written to a folder of the test. To renew those of the documentation, name docs/images:

    ORDERMESH_SCREENS_DIR=docs/images pytest tests/e2e/test_screens.py
"""

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.test_page_roles import FIRST_ROWS, enter, hold
from tests.e2e.test_panels import choose
from tests.support.browser import open_page
from tests.support.stack import Mesh

PICTURES = {
    "screen-trader-dark": ("alice", "dark", (1440, 900)),
    "screen-trader-light": ("alice", "light", (1024, 800)),
    "screen-trader-phone": ("alice", "light", (390, 844)),
    "screen-risk": ("rita", "dark", (1440, 900)),
    "screen-operator": ("oscar", "light", (1440, 900)),
    "screen-auditor": ("audrey", "dark", (1440, 900)),
}


@pytest.mark.long
@pytest.mark.parametrize("picture", PICTURES)
async def test_a_picture_of_the_page_is_made(mesh: Mesh, tmp_path: Path, picture: str) -> None:
    folder = Path(os.environ.get("ORDERMESH_SCREENS_DIR", tmp_path))
    name, scheme, (width, height) = PICTURES[picture]
    await hold(mesh, "5")
    async with open_page(mesh) as page:
        await page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
        )
        await page.set_viewport_size({"width": width, "height": height})
        await enter(page, mesh, name)
        await choose(page, "ASML.SIMA")
        if name == "alice":
            ticket = page.get_by_role("region", name="Order ticket")
            await ticket.get_by_label("Quantity").fill("25")
            await ticket.get_by_label("Quantity").press("Enter")
            await expect(ticket.get_by_test_id("ticket-taken")).to_be_visible()
            await page.get_by_role("button", name="Ladder", exact=True).click()
            ladder = page.get_by_role("region", name="Depth ladder")
            await expect(ladder).to_have_attribute("data-current", "true")
        else:
            if name == "rita":
                bar = page.get_by_test_id("parked")
                await bar.get_by_role("button", name="Show", exact=True).click()
            await expect(page.locator(FIRST_ROWS[name]).first).to_be_visible()
        parts = await page.locator(".desk > *").all()
        boxes = [box for part in parts if (box := await part.bounding_box()) is not None]
        assert max(box["x"] + box["width"] for box in boxes) <= width, "wider than the screen"
        file = folder / f"{picture}.png"
        await page.screenshot(path=file)
    assert file.stat().st_size > 10_000
