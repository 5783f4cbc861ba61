"""`python -m client_kit`: play the cases with the clients of this tree, or with another driver."""

import argparse
import asyncio
import shlex
import sys
import tempfile
from pathlib import Path

from client_kit.clients import ROOT, listed
from client_kit.made_cases import every_case
from client_kit.report import table, write_page
from client_kit.run import Outcome, play
from meshctl.stack.servers.certificates import ensure_dev_certificates


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="client_kit", description=__doc__)
    parser.add_argument("--client", action="append", help="only this client; may be repeated")
    parser.add_argument("--driver", help="command of another driver, instead of those listed")
    parser.add_argument("--case", action="append", help="only this case; may be repeated")
    parser.add_argument("--show", action="store_true", help="print what a failed driver printed")
    parser.add_argument("--write", action="store_true", help="write the table into docs/CLIENTS.md")
    return parser.parse_args()


def main() -> int:
    """Play; 1 if a case failed."""
    options = arguments()
    cases = [case for case in every_case() if not options.case or case.name in options.case]
    if not cases:
        sys.exit(f"no case is called {', '.join(options.case)}")
    results: dict[str, list[Outcome]] = {}
    with tempfile.TemporaryDirectory() as folder:
        tls = Path(folder)
        ensure_dev_certificates(tls)
        for name, where, command in drivers(options):
            results[name] = asyncio.run(play(command, where, cases, tls))
            report(name, results[name], show=options.show)
    print(table(cases, results))
    if options.write:
        missing = [client.name for client in listed() if client.name not in results]
        if missing or options.case:
            sys.exit("the table has every case and client; left out: " + ", ".join(missing))
        write_page(cases, results)
    failed = any(outcome.differences for outcomes in results.values() for outcome in outcomes)
    return 1 if failed else 0


def drivers(options: argparse.Namespace) -> list[tuple[str, Path, list[str]]]:
    """Name, folder and command of each driver to play with; builds those of this tree."""
    if options.driver:
        return [("driver", Path.cwd(), shlex.split(options.driver))]
    found = []
    for client in listed():
        if options.client and client.name not in options.client:
            continue
        if client.missing:
            print(f"{client.name} is left out: {client.missing}")
            continue
        client.make()
        found.append((client.name, ROOT / client.folder, list(client.driver)))
    return found


def report(name: str, outcomes: list[Outcome], *, show: bool) -> None:
    """Print the differences of the cases that failed."""
    for outcome in outcomes:
        for text in outcome.differences:
            print(f"{name}, {outcome.case}: {text}")
        if outcome.differences and show:
            for line in outcome.printed:
                print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
