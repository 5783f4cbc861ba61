"""A simulated venue as a child process, for tests."""

import selectors
import subprocess
from pathlib import Path
from typing import Self

from mesh.settings import child_environment
from tests.support.forked import Forked
from tests.support.ports import free_port
from tests.support.sim_exchange import WAIT_S, FixClient


class SimProcess:
    def __init__(self, store: Path, *flags: str, port: int = 0, **environment: str) -> None:
        self.port = port or free_port()
        self._clients: list[FixClient] = []
        self.process = Forked(
            "sim_exchange",
            ("--store", str(store), "--port", str(self.port), *flags),
            child_environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.ready_line = self._read_ready_line()

    def _read_ready_line(self) -> str:
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(WAIT_S):
                self.process.kill()
                raise AssertionError(f"no ready line in {WAIT_S} s: {self.process.communicate()}")
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the venue ended: {self.process.communicate()[1]}")
        return line.strip()

    def client(self, comp_id: str = "ORDERMESH", **options) -> FixClient:
        made = FixClient(self.port, comp_id, **options)
        self._clients.append(made)
        return made

    def close_clients(self) -> None:
        for client in self._clients:
            client.close()

    def kill(self) -> None:
        """kill -9."""
        self.close_clients()
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_clients()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.communicate(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
