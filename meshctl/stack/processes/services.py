"""How each of our own processes is run: command, settings, readiness."""

import asyncio
import http.client
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from deploy.process import Files, Process, Store
from deploy.processes import OF_LIBRARIES, SERVICES, VENUES, environment
from meshctl.stack.home import Home, Ports
from meshctl.stack.processes.process import Probe, ProcessSpec

HTTP_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class StackOptions:
    """The user's choices on the command line."""

    venues_file: Path | None = None
    sim_agents: bool = True
    sim_replay: Path | None = None
    sim_speed: float = 1.0
    sim_auction_s: int = 0
    drop_copy: bool = True
    hours: str = ""
    order_value_max: str = ""
    channels: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Settings of the channels of notifications; one of them is a password."""
    allowed_origins: tuple[str, ...] = ()
    standby: bool = False
    kafka: bool = False
    monitoring: bool = False
    log_level: str = "info"


@dataclass(frozen=True)
class Addresses:
    """Addresses of the services and of the servers that may be external."""

    project: Path
    home: Home
    ports: Ports
    database_urls: Mapping[str, str]
    owner_urls: Mapping[str, str]
    redis_url: str
    options: StackOptions
    kafka: Mapping[str, str] = field(default_factory=dict)
    """Settings of the connection to Kafka."""


class LocalPlace:
    """This machine: every process on loopback, its files below the home."""

    host = "127.0.0.1"
    # One replica each: nothing could take over.
    drain_notice_s = 0

    def __init__(self, at: Addresses) -> None:
        self._at = at

    def port(self, process: Process, kind: str) -> int:
        """Return the stack's port."""
        return self._at.ports[process.listener(kind)]

    def address(self, process: Process, kind: str) -> str:
        """Return the stack's address."""
        return self._at.ports.address(process, kind)

    def text(self, value: str) -> str:
        """Leave it as it is."""
        return value

    def url(self, process: Process, part: str) -> str:
        """Return the URL of the part that runs here, or of the user's own."""
        return self._at.redis_url if part == "redis" else self._at.database_urls[process.name]

    def kafka(self) -> Mapping[str, str]:
        """Return the broker that runs here, or the user's own cluster."""
        return self._at.kafka

    def certificate(self, process: Process) -> Mapping[str, str]:
        """Return those made for this machine."""
        tls = self._at.home.tls
        return {
            "TLS_CERT": str(tls / f"{process.service}.pem"),
            "TLS_KEY": str(tls / f"{process.service}.key"),
            "TLS_CA": str(tls / "ca.pem"),
        }

    def path(self, process: Process, of: Files | Store) -> str:  # noqa: ARG002  the list says it
        """Return the path below the home."""
        return str(self._at.home.root / of.local)

    def instance(self, process: Process) -> str:
        """Return the process's name."""
        return process.name


def service_specs(at: Addresses) -> dict[str, ProcessSpec]:
    """All our services by name, in the order they are started."""
    running = [one for one in SERVICES if at.options.kafka or not one.kafka]
    if at.options.standby:
        # They share their stores; whoever comes first has the sessions, the other waits.
        running += [replace(one, name="standby") for one in SERVICES if one.standby_ops]
    options = at.options
    chosen = {"ORDER_VALUE_MAX": options.order_value_max} if options.order_value_max else {}
    checkpoints = {"ARCHIVE_CHECKPOINTS_DIR": str(at.home.checkpoints)}
    sessions = {"GATEWAY_SESSIONS_FILE": str(options.venues_file)} if options.venues_file else {}
    return {
        one.name: _spec(
            at,
            one,
            **(chosen if one.module == "svc_oms" else {}),
            **(sessions if one.reaches_venues else {}),
            **(checkpoints if one.module == "svc_archive" else {}),
            **(options.channels if one.module == "svc_notify" else {}),
        )
        for one in running
    }


def venue_specs(at: Addresses) -> dict[str, ProcessSpec]:
    """The simulated venues; none when the user brings venues of their own."""
    if at.options.venues_file is not None:
        return {}
    start, _, end = at.options.hours.partition("-")
    specs = {}
    for one in VENUES:
        settings = {
            "SIM_SESSION_START": start,
            "SIM_SESSION_END": end,
            "SIM_AUCTION_S": str(at.options.sim_auction_s),
        }
        extra = []
        if not at.options.sim_agents:
            # Without the simulated market the venues only echo, as fast as they can.
            extra, settings["SIM_LATENCY_MS"] = ["--no-agents"], "0"
        if at.options.sim_replay is not None and one is VENUES[0]:
            extra += ["--replay", str(at.options.sim_replay), "--speed", str(at.options.sim_speed)]
        specs[one.name] = _spec(at, one, *extra, **settings)
    return specs


def admin_command(
    at: Addresses, module: str, *words: str, as_owner: bool = False
) -> tuple[list[str], Mapping[str, str]]:
    """Command and environment of ``python -m <module> <words>`` against the stack's database.

    Migrations and maintenance run as the role that owns the tables, everything else as the service.
    """
    (process,) = [one for one in SERVICES if module == f"{one.module}.admin"]
    url = (at.owner_urls if as_owner else at.database_urls)[process.name]
    return [sys.executable, "-m", module, *words], {**_base(at), "ORDERMESH_DATABASE_URL": url}


async def http_ready(port: int, path: str = "/readyz") -> bool:
    """Return whether a process says over HTTP that it is ready."""
    status, _ = await http_get(port, path)
    return status == 200  # noqa: PLR2004  OK


async def http_get(port: int, path: str) -> tuple[int, str]:
    """Get a page from a process on loopback: status (0 when nobody answers) and body."""
    return await asyncio.to_thread(_http_get, port, path)


def _http_get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HTTP_TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace").strip()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def _spec(at: Addresses, process: Process, *extra: str, **chosen: str) -> ProcessSpec:
    settings = environment(process, LocalPlace(at)) | chosen
    return ProcessSpec(
        name=process.name,
        command=[sys.executable, "-m", process.module, *extra],
        environment={**_base(at), **{f"ORDERMESH_{key}": value for key, value in settings.items()}},
        # Nothing waits for Kafka, so neither does the start; `ordermesh status` shows it.
        ready=_readiness(
            at.ports[process.listener("ops")], "/livez" if process.kafka else "/readyz"
        ),
        folder=at.project,
        detail=settings.get("BIND", settings["OPS_BIND"]),
    )


def _readiness(ops: int, path: str) -> Probe:
    async def ready() -> bool:
        return await http_ready(ops, path)

    return ready


def _base(at: Addresses) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        **OF_LIBRARIES,
        "ORDERMESH_LOG_LEVEL": at.options.log_level,
        "ORDERMESH_LOG_FORMAT": "json",
    }
