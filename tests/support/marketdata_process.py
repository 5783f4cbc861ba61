"""svc_marketdata as a process of its own, for tests that kill it or run several."""

import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from mesh.auth.token_keys import KEYS_SERVICE
from mesh.certificates.tls import TlsFiles
from mesh.settings import child_environment
from tests.support.certificates import tls_settings
from tests.support.forked import Forked
from tests.support.pages import page, served
from tests.support.ports import free_port
from tests.support.postgres import as_service
from tests.support.tokens import LIFETIME_S, TokenMint
from tests.support.waiting import until


class MarketDataProcess:
    """One svc_marketdata that can be killed."""

    def __init__(self, process: Forked, port: int, ops_port: int) -> None:
        self._process = process
        self.port = port
        self._ops_port = ops_port

    def kill(self) -> None:
        """End it as a power cut does."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)

    def metric(self, name: str) -> float:
        """Return a metric of it."""
        text = page(f"http://127.0.0.1:{self._ops_port}/metrics")[1].decode()
        lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return float(lines[f"ordermesh_marketdata_{name}"])


def _start(settings: dict[str, str], log: BinaryIO) -> Forked:
    environment = child_environment({f"ORDERMESH_{key}": text for key, text in settings.items()})
    return Forked("svc_marketdata", (), environment, stdout=log, stderr=log)


@asynccontextmanager
async def marketdata_process(
    database_url: str, tls: Path, mint: TokenMint, folder: Path, **settings: str
) -> AsyncIterator[MarketDataProcess]:
    """Run svc_marketdata as a process until the block ends."""
    port, ops_port = free_port(), free_port()
    log_path = folder / f"svc_marketdata-{port}.log"

    def ready() -> bool:
        assert process.poll() is None, log_path.read_text()
        return page(f"http://127.0.0.1:{ops_port}/readyz")[0] == 200

    keys = json.dumps(mint.jwks()).encode()
    issuer = TlsFiles.of_service(tls, KEYS_SERVICE)
    with served(keys, "/jwks.json", issuer) as keys_port, log_path.open("wb") as log:
        environment = {
            "DATABASE_URL": as_service(database_url, "marketdata"),
            "BIND": f"127.0.0.1:{port}",
            "OPS_BIND": f"127.0.0.1:{ops_port}",
            "JWKS_URL": f"https://127.0.0.1:{keys_port}/jwks.json",
            "JWT_LIFE_MAX_S": str(LIFETIME_S),
            **{key.upper(): str(text) for key, text in tls_settings(tls, "svc-marketdata").items()},
            **settings,
        }
        process = _start(environment, log)
        try:
            await until(ready, "svc_marketdata is ready")
            yield MarketDataProcess(process, port, ops_port)
        finally:
            process.kill()
            process.wait(timeout=30)
