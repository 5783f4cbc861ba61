"""`ordermesh doctor`: what is wrong on this machine, and what to do."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mesh import VERSION
from meshctl.stack.commands import EXIT_NOT_RUNNING, HomeOption, readiness
from meshctl.stack.home import Home, find_home
from meshctl.stack.local import PROJECT
from meshctl.stack.processes.leftovers import supervisor_runs
from meshctl.stack.processes.ports import require_free
from meshctl.stack.processes.process import StartError
from meshctl.stack.servers.certificates import expiring
from meshctl.stack.settings import stack_settings
from meshctl.watch import machine
from meshctl.watch.findings import Finding, Level, of_metrics, of_owners, of_processes, of_versions
from meshctl.watch.scrape import scrapes

COLOURS = {Level.GOOD: "green", Level.ODD: "yellow", Level.WRONG: "red"}


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(doctor)


def doctor(
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also what is in order.")] = False,
) -> None:
    """Say what is wrong on this machine and what to do. Exit code 4 if anything is wrong.

    Looks at programs, disk, clock, certificates and keys, and, of a mesh that runs here, at its
    processes, stores, FIX sessions with their sequence numbers, lags and versions.
    """
    where = find_home(home or stack_settings().home, Path.cwd())
    found = sorted(_findings(where), key=lambda one: -one.level)
    wrong = any(one.level is Level.WRONG for one in found)
    if as_json:
        rows = [{**one._asdict(), "level": one.level.name} for one in found]
        typer.echo(json.dumps({"wrong": wrong, "findings": rows}))
    else:
        _show(found if everything else [one for one in found if one.level], len(found))
    if wrong:
        raise typer.Exit(EXIT_NOT_RUNNING)


def _findings(home: Home) -> Iterator[Finding]:
    yield from machine.programs(PROJECT)
    yield machine.clock()
    if not home.root.is_dir():
        yield Finding(Level.GOOD, "mesh", f"none was ever started in {home.root}", "ordermesh up")
        return
    yield machine.disk(home.root)
    now_ns = time.time_ns()
    for one in expiring(home.tls, home.signing_key, now_ns):
        yield Finding(
            Level.WRONG if one.days_left(now_ns) < 0 else Level.ODD, "certificates",
            one.words(now_ns), "docs/OPERATIONS.md, ExpiresSoon",
        )  # fmt: skip
    if supervisor_runs(home):
        yield from asyncio.run(_of_running(home.state()))
    else:
        yield Finding(Level.GOOD, "mesh", "none runs here", "ordermesh up")
        yield _of_ports(home)


async def _of_running(state: dict[str, Any]) -> list[Finding]:
    rows, found = await asyncio.gather(readiness(state), scrapes(state))
    return [
        *of_processes(rows),
        of_versions(VERSION, found),
        *of_owners(found),
        *(finding for one in found for finding in of_metrics(one)),
    ]


def _of_ports(home: Home) -> Finding:
    try:
        require_free(home.ports())
    except StartError as error:
        return Finding(Level.ODD, "ports", str(error), "ordermesh up --port-offset 1000")
    return Finding(Level.GOOD, "ports", "all are free")


def _show(found: list[Finding], looked_at: int) -> None:
    console = Console()
    if not found:
        console.print(f"[green]all {looked_at} things are in order[/] (--all lists them)")
        return
    table = Table("", "what", "it says", "what to do", box=box.SIMPLE_HEAD, pad_edge=False)
    for one in found:
        mark = Text(one.level.name.lower(), COLOURS[one.level])
        table.add_row(mark, Text(one.about), Text(one.text), Text(one.do))
    console.print(table)
