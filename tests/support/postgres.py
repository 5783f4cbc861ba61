"""A real PostgreSQL for tests: one server a session, a database of its own a test."""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from meshctl.stack.servers import postgres as stack
from tests.support.ports import free_port

START_TIMEOUT_S = 30
# A test database need not survive power loss; the crash tests use the stack's own settings.
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=64MB",
    "max_connections=60",
    "jit=off",
    "timezone=UTC",
    # Without it the log of copied databases grows to 1 GB.
    "max_wal_size=64MB",
)
# In memory a new database takes a fifth of the CPU that it takes on a disk.
MEMORY = Path("/dev/shm")  # noqa: S108
MEMORY_MIN_BYTES = 2 * 1024**3


SERVICE_ROLES = (*stack.ROLES.values(), *stack.READERS.values())


def as_service(url: str, service: str = "oms") -> str:
    """Return the URL of a database for the role of a service, which owns nothing."""
    return url.replace("postgres@", f"{(stack.ROLES | stack.READERS)[service]}@")


class Console:
    """A psql that stays connected, for what every test asks: it takes 5 ms of CPU to start."""

    END = "-- end"

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            [*command, "-v", "ON_ERROR_STOP=1"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=stack._ENVIRONMENT,
        )

    def run(self, statement: str) -> None:
        """Run a statement that prints nothing."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{statement};\n\\echo {self.END}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if answer != f"{self.END}\n":
            answer += self._process.stdout.read()
            raise AssertionError(f"psql: {statement}: {answer}")

    def close(self) -> None:
        """End it, whatever became of the server."""
        self._process.kill()
        self._process.communicate()


class PostgresServer:
    """A server that makes databases."""

    def __init__(self, folder: Path) -> None:
        self._binaries = stack._find_binaries()
        self._prefix = stack._not_as_root()
        self._folder = folder / "data"
        self._log = folder / "postgres.log"
        self._numbers = itertools.count(1)
        self._templates: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._console: Console | None = None
        self.port = free_port()
        self._run(
            *("initdb", "-D", str(self._folder), "-U", "postgres", "-E", "UTF8"),
            *("--locale=C.UTF-8", "--auth=trust", "--no-sync"),
        )

    def start(self) -> None:
        """Start, and wait until it answers."""
        words = [word for setting in SETTINGS for word in ("-c", setting)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._prefix,
                    str(self._binaries / "postgres"),
                    *("-D", str(self._folder), "-p", str(self.port), *words),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=stack._ENVIRONMENT,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, f"PostgreSQL does not answer; see {self._log}"
            time.sleep(0.02)
        # The roles that the services connect as; databases belong to the superuser.
        known = self.execute("SELECT rolname FROM pg_roles").splitlines()
        for role in set(SERVICE_ROLES) - set(known):
            self.execute(f'CREATE ROLE "{role}" LOGIN')

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop it; SIGINT is a fast shutdown, SIGKILL a crash."""
        if self._console is not None:
            self._console.close()
            self._console = None
        if self._process is not None:
            os.kill(self._process.pid, number)
            self._process.wait(timeout=30)
            self._process = None

    def url(self, database: str) -> str:
        """Where a database is."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template0") -> str:
        """Make a database and give its URL."""
        name = f"test_{next(self._numbers)}"
        # Through the log, its default, a copy takes three times the CPU.
        self._command(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(name)

    def restored(self, url: str) -> str:
        """Dump a database, restore the dump as another one, and give its URL."""
        dump, copy = self._folder.parent / "dump", self.create_database()
        self._run("pg_dump", "-Fc", "-f", str(dump), url)
        self._run("pg_restore", "--exit-on-error", "-d", copy, str(dump))
        return copy

    def dumped(self, url: str) -> Path:
        """Dump the order book of a database."""
        dump = self._folder.parent / f"dump-{next(self._numbers)}"
        self._run("pg_dump", "-Fc", "-n", "oms", "-f", str(dump), url)
        return dump

    def restore(self, url: str, dump: Path) -> None:
        """Replace the order book of a database, whoever is connected."""
        self.execute("DROP SCHEMA oms CASCADE", url.rpartition("/")[2])
        self._run("pg_restore", "--exit-on-error", "--single-transaction", "-d", url, str(dump))

    def drop_database(self, url: str) -> None:
        """Remove a database, with whoever is still connected."""
        self._command(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """Make a database once a session, ``prepare(url)`` it, and give its name as template."""
        if name not in self._templates:
            url = self.create_database()
            prepare(url)
            self._templates[name] = url.rpartition("/")[2]
        return self._templates[name]

    def execute(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as superuser and give what it prints."""
        return self._run("psql", "-XAtqc", statement, self.url(database))

    def _command(self, statement: str) -> None:
        if self._console is None:
            psql = str(self._binaries / "psql")
            self._console = Console([psql, "-XAtq", "-d", self.url("postgres")])
        self._console.run(statement)

    def _answers(self) -> bool:
        command = [str(self._binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p"]
        return subprocess.run([*command, str(self.port)], check=False).returncode == 0

    def _run(self, program: str, *words: str) -> str:
        prefix = self._prefix if program == "initdb" else []
        done = subprocess.run(
            [*prefix, str(self._binaries / program), *words],
            capture_output=True,
            text=True,
            check=False,
            env=stack._ENVIRONMENT,
        )
        assert done.returncode == 0, f"{program} {words}: {done.stderr}"
        return done.stdout.strip()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One server for the session."""
    with _folder_in_memory(tmp_path_factory) as folder:
        server = PostgresServer(folder)
        server.start()
        yield server
        server.stop()


@contextmanager
def _folder_in_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder in memory until the block ends; on a disk where there is too little."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < MEMORY_MIN_BYTES:
        yield tmp_path_factory.mktemp("postgres")
        return
    # A process that was killed could not remove its folder.
    for left in MEMORY.glob("ordermesh-tests.*.*"):
        if not Path("/proc", left.name.split(".")[1]).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"ordermesh-tests.{os.getpid()}.", dir=MEMORY))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty database of the test's own."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)
