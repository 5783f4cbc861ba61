"""Plays cases with a driver."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from client_kit.case import Case
from client_kit.compare import differences
from client_kit.driver import Driver, DriverError
from client_kit.server import serving

# A case takes well under a second but for the few that wait; a machine may be slow.
CASE_S_MAX: Final = 60.0


@dataclass(frozen=True)
class Outcome:
    """How a case went.

    Attributes:
        case: Its name.
        differences: What was not as it should be, in words; empty: passed.
        printed: The driver's lines.
    """

    case: str
    differences: list[str]
    printed: list[dict[str, Any]]


async def play(command: list[str], folder: Path, cases: list[Case], tls: Path) -> list[Outcome]:
    """Play cases, one after the other, with one process of the driver; a new one after a failure.

    Args:
        command: The driver.
        folder: Where it runs.
        cases: What to play.
        tls: A folder with ca.pem, edge.pem and edge.key.
    """
    driver, outcomes = None, []
    for case in cases:
        driver = driver or await Driver.start(command, folder)
        outcome, broken = await _play_one(driver, case, tls)
        outcomes.append(outcome)
        if broken:
            await driver.stop()
            driver = None
    if driver is not None:
        await driver.stop()
    return outcomes


async def _play_one(driver: Driver, case: Case, tls: Path) -> tuple[Outcome, bool]:
    async with serving(case.server, tls) as (world, address):
        line = case.line(address, tls / "ca.pem")
        try:
            printed = await asyncio.wait_for(driver.play(line, world.released), CASE_S_MAX)
        except TimeoutError:
            seen = {name: len(calls) for name, calls in world.calls.items()}
            text = f"not ended after {CASE_S_MAX:.0f} s; calls so far: {seen}\n{driver.errors}"
            return Outcome(case.name, [text], []), True
        except DriverError as error:
            return Outcome(case.name, [str(error)], []), True
        found = [*differences(case, printed, world), *world.leaks(driver.errors)]
        return Outcome(case.name, found, printed), False
