"""Plays a file of Nasdaq TotalView-ITCH 5.0 into svc_marketdata: `python -m feeds.itch --help`."""

import argparse
import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path

from feeds.itch.messages import ItchError
from feeds.itch.source import ItchFile
from feeds.publisher import Publisher
from kernel.clock import SystemClock
from mesh.certificates.tls import TlsFiles
from mesh.rpc.channel import mesh_channel
from mesh.streams.peer_call import CallEndedError
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1.feed_service_pb2_grpc import FeedServiceStub
from ordermesh_rpc.backoff import Backoff

SPEED_MAX = 100_000.0
SERVICE = "svc-feed"


def main(arguments: list[str] | None = None) -> int:
    """Play one file and return the exit code: 0 played, 1 refused or broken."""
    given = _parser().parse_args(arguments)
    try:
        asyncio.run(_play(given))
    except (ItchError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except CallEndedError as error:
        sys.stderr.write(f"error: svc_marketdata: {error}\n")
        return 1
    return 0


async def _play(given: argparse.Namespace) -> None:
    clock = SystemClock()
    source = ItchFile(
        given.file, mic=given.mic, currency=given.currency, speed=given.speed, clock=clock
    )
    opening = feed.FeedOpen(session_id=f"itch-{given.mic}", venue_mic=given.mic)
    channel = mesh_channel(
        given.marketdata, "svc-marketdata", TlsFiles.of_service(given.tls, SERVICE)
    )
    async with channel:
        await Publisher(FeedServiceStub(channel), opening, source, clock).run(Backoff())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m feeds.itch",
        description="Play a file of Nasdaq TotalView-ITCH 5.0 into svc_marketdata.",
    )
    parser.add_argument("file", type=Path, help="Messages, each after its length in 2 bytes; .gz")
    parser.add_argument("--mic", type=_shape("[A-Z0-9]{4}", "a MIC, as in XNAS"), required=True)
    parser.add_argument("--currency", type=_shape("[A-Z]{3}", "ISO 4217, as in USD"), default="USD")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="How many times faster; 0: at once. Default 1."
    )
    parser.add_argument("--marketdata", required=True, help="svc_marketdata: host:port")
    parser.add_argument(
        "--tls", type=Path, required=True, help=f"Folder with {SERVICE}.pem, {SERVICE}.key, ca.pem"
    )
    return parser


def _shape(pattern: str, expected: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise argparse.ArgumentTypeError(f"is {text!r}, expected {expected}")
        return text

    return read


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed <= SPEED_MAX:
        raise argparse.ArgumentTypeError(f"is {text!r}, expected a number from 0 to {SPEED_MAX:g}")
    return speed


if __name__ == "__main__":
    sys.exit(main())
