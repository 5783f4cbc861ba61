"""svc_identity as a process on a real PostgreSQL, reached as its peers reach it."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from joserfc.jwk import KeySet

from mesh.auth.token_keys import fetch_jwks
from mesh.certificates.tls import TlsFiles
from mesh.settings import child_environment
from meshctl.stack.servers.postgres import ROLES
from tests.support.forked import Forked, run_forked
from tests.support.pages import page
from tests.support.ports import free_port
from tests.support.postgres import as_service
from tests.support.waiting import wait_for

PASSWORD = "correct horse battery"


@dataclass
class Identity:
    """A running svc_identity."""

    folder: Path
    tls: Path
    database_url: str
    port: int
    ops_port: int
    keys_port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    health_port: int = field(default_factory=free_port)

    @property
    def environment(self) -> dict[str, str]:
        """Of the service, and of the commands that manage users."""
        return self._environment(as_service(self.database_url, "identity"))

    def _environment(self, database_url: str) -> dict[str, str]:
        settings = {
            "DATABASE_URL": database_url,
            "BIND": f"127.0.0.1:{self.port}",
            "OPS_BIND": f"127.0.0.1:{self.ops_port}",
            "HEALTH_BIND": f"127.0.0.1:{self.health_port}",
            "IDENTITY_KEYS_BIND": f"127.0.0.1:{self.keys_port}",
            "TLS_CERT": str(self.tls / "svc-identity.pem"),
            "TLS_KEY": str(self.tls / "svc-identity.key"),
            "TLS_CA": str(self.tls / "ca.pem"),
            "IDENTITY_SIGNING_KEY": str(self.folder / "key.pem"),
            **self.settings,
        }
        return child_environment({f"ORDERMESH_{key}": value for key, value in settings.items()})

    def admin(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return run_forked("svc_identity.admin", words, self.environment, stdin)

    def migrate(self) -> None:
        """Run the migrations as the role that owns the tables."""
        words = ("migrate", "--service-role", ROLES["identity"])
        done = run_forked("svc_identity.admin", words, self._environment(self.database_url))
        assert done.returncode == 0, done.stderr

    def ensure_user(self, username: str, *words: str) -> None:
        done = self.admin(
            *("ensure-user", "--username", username, "--display-name", username.title()),
            *("--role", "TRADER", "--account", "ACC-ALICE", "--password-stdin", *words),
            stdin=PASSWORD,
        )
        assert done.returncode == 0, done.stderr

    @property
    def keys_url(self) -> str:
        return f"https://127.0.0.1:{self.keys_port}/.well-known/jwks.json"

    async def keys(self, reader: str = "svc-oms") -> KeySet:
        """Fetch the public keys of tokens as another process of the mesh."""
        return await fetch_jwks(self.keys_url, TlsFiles.of_service(self.tls, reader))

    def get(self, path: str) -> tuple[int, bytes]:
        return page(f"http://127.0.0.1:{self.ops_port}{path}")

    def channel(self, peer: str = "envoy") -> grpc.Channel:
        credentials = grpc.ssl_channel_credentials(
            (self.tls / "ca.pem").read_bytes(),
            (self.tls / f"{peer}.key").read_bytes(),
            (self.tls / f"{peer}.pem").read_bytes(),
        )
        name = (("grpc.ssl_target_name_override", "svc-identity.ordermesh.internal"),)
        return grpc.secure_channel(f"127.0.0.1:{self.port}", credentials, name)

    def start(self) -> Forked:
        log = (self.folder / "svc_identity.log").open("ab")
        with log:
            process = Forked("svc_identity", (), self.environment, stdout=log, stderr=log)

        def ready() -> bool:
            assert process.poll() is None, (self.folder / "svc_identity.log").read_text()
            return self.get("/readyz")[0] == 200

        wait_for(ready, f"svc_identity is ready; see {self.folder}")
        return process
