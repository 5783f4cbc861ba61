"""One process of the stack: start, prefixed log, readiness, restart, stop."""

import asyncio
import contextlib
import ctypes
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from meshctl.stack.processes.log_lines import readable
from meshctl.stack.processes.rotated_log import RotatedLog

READY_POLL_S = 0.05
READY_TIMEOUT_S = 300.0  # of one process; one that ends fails the start at once
STOP_GRACE_S = 10.0
RESTART_DELAY_CAP_S = 5.0
HEALTHY_AFTER_S = 30.0
LINE_MAX_BYTES = 256 * 1024

Probe = Callable[[], Awaitable[bool]]
LogSink = Callable[[str, str], None]


class ProcessState(StrEnum):
    """State of a process for the supervisor."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class ProcessSpec:
    """How a process is run.

    ``ready`` is called every READY_POLL_S until it returns true. ``stop_signal`` requests
    the process to end; SIGKILL follows after STOP_GRACE_S.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: Probe
    folder: Path
    stop_signal: signal.Signals = signal.SIGTERM
    detail: str = ""


class StartError(Exception):
    """A process ended or did not become ready; the text has the end of its log."""


@dataclass
class ManagedProcess:
    """A process that is kept running until `stop`."""

    spec: ProcessSpec
    log_file: Path
    sink: LogSink
    on_change: Callable[[], None]
    state: ProcessState = ProcessState.WAITING
    restarts: int = 0
    since: float = field(default_factory=time.time)
    _process: asyncio.subprocess.Process | None = None
    _keeper: asyncio.Task[None] | None = None
    _pump: asyncio.Task[None] | None = None
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._log = RotatedLog(self.log_file)

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start and wait until ready; then keep it running. Raises StartError."""
        self._move(ProcessState.STARTING)
        await self._spawn()
        await self._await_ready()
        self._keeper = asyncio.create_task(self._keep(), name=f"keep-{self.spec.name}")

    async def stop(self) -> None:
        """Request it to end, wait, and kill it if needed."""
        self._stopping = True
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(self.spec.stop_signal)
            try:
                await asyncio.wait_for(process.wait(), STOP_GRACE_S)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._pump is not None:
            await self._pump
        self._move(ProcessState.STOPPED)

    async def _spawn(self) -> None:
        self._log.begin()
        self._process = await asyncio.create_subprocess_exec(
            *self.spec.command,
            env=dict(self.spec.environment),
            cwd=self.spec.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LINE_MAX_BYTES,
            start_new_session=True,
            preexec_fn=_die_with_parent(self.spec.stop_signal),
        )
        self._pump = asyncio.create_task(self._pump_log(self._process))
        self.since = time.time()
        self.on_change()

    async def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        process = self._process
        assert process is not None
        while not await self.spec.ready():
            if process.returncode is not None:
                self._move(ProcessState.FAILED)
                if self._pump is not None:
                    await self._pump  # its last output gives the reason
                raise StartError(
                    f"{self.spec.name} ended with code {process.returncode}{self._tail()}"
                )
            if time.monotonic() > deadline:
                self._move(ProcessState.FAILED)
                raise StartError(
                    f"{self.spec.name} was not ready within {READY_TIMEOUT_S:.0f} s{self._tail()}"
                )
            await asyncio.sleep(READY_POLL_S)
        self._move(ProcessState.READY)

    async def _keep(self) -> None:
        """Start it again whenever it ends, at once the first time, then with growing delays."""
        delay_s = 0.0
        while True:
            process = self._process
            assert process is not None
            started = time.monotonic()
            code = await process.wait()
            self.sink(self.spec.name, f"ended unexpectedly ({_ending(code)}); starting it again")
            self.restarts += 1
            self._move(ProcessState.RESTARTING)
            if time.monotonic() - started > HEALTHY_AFTER_S:
                delay_s = 0.0
            await asyncio.sleep(delay_s)
            delay_s = min(RESTART_DELAY_CAP_S, delay_s * 2 or 0.5)
            await self._spawn()
            try:
                await self._await_ready()
            except StartError as error:
                self.sink(self.spec.name, str(error))

    async def _pump_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # a line over LINE_MAX_BYTES: keep the lines after it
                continue
            if not line:
                self._log.close()
                return
            self._log.write(line)
            self.sink(self.spec.name, line.decode("utf-8", "replace").rstrip())

    def _tail(self, lines: int = 12) -> str:
        """Return the end of the log of this start; earlier runs are in the file, too."""
        written = self._log.since_begin()
        if not written:
            return ""
        last = [text for line in written.splitlines() if (text := readable(line))][-lines:]
        return "; its log ends with:\n    " + "\n    ".join(last) + f"\n  ({self.log_file})"

    def _move(self, state: ProcessState) -> None:
        self.state = state
        self.since = time.time()
        self.on_change()


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"


def _die_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """Let the kernel stop the child if the supervisor itself is killed (Linux)."""
    pr_set_pdeathsig = 1
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(pr_set_pdeathsig, int(stop_signal))

    return prepare
