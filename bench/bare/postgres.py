"""Group commit of the embedded PostgreSQL by itself: one connection, fsync on."""

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import uvloop

from bench.children import free_port
from bench.measure import Figure, Plan
from meshctl.stack.home import Home
from meshctl.stack.servers.postgres import EmbeddedPostgres

BATCHES = (1, 50, 200)
PAYLOAD = b"x" * 300
"""About the size of an order event."""
READY_TIMEOUT_S = 30


def measure(plan: Plan) -> list[Figure]:
    """Rows and commits a second at each batch size."""
    with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as folder:
        return uvloop.run(_measure(plan, Path(folder)))


@contextlib.asynccontextmanager
async def embedded_postgres(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """Run the embedded PostgreSQL in a folder, with the settings of the local stack."""
    home = Home(folder)
    home.create()
    port = free_port()
    server = EmbeddedPostgres(home, port)
    await asyncio.to_thread(server.initialise)
    spec = server.process()
    process = await asyncio.create_subprocess_exec(
        *spec.command,
        env=dict(spec.environment),
        cwd=spec.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while not await spec.ready():  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.05)
        await server.ensure_roles()
        yield server
    finally:
        process.send_signal(spec.stop_signal)
        await process.wait()


async def _measure(plan: Plan, folder: Path) -> list[Figure]:
    rows = [Figure(f"postgres, {n} rows a commit", "rows/s") for n in BATCHES]
    commits = [Figure(f"postgres, {n} rows a commit: commits", "commits/s") for n in BATCHES]
    async with embedded_postgres(folder) as server:
        connection = await asyncpg.connect(server.owner_url("oms"))
        await connection.execute(
            "CREATE TABLE oms.bench (n bigint PRIMARY KEY, account text, payload bytea)"
        )
        insert = await connection.prepare(
            "INSERT INTO oms.bench SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[])"
        )
        n = 0
        for _ in range(plan.repeats):
            for row, commit, batch in zip(rows, commits, BATCHES, strict=True):
                done, start = 0, time.perf_counter()
                while time.perf_counter() - start < plan.seconds:
                    numbers = list(range(n, n + batch))
                    n += batch
                    await insert.fetch(numbers, ["ACC-BENCH"] * batch, [PAYLOAD] * batch)
                    done += 1
                taken = time.perf_counter() - start
                row.values.append(done * batch / taken)
                commit.values.append(done / taken)
        await connection.close()
    return rows + commits
