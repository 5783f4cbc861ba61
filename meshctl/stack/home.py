"""The folder of the local stack's files, by default ``.ordermesh``."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from deploy.process import Process
from deploy.processes import local_ports

HOME_NAME = ".ordermesh"


@dataclass(frozen=True)
class Ports:
    """TCP ports on loopback by listener: ``oms``, ``oms_ops``, ``edge_tls``.

    All are below 32768, because Linux uses higher ports for outgoing connections: a
    process that comes back after kill -9 must find its own port free.
    """

    of: Mapping[str, int] = field(default_factory=local_ports)

    def __getitem__(self, listener: str) -> int:
        """Return the port of a listener."""
        return self.of[listener]

    def address(self, process: Process, kind: str) -> str:
        """Return host:port of a process, of kind grpc, ops or fix."""
        return f"127.0.0.1:{self[process.listener(kind)]}"

    def shifted(self, offset: int) -> Self:
        """Move every port by ``offset``, so that two meshes fit on one machine."""
        return type(self)({name: port + offset for name, port in self.of.items()})

    @classmethod
    def from_json(cls, values: dict[str, int]) -> Self:
        """Read what was written before; unknown names are left out."""
        standard = local_ports()
        return cls({name: values.get(name, port) for name, port in standard.items()})


@dataclass(frozen=True)
class Home:
    """Paths below the home folder."""

    root: Path

    @property
    def tls(self) -> Path:
        """CA and leaf certificates."""
        return self.root / "tls"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.root / "logs"

    @property
    def access_log(self) -> Path:
        """Written by Envoy itself; `Upkeep` begins a new file when this one is full."""
        return self.logs / "access.log"

    @property
    def run(self) -> Path:
        """State of the running stack."""
        return self.root / "run"

    @property
    def data(self) -> Path:
        """Data that must survive: database, FIX stores, journals."""
        return self.root / "data"

    @property
    def event_archive(self) -> Path:
        """The archive that svc_archive writes; that of retention is `data/archive`."""
        return self.data / "event-archive"

    @property
    def checkpoints(self) -> Path:
        """Signed checkpoints, daily."""
        return self.root / "checkpoints"

    @property
    def secrets(self) -> Path:
        """Passwords and keys, mode 0600 each."""
        return self.root / "secrets"

    @property
    def signing_key(self) -> Path:
        """The key that signs tokens."""
        return self.secrets / "identity-signing-key.pem"

    @property
    def state_file(self) -> Path:
        """The running processes, written by the supervisor."""
        return self.run / "stack.json"

    @property
    def users_file(self) -> Path:
        """Demo users and their passwords."""
        return self.root / "demo-users.json"

    def create(self) -> None:
        """Make the folders; only the owner may enter."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        for folder in (self.tls, self.logs, self.run, self.data, self.secrets):
            folder.mkdir(exist_ok=True)

    def secret(self, name: str) -> str:
        """Return a random secret, made at the first call and then kept."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text("utf-8").strip()

    def state(self) -> dict[str, Any]:
        """The last state from the supervisor; empty when there is no stack."""
        try:
            value = json.loads(self.state_file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return value if isinstance(value, dict) else {}

    def ports(self) -> Ports:
        """Ports of the stack that runs or ran last here."""
        return Ports.from_json(self.state().get("ports", {}))


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def find_home(given: Path | None, start: Path) -> Home:
    """Find the home: as given, else ``.ordermesh`` upwards of ``start``, else in ``start``."""
    if given is not None:
        return Home(given.resolve())
    for folder in (start, *start.parents):
        if (folder / HOME_NAME).is_dir():
            return Home(folder / HOME_NAME)
    return Home(start / HOME_NAME)
