"""Prices of all venues, and rights to them, through the whole mesh."""

import asyncio
import json
import subprocess
import sys

import psutil
import pytest

from meshctl.client import local_mesh
from ordermesh.marketdata.v1 import market_data_pb2 as md
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from tests.support.stack import Mesh

ISIN = "NL0010273215"
RIGHTS_IN_FORCE_WITHIN_S = 60


async def first_lines(mesh: Mesh, count: int, *words: str) -> list[str]:
    """Read the first lines of a command that runs until it is stopped."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "meshctl", *words,
        env={"ORDERMESH_HOME": str(mesh.home.root), "PATH": "/usr/bin:/bin", "COLUMNS": "160"},
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            return [(await process.stdout.readline()).decode() for _ in range(count)]
    finally:
        process.terminate()
        await process.wait()


def set_prices(mesh: Mesh, username: str, *rights: str) -> None:
    """Change rights as an administrator does, with the service's database."""
    environment = psutil.Process(mesh.entry("identity")["pid"]).environ()
    done = subprocess.run(
        [sys.executable, "-m", "svc_identity.admin", "set-prices", "--username", username, *rights],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert f"user {username} may read" in done.stdout


@pytest.mark.long
async def test_a_book_of_all_venues_and_a_right_that_is_taken_away(mesh: Mesh) -> None:
    assert mesh.command("login", "vera").returncode == 0
    (line,) = await first_lines(mesh, 1, "--as", "vera", "watch", "book", ISIN)
    assert line.startswith(f"{ISIN}/EUR  "), line
    assert "2 of 2 venues count" in line
    listed = await first_lines(mesh, 1, "--as", "vera", "watch", "book", "ASML.SIMA", "--json")
    assert json.loads(listed[0])["update"]["instrument_id"] == f"{ISIN}/EUR"
    wrong = mesh.command("--as", "vera", "watch", "book", "XX0000000001")
    assert wrong.returncode == 3
    assert "XX0000000001" in wrong.stderr

    subscription = pb.Subscription(instruments=[md.InstrumentKey(isin=ISIN)], depth=5)
    left_out: dict[str, int] = {}
    changed = False
    async with local_mesh(mesh.home, username="vera") as client:
        async with asyncio.timeout(RIGHTS_IN_FORCE_WITHIN_S):
            async for item in client.watch_prices(subscription):
                if not item.HasField("update"):
                    continue
                book = item.update.consolidated_book
                left_out = {one.venue_mic: one.left_out for one in book.venues if one.left_out}
                if not changed:
                    assert left_out == {}
                    changed = True
                    await asyncio.to_thread(set_prices, mesh, "vera", "*=REAL_TIME", "SIMB=NONE")
                elif left_out:
                    break
    assert left_out == {"SIMB": md.LEFT_OUT_NOT_ENTITLED}
    shares = {share.instrument_id for level in book.bids for share in level.shares}
    assert shares <= {"ASML.SIMA"}
    await asyncio.to_thread(set_prices, mesh, "vera", "*=REAL_TIME")
