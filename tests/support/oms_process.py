"""svc_oms as a process of its own, for tests that kill it."""

import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import grpc.aio

from mesh.auth.token_keys import KEYS_SERVICE
from mesh.certificates.tls import TlsFiles
from mesh.rpc.channel import mesh_channel
from mesh.settings import child_environment
from tests.support.forked import Forked
from tests.support.oms import MINT, NOBODY
from tests.support.pages import page, served
from tests.support.ports import free_port
from tests.support.postgres import as_service
from tests.support.tokens import LIFETIME_S
from tests.support.waiting import until


class OmsProcess:
    """One svc_oms that can be killed."""

    def __init__(self, settings: dict[str, str], log: BinaryIO, tls: Path) -> None:
        self._settings = settings
        self._log = log
        self._port = int(settings["BIND"].rpartition(":")[2])
        self._tls = tls
        self._process = self._launched()

    def _launched(self) -> Forked:
        settings = {f"ORDERMESH_{key}": text for key, text in self._settings.items()}
        environment = child_environment(settings)
        return Forked("svc_oms", (), environment, stdout=self._log, stderr=self._log)

    async def ready(self) -> None:
        await until(self._is_ready, "svc_oms is ready")

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, Path(self._log.name).read_text()
        return page(f"http://{self._settings['OPS_BIND']}/readyz")[0] == 200

    async def start_again(self) -> None:
        """Let its successor run."""
        self._process = self._launched()
        await self.ready()

    def channel(self, service: str = "envoy") -> grpc.aio.Channel:
        files = TlsFiles.of_service(self._tls, service)
        return mesh_channel(f"127.0.0.1:{self._port}", "svc-oms", files)

    def kill(self) -> None:
        """End it as a power cut does."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)

    def end(self) -> None:
        self._process.kill()
        self._process.wait(timeout=30)


@asynccontextmanager
async def oms_process(
    database_url: str, tls: Path, folder: Path, marketdata_target: str = NOBODY
) -> AsyncIterator[OmsProcess]:
    """Run svc_oms as a process until the block ends."""
    log_path = folder / "svc_oms.log"
    keys = json.dumps(MINT.jwks()).encode()
    issuer = TlsFiles.of_service(tls, KEYS_SERVICE)
    with served(keys, "/jwks.json", issuer) as keys_port, log_path.open("wb") as log:
        settings = {
            "DATABASE_URL": as_service(database_url),
            "BIND": f"127.0.0.1:{free_port()}",
            "OPS_BIND": f"127.0.0.1:{free_port()}",
            "TLS_CERT": str(tls / "svc-oms.pem"),
            "TLS_KEY": str(tls / "svc-oms.key"),
            "TLS_CA": str(tls / "ca.pem"),
            "JWT_LIFE_MAX_S": str(LIFETIME_S),
            "JWKS_URL": f"https://127.0.0.1:{keys_port}/jwks.json",
            "MARKETDATA_TARGET": marketdata_target,
        }
        running = OmsProcess(settings, log, tls)
        try:
            await running.ready()
            yield running
        finally:
            running.end()
