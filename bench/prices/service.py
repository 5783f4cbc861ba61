"""svc_marketdata as a process of its own, as in production, without Redis and PostgreSQL."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from bench.children import PROJECT, free_port
from mesh.auth.token_keys import KEYS_SERVICE
from mesh.certificates.tls import TlsFiles, server_context
from mesh.pages import OK, Page, PageServer
from mesh.settings import child_environment
from meshctl.stack.processes.services import http_ready

START_TIMEOUT_S = 20


class Issuer:
    """Signs tokens and shows its key, instead of svc_identity."""

    def __init__(self, folder: Path) -> None:
        self._key = ECKey.generate_key("P-256", parameters={"kid": "bench", "alg": "ES256"})
        document = json.dumps(KeySet([self._key]).as_dict(private=False)).encode()
        pages = {"/jwks.json": Page(OK, "application/json", document)}
        tls = server_context(TlsFiles.of_service(folder, KEYS_SERVICE))
        self._server = PageServer("127.0.0.1:0", pages.get, tls)

    async def start(self) -> str:
        """Serve the key; return the URL."""
        await self._server.start()
        return f"https://127.0.0.1:{self._server.port}/jwks.json"

    async def stop(self) -> None:
        """Stop serving."""
        await self._server.stop()

    def token(self, user: str = "bench") -> str:
        """Sign a token of a user that is valid for the whole run."""
        now = int(time.time())
        claims = {
            "iss": "ordermesh", "aud": "ordermesh", "sub": user, "name": user,
            "iat": now, "exp": now + 3600, "roles": ["VIEWER"], "accounts": [],
            "prices": ["*=REAL_TIME"],
        }  # fmt: skip
        return jwt.encode({"alg": "ES256", "kid": "bench"}, claims, self._key)


@contextlib.asynccontextmanager
async def running_service(folder: Path, jwks_url: str) -> AsyncIterator[tuple[int, int]]:
    """Run svc_marketdata; return its port and process id."""
    port, ops = free_port(), free_port()
    tls = TlsFiles.of_service(folder, "svc-marketdata")
    environment = child_environment({
        "ORDERMESH_BIND": f"127.0.0.1:{port}",
        "ORDERMESH_OPS_BIND": f"127.0.0.1:{ops}",
        "ORDERMESH_TLS_CERT": str(tls.tls_cert),
        "ORDERMESH_TLS_KEY": str(tls.tls_key),
        "ORDERMESH_TLS_CA": str(tls.tls_ca),
        "ORDERMESH_JWKS_URL": jwks_url,
        "ORDERMESH_LOG_LEVEL": "warning",
        "PYTHONPATH": f"{PROJECT}:{PROJECT / 'gen/python'}",
    })  # fmt: skip
    process = subprocess.Popen(  # noqa: ASYNC220  # our own module
        [sys.executable, "-m", "svc_marketdata"],
        env=environment,
        cwd=PROJECT,
        # gRPC writes a stack for every stream that is cancelled in a write.
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while not await http_ready(ops):  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()
