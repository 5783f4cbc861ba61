"""`python -m conformance`: list the cases, run the scripted venue, play cases over a gateway."""

import argparse
import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import grpc
import grpc.aio

from conformance.cases import Case, load_cases
from conformance.path import CannotPlayError, OrderPath
from conformance.play import play
from conformance.scripted_venue import (
    SOH,
    Fields,
    ScriptedVenue,
    accepted,
    canceled,
    unknown_order,
)
from kernel.clock import SystemClock
from kernel.ulid import new_ulid
from ordermesh.identity.v1 import auth_service_pb2
from ordermesh.identity.v1.auth_service_pb2_grpc import AuthServiceStub
from ordermesh.oms.v1.order_service_pb2_grpc import OrderServiceStub

LOGON_TIMEOUT_S = 60.0
EXIT_FAILED = 1
EXIT_USAGE = 2


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name every case and what it shows")
    venue = commands.add_parser(
        "venue", help="run the scripted venue: it accepts orders and cancels, fills nothing"
    )
    played = commands.add_parser(
        "play", help="play cases: order book and gateway run, and the gateway dials this venue"
    )
    for one in (venue, played):
        one.add_argument("--port", type=int, required=True, help="TCP port of the venue")
        one.add_argument("--mic", default="TEST", help="MIC and CompID of the venue")
        one.add_argument("--client", default="ORDERMESH", help="CompID of the gateway")
        one.add_argument("--store", type=Path, help="folder of the FIX store; default: a new one")
    played.add_argument("cases", nargs="*", help="names of cases; all if left out")
    played.add_argument("--edge", default="localhost:8443", help="gRPC address of the mesh")
    played.add_argument("--ca", type=Path, required=True, help="the authority to trust (PEM)")
    played.add_argument("--user", required=True, help="a trader of the account")
    played.add_argument("--password-file", type=Path, required=True)
    played.add_argument("--account", required=True, help="orders are placed for it")
    played.add_argument("--symbol", default="ASML", help="instrument at the venue")
    return parser.parse_args(words)


async def run_venue(venue: ScriptedVenue) -> None:
    """Answer and show what comes, until interrupted."""
    for msg_type, answer in (("D", accepted), ("F", canceled), ("H", unknown_order)):
        venue.on(msg_type, partial(_answer, answer))
    await asyncio.Event().wait()


def _answer(write: Callable[[Fields], str], request: Fields) -> list[str]:
    answer = write(request)
    print(f"< {request['raw']}\n> {answer}".replace(SOH, "|"), flush=True)
    return [answer]


async def play_all(venue: ScriptedVenue, options: argparse.Namespace, cases: list[Case]) -> int:
    """Play the cases one after the other; return the exit code."""
    authority = grpc.ssl_channel_credentials(options.ca.read_bytes())
    async with grpc.aio.secure_channel(options.edge, authority) as channel:
        await venue.until_logged_on(timeout_s=LOGON_TIMEOUT_S)
        login = auth_service_pb2.LoginRequest(
            username=options.user, password=options.password_file.read_text("utf-8").strip()
        )
        pair = (await AuthServiceStub(channel).Login(login)).tokens
        path = OrderPath(
            venue,
            OrderServiceStub(channel),
            (("authorization", f"Bearer {pair.access_token}"),),
            options.account,
            f"{options.symbol}.{options.mic}",
            new_ulid(SystemClock().now_ns()),
        )
        failed = 0
        for case in cases:
            outcome = "ok"
            try:
                await play(path, case)
            except CannotPlayError as error:
                outcome = f"not played: {error}"
            except AssertionError as error:
                failed += 1
                outcome = f"FAILED: {error}"
            print(f"{case.name}: {outcome}", flush=True)
    return EXIT_FAILED if failed else 0


async def main(options: argparse.Namespace) -> int:
    """Do what the command line says; return the exit code."""
    cases = load_cases()
    if options.command == "list":
        for case in cases:
            print(f"{case.name}: {case.shows}")
        return 0
    if options.command == "play" and options.cases:
        unknown = set(options.cases) - {case.name for case in cases}
        if unknown:
            sys.stderr.write(f"no such case: {', '.join(sorted(unknown))}; see list\n")
            return EXIT_USAGE
        cases = [case for case in cases if case.name in options.cases]
    with tempfile.TemporaryDirectory(prefix="conformance-") as made:
        folder = options.store or Path(made)
        venue = ScriptedVenue(folder, options.port, options.mic, options.client)
        venue.start()
        try:
            if options.command == "venue":
                await run_venue(venue)
            return await play_all(venue, options, cases)
        finally:
            venue.stop()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(main(arguments())))
