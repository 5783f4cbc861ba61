"""How each of our own processes is run: command, settings, readiness."""

import asyncio
import http.client
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshctl.stack.home import Home, Ports
from meshctl.stack.process import Probe, ProcessSpec

HTTP_TIMEOUT_S = 2.0
VENUES = {"SIMA": 1, "SIMB": 2}  # MIC and seed of its agents


@dataclass(frozen=True)
class StackOptions:
    """The user's choices on the command line."""

    venues_file: Path | None = None
    sim_agents: bool = True
    sim_replay: Path | None = None
    sim_speed: float = 1.0
    drop_copy: bool = True
    hours: str = ""
    order_value_max: str = ""
    allowed_origins: tuple[str, ...] = ()
    standby: bool = False
    log_level: str = "info"


@dataclass(frozen=True)
class Addresses:
    """Addresses of the services and of the servers that may be external."""

    project: Path
    home: Home
    ports: Ports
    oms_database_url: str
    identity_database_url: str
    redis_url: str
    options: StackOptions


def service_specs(at: Addresses) -> dict[str, ProcessSpec]:
    """All our processes by name, in the order they are started."""
    ports = at.ports
    gateways = {"gateway": ports.gateway_ops}
    if at.options.standby:
        gateways["standby"] = ports.standby_ops
    return {
        "identity": _spec(
            at, "identity", "svc_identity", ports.identity_ops,
            BIND=f"127.0.0.1:{ports.identity}",
            DATABASE_URL=at.identity_database_url,
            IDENTITY_SIGNING_KEY=str(at.home.secrets / "identity-signing-key.pem"),
            **_tls(at.home, "svc-identity"),
        ),
        "marketdata": _spec(
            at, "marketdata", "svc_marketdata", ports.marketdata_ops,
            BIND=f"127.0.0.1:{ports.marketdata}",
            REDIS_URL=at.redis_url,
            **_tokens(ports),
            **_tls(at.home, "svc-marketdata"),
        ),
        "oms": _spec(
            at, "oms", "svc_oms", ports.oms_ops,
            BIND=f"127.0.0.1:{ports.oms}",
            DATABASE_URL=at.oms_database_url,
            REDIS_URL=at.redis_url,
            MARKETDATA_TARGET=f"127.0.0.1:{ports.marketdata}",
            ORDER_VALUE_MAX=at.options.order_value_max,
            **_tokens(ports),
            **_tls(at.home, "svc-oms"),
        ),
        # They share the FIX stores; the first gateway gets the sessions, the other waits.
        **{
            name: _spec(
                at, name, "svc_gateway", ops,
                OMS_TARGET=f"127.0.0.1:{ports.oms}",
                MARKETDATA_TARGET=f"127.0.0.1:{ports.marketdata}",
                GATEWAY_SESSIONS_FILE=str(at.options.venues_file or at.home.run / "venues.yaml"),
                GATEWAY_STORE_DIR=str(at.home.data / "gateway"),
                GATEWAY_INSTANCE=name,
                **_tls(at.home, "svc-gateway"),
            )
            for name, ops in gateways.items()
        },
    }  # fmt: skip


def venue_specs(at: Addresses) -> dict[str, ProcessSpec]:
    """The simulated venues; none when the user brings venues of their own."""
    if at.options.venues_file is not None:
        return {}
    fix = {"SIMA": at.ports.sima_fix, "SIMB": at.ports.simb_fix}
    ops = {"SIMA": at.ports.sima_ops, "SIMB": at.ports.simb_ops}
    start, _, end = at.options.hours.partition("-")
    specs = {}
    for mic, seed in VENUES.items():
        extra = [] if at.options.sim_agents else ["--no-agents"]
        if at.options.sim_replay is not None and mic == "SIMA":
            extra += ["--replay", str(at.options.sim_replay), "--speed", str(at.options.sim_speed)]
        specs[mic.lower()] = _spec(
            at, mic.lower(), "sim_exchange", ops[mic], *extra,
            SIM_MIC=mic,
            SIM_PORT=str(fix[mic]),
            SIM_STORE_DIR=str(at.home.data / mic.lower()),
            SIM_SEED=str(seed),
            SIM_BASIC_ORDERS=str(mic == "SIMB").lower(),
            SIM_SESSION_START=start,
            SIM_SESSION_END=end,
        )  # fmt: skip
    return specs


def admin_command(at: Addresses, module: str, *words: str) -> tuple[list[str], Mapping[str, str]]:
    """Command and environment of ``python -m <module> <words>`` against the stack's database."""
    url = at.oms_database_url if module.startswith("svc_oms") else at.identity_database_url
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


def _spec(
    at: Addresses, name: str, module: str, ops: int, *extra: str, **settings: str
) -> ProcessSpec:
    settings["OPS_BIND"] = f"127.0.0.1:{ops}"
    return ProcessSpec(
        name=name,
        command=[sys.executable, "-m", module, *extra],
        environment={**_base(at), **{f"ORDERMESH_{key}": value for key, value in settings.items()}},
        ready=_readiness(ops),
        folder=at.project,
        detail=settings.get("BIND", settings["OPS_BIND"]),
    )


def _readiness(ops: int) -> Probe:
    async def ready() -> bool:
        return await http_ready(ops)

    return ready


def _base(at: Addresses) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "ORDERMESH_LOG_LEVEL": at.options.log_level,
        "ORDERMESH_LOG_FORMAT": "json",
    }


def _tls(home: Home, service: str) -> dict[str, str]:
    return {
        "TLS_CERT": str(home.tls / f"{service}.pem"),
        "TLS_KEY": str(home.tls / f"{service}.key"),
        "TLS_CA": str(home.tls / "ca.pem"),
    }


def _tokens(ports: Ports) -> dict[str, str]:
    return {"JWKS_URL": f"http://127.0.0.1:{ports.identity_ops}/.well-known/jwks.json"}
