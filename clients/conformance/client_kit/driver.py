"""A driver: the process of a client that plays cases (README.md has its contract)."""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any, Final

# One line of a driver; a page of orders is far smaller.
LINE_BYTES_MAX: Final = 1024 * 1024
STDERR_LINES_MAX: Final = 40


class DriverError(Exception):
    """A driver ended, or printed something that is not of the contract."""


class Driver:
    """One process; it plays any number of cases, one after the other."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._errors: list[str] = []
        self._reading = asyncio.create_task(self._read_errors())

    @classmethod
    async def start(cls, command: list[str], folder: Path) -> "Driver":
        """Start a driver in a folder."""
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_BYTES_MAX,
        )
        return cls(process)

    async def play(self, line: dict[str, Any], released: asyncio.Event) -> list[dict[str, Any]]:
        """Play a case; gives the lines that the driver printed, without the last."""
        await self._write(line)
        printed: list[dict[str, Any]] = []
        while True:
            heard = await self._read()
            if heard.get("end") == line["case"]:
                return printed
            printed.append(heard)
            if heard.get("held"):
                await released.wait()
                await self._write({"continue": True})

    async def stop(self) -> None:
        """End the process: by the end of its input, else by force."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), 5)
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        await self._reading

    @property
    def errors(self) -> str:
        """The last lines of its standard error."""
        return "\n".join(self._errors)

    async def _write(self, line: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        try:
            await self._process.stdin.drain()
        except (ConnectionError, BrokenPipeError) as error:
            raise DriverError(f"the driver ended\n{self.errors}") from error

    async def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        text = await self._process.stdout.readline()
        if not text:
            await self._reading
            raise DriverError(f"the driver ended\n{self.errors}")
        try:
            heard = json.loads(text)
        except ValueError as error:
            raise DriverError(f"the driver printed {text!r}: not JSON") from error
        if not isinstance(heard, dict):
            raise DriverError(f"the driver printed {text!r}: not an object")
        return heard

    async def _read_errors(self) -> None:
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            self._errors = [*self._errors, line.decode(errors="replace").rstrip()]
            self._errors = self._errors[-STDERR_LINES_MAX:]
