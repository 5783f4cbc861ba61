"""Cheap readers of gRPC streams: the Go program ``readers``, in a process of its own.

A reader in Python costs more than twice as much as the server that it measures, so that on two
cores it is the limit.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.bare.quote_frame import UPDATE_MARK
from mesh.certificates.tls import TlsFiles

GRPC, GRPC_WEB = "application/grpc", "application/grpc-web+proto"
OPEN_TIMEOUT_S = 60


@dataclass(frozen=True)
class Streams:
    """Streams to open, and for how long to count what they bring."""

    target: str
    """Host and port."""
    server_name: str
    """Host name in the server's certificate."""
    authority: Path
    """Certificate of the authority that signed it."""
    path: str
    requests: Sequence[bytes]
    """Used in turn, as the tokens."""
    readers: int
    seconds: float
    client: TlsFiles | None = None
    """Certificate of the client; none for a connection through Envoy."""
    content_type: str = GRPC
    tokens: Sequence[str] = ()
    stopped: int = 0
    """Further streams that are opened and not read."""


@dataclass
class Readers:
    """Readers at work."""

    taken: int = 0
    """Updates that the slowest has taken."""
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when each has its first updates."""
    found: "asyncio.Future[Taken]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass(frozen=True)
class Taken:
    """What was measured."""

    rate: float
    """Updates a second, of all readers."""
    updates: int
    cpu_s: float
    """Of the readers' process, while it measured."""
    ages_ms: list[float]
    """p50 and p99 of the ages of messages at delivery."""
    worst_p99_ms: float
    """p99 of the worst reader."""


@contextlib.asynccontextmanager
async def reading(program: Path, streams: Streams) -> AsyncIterator[Readers]:
    """Run readers; ``found`` is set when they are done.

    Raises:
        RuntimeError: They ended before that; the text is what they said.
    """
    client = streams.client
    process = await asyncio.create_subprocess_exec(
        program,
        str(client.tls_cert) if client else "", str(client.tls_key) if client else "",
        streams.authority, streams.target, streams.server_name, streams.path,
        streams.content_type, str(streams.readers), str(streams.stopped), str(streams.seconds),
        UPDATE_MARK.hex(),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    readers = Readers()
    follower = asyncio.create_task(_follow(process, readers))
    try:
        assert process.stdin is not None
        heads = "\n".join(f"Bearer {token}" for token in streams.tokens)
        requests = "\n".join(request.hex() for request in streams.requests)
        process.stdin.write(f"{heads}\n\n{requests}\n".encode())
        process.stdin.close()
        opened = asyncio.create_task(readers.opened.wait())
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            await asyncio.wait({opened, readers.found}, return_when=asyncio.FIRST_COMPLETED)
        if readers.found.done():
            opened.cancel()
            await readers.found
        yield readers
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        await follower


async def _follow(process: asyncio.subprocess.Process, readers: Readers) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    async for line in process.stdout:
        word, _, rest = line.decode().partition(" ")
        if word == "taken":
            readers.taken = int(rest)
        elif word == "open\n":
            readers.opened.set()
        else:
            found: dict[str, Any] = json.loads(line)
            readers.found.set_result(Taken(**found))
            return
    said = (await process.stderr.read()).decode().strip()
    readers.found.set_exception(RuntimeError(f"the readers ended: {said}"))
    readers.found.exception()  # whoever has not waited for it needs no warning
