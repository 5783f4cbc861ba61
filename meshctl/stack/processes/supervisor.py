"""Starts the mesh in order, keeps it running, stops it in reverse."""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from deploy.processes import MONITORING_PORTS, PART_PORTS
from meshctl.stack.home import Home, Ports, write_private
from meshctl.stack.processes.process import ManagedProcess, ProcessSpec, ProcessState, StartError

Tell = Callable[[str], None]
LogSink = Callable[[str, str], None]


class Supervisor:
    """Owns the processes of one stack and the state file about them."""

    def __init__(self, home: Home, ports: Ports, sink: LogSink) -> None:
        self._home = home
        self._ports = ports
        self._sink = sink
        self._processes: list[ManagedProcess] = []
        self._facts: dict[str, Any] = {"supervisor_pid": os.getpid(), "ports": dict(ports.of)}

    @property
    def names(self) -> list[str]:
        """Names of the started processes, in order."""
        return [process.spec.name for process in self._processes]

    def pid_of(self, name: str) -> int | None:
        """Return the process id of a started process while it runs."""
        return next((one.pid for one in self._processes if one.spec.name == name), None)

    def tell(self, **facts: Any) -> None:
        """Add facts to the state file, such as the URL of the edge."""
        self._facts.update(facts)
        self._write()

    async def start(self, *specs: ProcessSpec) -> None:
        """Start these together and wait until all are ready. Raises StartError."""
        started = [
            ManagedProcess(spec, self._home.logs / f"{spec.name}.log", self._sink, self._write)
            for spec in specs
        ]
        self._processes += started
        results = await asyncio.gather(*(one.start() for one in started), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def run_once(
        self, name: str, command: list[str], environment: dict[str, str], stdin: str = ""
    ) -> None:
        """Run a command to its end; its output goes to the log ``name``. Raises StartError."""
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await process.communicate(stdin.encode())
        except asyncio.CancelledError:
            process.kill()
            raise
        with (self._home.logs / f"{name}.log").open("ab") as file:
            file.write(output)
        if process.returncode:
            text = output.decode("utf-8", "replace").strip()
            raise StartError(f"{name} failed with code {process.returncode}:\n{text}")

    async def stop(self) -> None:
        """Stop all in reverse; each is stopped and awaited before the process it depends on."""
        for group in _reverse_groups(self._processes):
            await asyncio.gather(*(one.stop() for one in group))
        with contextlib.suppress(FileNotFoundError):
            self._home.state_file.unlink()

    def _write(self) -> None:
        """Write the state file whole; readers never see half of it."""
        self._home.run.mkdir(parents=True, exist_ok=True)
        processes = [
            {
                "name": one.spec.name,
                "pid": one.pid,
                "state": one.state.value,
                "restarts": one.restarts,
                "since": one.since,
                "detail": one.spec.detail,
            }
            for one in self._processes
        ]
        state = {**self._facts, "written_at": time.time(), "processes": processes}
        write_private(self._home.state_file, json.dumps(state, indent=1))


def _reverse_groups(processes: Iterable[ManagedProcess]) -> list[list[ManagedProcess]]:
    """What watches, the edge, then services and venues together, then PostgreSQL and Redis."""
    known = [one for one in processes if one.state is not ProcessState.WAITING]
    edge = [one for one in known if one.spec.name == "envoy"]
    watching = [one for one in known if one.spec.name in MONITORING_PORTS]
    parts = [one for one in known if one.spec.name in PART_PORTS]
    services = [one for one in known if one not in [*edge, *watching, *parts]]
    return [watching, edge, services, parts]
