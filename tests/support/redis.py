"""A real Redis for tests: one server a session, emptied before each test."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshctl.stack.servers.redis import _find_binary
from tests.support.ports import free_port

START_TIMEOUT_S = 15


class RedisServer:
    """A server that a test may kill and start again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def process_id(self) -> int:
        """The running server's process."""
        assert self._process is not None, "it was killed"
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                str(_find_binary()),
                *("--bind", "127.0.0.1", "--port", str(self.port), "--save", ""),
                *("--appendonly", "no", "--dir", str(self._folder), "--loglevel", "warning"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.command("PING") != b"+PONG\r\n":
            assert time.monotonic() < deadline, "Redis does not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        """Crash it."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=10)
            self._process = None

    def command(self, words: str) -> bytes:
        """Send an inline command; empty when nobody answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(words.encode() + b"\r\n")
                return connection.recv(4096)
        except OSError:
            return b""


@pytest.fixture(scope="session")
def _redis_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def redis_server(_redis_session: RedisServer) -> RedisServer:
    """The server, running and empty."""
    if _redis_session.command("PING") != b"+PONG\r\n":
        _redis_session.start()
    _redis_session.command("FLUSHALL")
    return _redis_session
