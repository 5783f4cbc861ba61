"""`ordermesh top`: a live view of the mesh on this machine, from the metrics of its processes."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from meshctl.stack.commands import EXIT_NOT_RUNNING, HomeOption
from meshctl.stack.home import find_home
from meshctl.stack.processes.leftovers import supervisor_runs
from meshctl.stack.settings import stack_settings
from meshctl.watch.findings import SESSION_UP
from meshctl.watch.scrape import Scrape, quantile, rate, scrapes

STATES = {1: "down", 2: "recovering", SESSION_UP: "up"}
PLACE = {"grpc_service": "ordermesh.oms.v1.OrderService", "grpc_method": "Place"}
Scrapes = Mapping[str, Scrape]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(top)


def top(
    home: HomeOption = None,
    interval: Annotated[
        float, typer.Option(min=0.2, max=60, help="Seconds between two looks.")
    ] = 2.0,
    looks: Annotated[int, typer.Option(min=0, help="End after so many looks; 0: with Ctrl-C.")] = 0,
) -> None:
    """Show processes, orders, FIX sessions and prices of this mesh, live. Ctrl-C ends it."""
    where = find_home(home or stack_settings().home, Path.cwd())
    if not supervisor_runs(where):
        typer.echo(f"no mesh runs here ({where.root}); `ordermesh up` starts one", err=True)
        raise typer.Exit(EXIT_NOT_RUNNING)
    try:
        asyncio.run(_watch(where.state, interval, looks))
    except KeyboardInterrupt:
        return


async def _watch(state: Any, interval_s: float, looks: int) -> None:
    before: Scrapes = {}
    done = 0
    with Live(console=Console(), auto_refresh=False, screen=not looks) as live:
        while True:
            now = {one.process: one for one in await scrapes(state())}
            live.update(page(before, now), refresh=True)
            before, done = now, done + 1
            if done == looks:
                return
            await asyncio.sleep(interval_s)


def page(before: Scrapes, now: Scrapes) -> RenderableType:
    """Return what is shown, from two scrapes of all processes by name."""
    return Group(
        _processes(before, now), _orders(before, now), _sessions(now), _prices(before, now)
    )


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    return table


def _processes(before: Scrapes, now: Scrapes) -> Table:
    table = _table("Processes", "name", "ready", "CPU", "memory", "event loop 99 %", "calls/s")
    for name, one in now.items():
        earlier = before.get(name)
        ready = one.value("ordermesh_ready")
        table.add_row(
            name,
            Text("yes", "green") if ready else Text("no", "red"),
            f"{100 * rate(earlier, one, 'process_cpu_seconds_total'):.0f} %",
            f"{one.sum('process_resident_memory_bytes') / 1024**2:.0f} MiB",
            seconds(quantile(earlier, one, "ordermesh_event_loop_lag_seconds", 0.99)),
            f"{rate(earlier, one, 'grpc_server_handled_total'):.1f}",
        )
    return table


def _orders(before: Scrapes, now: Scrapes) -> Table:
    table = _table(
        "Orders", "replica", "commands/s", "executions/s", "Place 50 %", "99 %",
        "venue ack 99 %", "queue", "unknown", "kill switches",
    )  # fmt: skip
    for name, one in now.items():
        if "ordermesh_oms_queue_items" not in one.samples:
            continue
        earlier = before.get(name)
        ack = "ordermesh_oms_place_to_venue_ack_seconds"
        table.add_row(
            name,
            f"{rate(earlier, one, 'ordermesh_oms_commands_total'):.1f}",
            f"{rate(earlier, one, 'ordermesh_oms_executions_total'):.1f}",
            seconds(quantile(earlier, one, "grpc_server_handling_seconds", 0.5, **PLACE)),
            seconds(quantile(earlier, one, "grpc_server_handling_seconds", 0.99, **PLACE)),
            seconds(quantile(earlier, one, ack, 0.99)),
            f"{one.sum('ordermesh_oms_queue_items'):.0f}",
            f"{one.sum('ordermesh_oms_unknown_orders'):.0f}",
            f"{one.sum('ordermesh_oms_kill_switches_in_force'):.0f}",
        )
    return table


def _sessions(now: Scrapes) -> Table:
    table = _table(
        "FIX sessions", "session", "gateway", "state", "out", "in", "last message", "waiting",
        "parked",
    )  # fmt: skip
    for name, one in now.items():
        owners = one.by("ordermesh_gateway_session_owner", "session")
        states = one.by("ordermesh_gateway_session_state", "session")
        for session in sorted(states):
            state = STATES.get(int(states[session]), "?")
            if not owners.get(session, 1.0):
                state = "standby"
            table.add_row(
                session,
                name,
                Text(
                    state, "green" if state == "up" else "yellow" if state == "standby" else "red"
                ),
                *_counts(one, session, "next_sender_seq_num", "next_target_seq_num"),
                seconds(_of(one, session, "last_message_age_seconds")),
                *_counts(one, session, "queued_commands"),
                *_counts(one, session, "parked_total"),
            )
    return table


def _prices(before: Scrapes, now: Scrapes) -> Table:
    table = _table("Prices", "venue", "live", "stale listings", "updates/s, all", "readers, all")
    for name, one in now.items():
        live = one.by("ordermesh_marketdata_venue_live", "venue")
        stale = one.by("ordermesh_marketdata_stale", "venue")
        for venue in sorted(live):
            table.add_row(
                venue,
                Text("yes", "green") if live[venue] else Text("no", "red"),
                f"{stale.get(venue, 0):.0f}",
                f"{rate(before.get(name), one, 'ordermesh_marketdata_feed_updates_total'):.0f}",
                f"{one.sum('ordermesh_marketdata_subscribers'):.0f}",
            )
    return table


def _of(one: Scrape, session: str, name: str) -> float:
    found = one.value(f"ordermesh_gateway_{name}", session=session)
    return math.nan if found is None else found


def _counts(one: Scrape, session: str, *names: str) -> Sequence[str]:
    values = [_of(one, session, name) for name in names]
    return ["-" if math.isnan(value) else f"{value:.0f}" for value in values]


def seconds(value: float) -> str:
    """Write a time in the unit that fits; "-" for none, "more" above the last bucket."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "more"
    for bound, factor, unit in ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms")):
        if value < bound:
            return f"{value * factor:.0f} {unit}"
    return f"{value:.1f} s"
