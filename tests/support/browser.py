"""The page in a real Chromium, as a user has it."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.support.stack import Mesh

ROOT = Path(__file__).parents[2]
INSTALL = "sudo apt-get install chromium"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 20_000

expect.set_options(timeout=WAIT_MS)


def chromium() -> str:
    """Find the browser; root gets it installed, everybody else the line that does."""
    if not any(map(shutil.which, CHROMIUM_NAMES)) and os.geteuid() == 0:
        subprocess.run([ROOT / "tools" / "ensure_chromium.sh"], check=True)
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return found
    pytest.fail(f"these tests need Chromium: {INSTALL}")


@asynccontextmanager
async def open_page(mesh: Mesh) -> AsyncIterator[Page]:
    """A page of a fresh browser, which fails the test if a script of ours does."""
    if not (ROOT / "web" / "dist" / "index.html").exists():
        pytest.fail("the web page is not built: make web")
    broken: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        context = await browser.new_context(
            base_url=mesh.url, ignore_https_errors=True, viewport={"width": 1440, "height": 900}
        )
        page = await context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda line: broken.extend(_violations(line.text)))
        await page.goto("/")
        yield page
        await browser.close()
    assert broken == []


def _violations(line: str) -> list[str]:
    return [line] if "Content Security Policy" in line or "Content-Security-Policy" in line else []


async def log_in(page: Page, mesh: Mesh, name: str = "alice") -> None:
    """Log in and wait until both streams are live."""
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password").fill(mesh.users[name])
    await page.keyboard.press("Enter")
    await live(page)


async def live(page: Page, timeout_ms: int = WAIT_MS) -> None:
    """Wait until both streams are live."""
    for name in ("orders", "prices"):
        await expect(stream(page, name)).to_have_attribute("data-phase", "live", timeout=timeout_ms)


def stream(page: Page, name: str) -> Locator:
    """The light of a stream."""
    return page.locator(f"[data-stream={name}]")
