"""Keeps a local stack: its access log turns, checkpoints are taken, and old records go."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from meshctl.stack.processes.process import StartError

# Two files are kept, so the access log takes twice this at most.
ACCESS_LOG_BYTES_MAX = 32 * 1024 * 1024
LOOK_S = 5.0
# After the start, so that the start of the stack is not slower for it.
DAILY_AFTER_S = 600.0
DAILY_INTERVAL_S = 86_400.0


class Upkeep:
    """The tasks beside the processes of a stack."""

    def __init__(
        self,
        access_log: Path,
        edge_pid: Callable[[], int | None],
        daily: Callable[[], Awaitable[None]],
        sink: Callable[[str, str], None],
    ) -> None:
        self._access_log = access_log
        self._edge_pid = edge_pid
        self._daily = daily
        self._sink = sink

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._turn_logs())
            tasks.create_task(self._work_daily())

    async def _turn_logs(self) -> None:
        while True:
            try:
                turn_access_log(self._access_log, self._edge_pid())
            except OSError as error:
                self._sink("access log", str(error))
            await asyncio.sleep(LOOK_S)

    async def _work_daily(self) -> None:
        await asyncio.sleep(DAILY_AFTER_S)
        while True:
            try:
                await self._daily()
            except StartError as error:
                self._sink("daily", str(error))
            await asyncio.sleep(DAILY_INTERVAL_S)


def turn_access_log(log: Path, edge_pid: int | None, bytes_max: int = ACCESS_LOG_BYTES_MAX) -> bool:
    """Put a full access log in the place of the one before; return whether it was full.

    Envoy opens its files anew on SIGUSR1; until then it writes to the old one.
    """
    if not log.exists() or log.stat().st_size <= bytes_max:
        return False
    log.replace(log.with_suffix(f"{log.suffix}.1"))
    if edge_pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(edge_pid, signal.SIGUSR1)
    return True
