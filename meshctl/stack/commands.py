"""`ordermesh up`, `down` and `status`."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from meshctl.stack.home import Home, Ports, find_home
from meshctl.stack.local import LocalStack, require_web_build
from meshctl.stack.processes.leftovers import end_leftovers, only_supervisor, supervisor_runs
from meshctl.stack.processes.log_lines import readable
from meshctl.stack.processes.ports import require_free
from meshctl.stack.processes.process import StartError
from meshctl.stack.processes.services import StackOptions, http_get
from meshctl.stack.servers.certificates import expiring
from meshctl.stack.servers.monitoring import READY_PATH
from meshctl.stack.settings import StackSettings, stack_settings
from meshctl.stack.users import DEMO_USERS, ensure_passwords

EXIT_REFUSED = 3
EXIT_NOT_RUNNING = 4
DOWN_TIMEOUT_S = 60
# In the readiness of a process that works and needs a person: an order book whose database was
# restored to an earlier state, a relay whose entries wait.
ATTENTION = ("RECOVERING", "LAGGING")
_MINUTE = r"([01]\d|2[0-3]):[0-5]\d"
_HOURS = re.compile(f"(?P<start>{_MINUTE})-(?P<end>{_MINUTE})")
# Listener and page of processes that are not ours.
READY_AT = {
    "envoy": ("edge_admin", "/ready"),
    "prometheus": ("prometheus", READY_PATH),
    "alertmanager": ("alertmanager", READY_PATH),
}
COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "bright_cyan", "bright_magenta", "white")

console = Console()

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the stack; by default .ordermesh in the project."),
]

ReplayOption = Annotated[
    Path | None,
    typer.Option(
        "--replay", help="LOBSTER message file to play into SIMA, and the orderbook file beside it."
    ),
]
DropCopyOption = Annotated[
    bool,
    typer.Option(help="A drop-copy session with each simulated venue: every report comes twice."),
]

KafkaOption = Annotated[
    bool,
    typer.Option(
        "--kafka",
        help="Also the log in Kafka: a broker of this machine, or ORDERMESH_KAFKA_BOOTSTRAP.",
    ),
]


MonitoringOption = Annotated[
    bool,
    typer.Option(
        "--monitoring",
        help="Also Prometheus and Alertmanager with our rules, on loopback (docs/OPERATIONS.md).",
    ),
]


def _checked_hours(hours: str) -> str:
    found = _HOURS.fullmatch(hours)
    if hours and (found is None or found["start"] == found["end"]):
        raise typer.BadParameter(f"'{hours}' is not HH:MM-HH:MM, such as 07:00-15:30")
    return hours


HoursOption = Annotated[
    str,
    typer.Option(
        "--hours",
        callback=_checked_hours,
        help="Trading hours of the simulated venues, HH:MM-HH:MM in UTC. Without them the venues "
        "trade around the clock, and at-open and at-close orders wait forever.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of the local stack to the application."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(
    home: HomeOption = None,
    detach: Annotated[
        bool,
        typer.Option("--detach/--attached", "-d", help="Run in the background; return when ready."),
    ] = False,
    venues: Annotated[
        Path | None, typer.Option(help="Your own FIX sessions (YAML) instead of SIMA and SIMB.")
    ] = None,
    agents: Annotated[bool, typer.Option(help="Simulated order flow at the venues.")] = True,
    replay: ReplayOption = None,
    speed: Annotated[float, typer.Option(help="Speed of --replay; 0 is as fast as it goes.")] = 1.0,
    drop_copy: DropCopyOption = True,
    hours: HoursOption = "",
    standby: Annotated[
        bool, typer.Option("--standby", help="A second gateway that waits for the first to fail.")
    ] = False,
    kafka: KafkaOption = False,
    monitoring: MonitoringOption = False,
    port_offset: Annotated[int | None, typer.Option(help="Added to every port.")] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(help="Web origin that may call the mesh, such as a dev server."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Logs go to files only.")] = False,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Start the whole mesh on this machine. Ctrl-C stops it; the data stays."""
    settings = stack_settings()
    where = _made_home(home, settings)
    _require_files(venues, replay)
    if detach:
        _detach(where)
        return
    options = StackOptions(
        venues_file=venues.resolve() if venues else None,
        sim_agents=agents,
        sim_replay=replay.resolve() if replay else None,
        sim_speed=speed,
        sim_auction_s=settings.sim_auction_s,
        drop_copy=drop_copy,
        hours=hours,
        order_value_max=settings.order_value_max,
        channels=settings.own_channels,
        allowed_origins=tuple(allow_origin or ()),
        log_level=log_level.lower(),
        standby=standby,
        kafka=kafka,
        monitoring=monitoring,
    )
    ports = Ports().shifted(settings.port_offset if port_offset is None else port_offset)
    try:
        with only_supervisor(where):
            if ended := end_leftovers(where):
                console.print(f"ended processes of an earlier run: {', '.join(ended)}")
            require_free(ports)
            stack = LocalStack(where, ports, settings, options, _log_sink(quiet=quiet))
            asyncio.run(_run(stack, where, options.venues_file))
    except StartError as error:
        _fail(str(error))


def _require_files(*files: Path | None) -> None:
    for file in files:
        if file is not None and not file.is_file():
            _fail(f"no such file: {file}")


def _made_home(home: Path | None, settings: StackSettings) -> Home:
    where = _home(home, settings)
    try:
        where.create()
    except OSError as error:
        _fail(f"the home folder {where.root} cannot be made or entered: {error.strerror}")
    return where


def down(home: HomeOption = None) -> None:
    """Stop the mesh that runs here, with all its processes. The data stays."""
    where = _home(home, stack_settings())
    state = where.state()
    if supervisor_runs(where):
        os.kill(int(state["supervisor_pid"]), signal.SIGTERM)
        deadline = time.monotonic() + DOWN_TIMEOUT_S
        while supervisor_runs(where):  # it keeps its lock until the last process has ended
            if time.monotonic() > deadline:
                _fail(f"pid {state['supervisor_pid']} did not end within {DOWN_TIMEOUT_S} s")
            time.sleep(0.05)
        console.print("stopped")
        return
    ended = end_leftovers(where)
    where.state_file.unlink(missing_ok=True)
    console.print(
        f"ended remaining processes: {', '.join(ended)}" if ended else "no mesh runs here"
    )


def status(
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show every process, its age, and whether it is ready. Exit code 4 if not all are ready."""
    where = _home(home, stack_settings())
    state = where.state() if supervisor_runs(where) else {}
    rows = asyncio.run(readiness(state)) if state else []
    well = bool(rows) and bool(state.get("ready")) and all(row["ready"] for row in rows)
    now_ns = time.time_ns()
    expires = [one.words(now_ns) for one in expiring(where.tls, where.signing_key, now_ns)]
    if as_json:
        facts = {key: state.get(key) for key in ("edge_url", "plain_url", "supervisor_pid")}
        facts |= {"expires_soon": expires, "processes": rows}
        typer.echo(json.dumps({"running": bool(state), "ready": well, **facts}))
    elif not state:
        console.print(f"no mesh runs here ({where.root}); `ordermesh up` starts one")
    else:
        console.print(_status_table(rows))
        console.print(f"web page  {state.get('plain_url')}  or  {state.get('edge_url')}")
    _warn_of_expiry(expires, as_json=as_json)
    if not well:
        raise typer.Exit(EXIT_NOT_RUNNING)


def _warn_of_expiry(expires: list[str], *, as_json: bool) -> None:
    if not expires or as_json:
        return
    for text in expires:
        console.print(text, style="yellow", highlight=False, soft_wrap=True, markup=False)
    console.print(
        "`ordermesh down` and `ordermesh up` make new certificates; svc_identity/README.md has how "
        "the signing key is replaced",
        style="yellow", soft_wrap=True,
    )  # fmt: skip


async def _run(stack: LocalStack, home: Home, venues_file: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, stop.set)
    require_web_build(lambda text: console.print(f"[yellow]{text}[/]"))
    started = loop.time()
    starting = asyncio.create_task(stack.start(_tell(home)))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            _welcome(home, loop.time() - started, venues_file)
            stack.supervisor.tell(welcomed=True)
            await stopping
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        console.print("stopping ...")
        await stack.stop()
        console.print(f"stopped; the data stays in {home.root}", highlight=False, soft_wrap=True)


def _welcome(home: Home, seconds: float, venues_file: Path | None) -> None:
    state = home.state()
    table = Table(
        title=f"Ordermesh runs (after {seconds:.1f} s)", title_justify="left", show_header=False,
        box=box.SIMPLE,
    )  # fmt: skip
    table.add_row("web page", f"{state['plain_url']}  (this machine only)")
    table.add_row("", f"{state['edge_url']}  (TLS; trust {state['ca_file']})")
    roles = {user.username: user.role.lower() for user in DEMO_USERS}
    for name, password in ensure_passwords(home).items():
        table.add_row(f"user {name}", f"{password}  {roles.get(name, '')}")
    # The demo trades at simulated venues only.
    try_out = "demo" if venues_file is None else "instruments"
    table.add_row("terminal", f"source {_relative(Path(sys.executable).parent / 'activate')}, then")
    if find_home(stack_settings().home, Path.cwd()).root != home.root:
        # --home applies to this command only; the others find the mesh by this variable.
        table.add_row("", f"export ORDERMESH_HOME={home.root}")
    table.add_row("", f"ordermesh login alice  ·  ordermesh {try_out}  ·  ordermesh status")
    table.add_row("stop", "Ctrl-C, or ordermesh down")
    console.print(table)
    if venues_file is None:
        console.print("Prices and venues SIMA and SIMB are simulated.", style="yellow")
    else:
        console.print(f"Venues: {venues_file}. Orders go there.", style="yellow", soft_wrap=True)


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _detach(home: Home) -> None:
    """Start this command again in a session of its own; show its progress until it is up.

    There is no bound of time here: each part has its own, and the start fails if a part does.
    """
    log = home.logs / "supervisor.log"
    with log.open("wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-m", "meshctl", *sys.argv[1:], "--attached", "--quiet"],
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    with log.open(encoding="utf-8", errors="replace") as progress:
        while True:
            ended = child.poll() is not None
            state = home.state()
            up = state.get("supervisor_pid") == child.pid and state.get("welcomed")
            console.print(progress.read(), end="", highlight=False, markup=False)
            if ended:
                _fail(f"the mesh did not start; {log} has the text above")
            if up:
                return
            time.sleep(0.1)


async def readiness(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each process of the supervisor with whether it is ready, and what it says if not."""
    ports = state.get("ports", {})
    rows = []
    for entry in state.get("processes", []):
        listener, path = READY_AT.get(entry["name"], (f"{entry['name']}_ops", "/readyz"))
        ops = ports.get(listener)
        code, text = await http_get(ops, path) if ops else (0, "")
        ready = code == 200 if ops else entry["state"] == "ready"  # noqa: PLR2004  OK
        # What works may still say what a person must do.
        told = ops and (not ready or any(word in text for word in ATTENTION))
        rows.append({**entry, "ready": ready, "text": text if told else ""})
    return rows


def _status_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(
        "process", "state", "ready", "pid", "for", "restarts", Column("address", overflow="fold"),
        box=box.SIMPLE_HEAD, pad_edge=False,
    )  # fmt: skip
    for row in rows:
        table.add_row(
            row["name"],
            row["state"],
            _ready_text(row),
            str(row["pid"] or "-"),
            f"{time.time() - row['since']:.0f} s",
            str(row["restarts"]),
            row["detail"],
        )
    return table


def _ready_text(row: dict[str, Any]) -> Text:
    if not row["ready"]:
        return Text(f"no {row['text']}", "red")
    return Text(f"yes, but {row['text']}", "yellow") if row["text"] else Text("yes", "green")


def _tell(home: Home) -> Callable[[str], None]:
    console.print(f"home {home.root}")
    return lambda text: console.print(f"  {text}", highlight=False)


def _log_sink(*, quiet: bool) -> Callable[[str, str], None]:
    colours: dict[str, str] = {}

    def sink(name: str, line: str) -> None:
        if quiet:
            return
        colour = colours.setdefault(name, COLOURS[len(colours) % len(COLOURS)])
        if text := readable(line):
            console.print(Text(f"{name:<10} ", colour) + Text(text), soft_wrap=True)

    return sink


def _home(given: Path | None, settings: StackSettings) -> Home:
    return find_home(given or settings.home, Path.cwd())


def _fail(text: str) -> None:
    Console(stderr=True).print("[red]error[/]:", text, highlight=False, soft_wrap=True)
    raise typer.Exit(EXIT_REFUSED)
