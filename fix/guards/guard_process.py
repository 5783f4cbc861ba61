"""Starts the guard process of a session, reads what it reports, and starts it again if it ends."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from fix.guards.initiator_guard import DRAIN_MAX_S, GuardConfig, now

# Between two starts of a process that ends by itself.
RESTART_S = 0.5
# A start waits so long for the first attempt to reach the venue.
FIRST_DIAL_WAIT_S = 1.0


class GuardProcess:
    """One guard process; see `initiator_guard.py`."""

    def __init__(
        self,
        config: GuardConfig,
        note: Callable[[str], None],
        opened: Callable[[], None],
    ) -> None:
        """Make it.

        Args:
            config: What the guard must know.
            note: Called with each text of it.
            opened: Called when `is_open` has changed.
        """
        self._config = config
        self._note = note
        self._opened = opened
        # Whether QuickFIX can connect, because the venue is connected.
        self.is_open = False
        self._tried = threading.Event()
        # Why the last attempt to log on failed; empty while logged on.
        self.trouble = ""
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        # Its standard input is written in one thread, and closed in others.
        self._writing = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="guard", daemon=True)

    def start(self) -> int:
        """Return the port that QuickFIX must connect to, after a first try to reach the venue.

        Raises:
            OSError: a certificate cannot be read; the text says why.
        """
        port = self._launch()
        self._config = self._config._replace(listen_port=port)
        self._reader.start()
        self._tried.wait(FIRST_DIAL_WAIT_S)
        return port

    def renew(self) -> None:
        """Give it a sign of life; never waits for it."""
        line = json.dumps(now()).encode() + b"\n"
        with self._writing:
            process = self._process
            if process is None or process.stdin is None or process.stdin.closed:
                return
            # Full is the pipe of a guard that hangs; broken, of one that ended.
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                os.write(process.stdin.fileno(), line)

    def stop(self) -> None:
        """Have it carry the remaining bytes, and end it."""
        self._stopping.set()
        while (process := self._process) is not None:
            self._end(process)
            self._reader.join()
            if self._process is process:  # else it was just being started again
                return

    def _launch(self) -> int:
        process = subprocess.Popen(
            [sys.executable, "-m", "fix.guards.initiator_guard"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(self._config._asdict()) + "\n")
        process.stdin.flush()
        said = json.loads(process.stdout.readline() or "{}")
        if "port" not in said:
            process.stdin.close()
            process.stdout.close()
            process.wait()
            raise OSError(said.get("error", "the guard process did not start"))
        os.set_blocking(process.stdin.fileno(), False)
        self._process = process
        return int(said["port"])

    def _read(self) -> None:
        while True:
            assert self._process is not None
            assert self._process.stdout is not None
            with self._process.stdout as lines:
                for line in lines:
                    self._take(json.loads(line))
            if self._stopping.is_set():
                return
            self._restart()

    def _take(self, said: dict[str, Any]) -> None:
        if "open" in said:
            self.is_open = said["open"]
            self._opened()
        else:
            self.trouble = said["trouble"]
            if said["note"]:
                self._note(said["note"])
        self._tried.set()

    def _restart(self) -> None:
        # On the same port, where QuickFIX goes on trying.
        assert self._process is not None
        self._end(self._process)
        self._note("the guard process ended; it is started again")
        while not self._stopping.wait(RESTART_S):
            try:
                self._launch()
            except OSError as error:
                self.trouble = f"the guard process cannot be started: {error}"
                self._note(self.trouble)
            else:
                return

    def _end(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        with self._writing, contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(DRAIN_MAX_S + 1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
