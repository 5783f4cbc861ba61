"""Every metric there is: ours from their declarations, and what we use of other programs."""

import importlib
from typing import Final

from mesh.telemetry import Declared, declared

EVERY: Final = "Every process"
MODULES: Final = (
    "mesh.auth.tokens",
    "mesh.certificates.expiry",
    "mesh.rpc.handlers",
    "mesh.telemetry.parts",
    "mesh.telemetry.process",
    "sim_exchange.metrics",
    "svc_archive.api.figures",
    "svc_gateway.adapters.fix.figures",
    "svc_gateway.metrics",
    "svc_identity.service.audit",
    "svc_marketdata.metrics",
    "svc_notify.api.figures",
    "svc_notify.api.stream",
    "svc_notify.service.dispatcher",
    "svc_notify.service.progress",
    "svc_oms.api.figures",
    "svc_oms.service.metrics",
    "svc_relay.api.figures",
)
"""Modules that declare metrics; a test finds those that are missing here."""
PREFIXES: Final = {
    "ordermesh_oms_": "svc_oms",
    "ordermesh_gateway_": "svc_gateway",
    "ordermesh_marketdata_": "svc_marketdata",
    "ordermesh_identity_": "svc_identity",
    "ordermesh_notify_": "svc_notify",
    "ordermesh_relay_": "svc_relay",
    "ordermesh_archive_": "svc_archive",
    "ordermesh_sim_": "sim_exchange",
}

FOREIGN: Final = frozenset(
    {
        # Prometheus itself.
        "up",
        "ALERTS",
        # prometheus_client, of every process.
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        # Envoy.
        "envoy_cluster_membership_healthy",
        "envoy_cluster_upstream_rq_time_bucket",
        "envoy_http_downstream_cx_active",
        "envoy_http_downstream_rq_active",
        "envoy_http_downstream_rq_total",
        "envoy_http_downstream_rq_xx",
        "envoy_http_jwt_authn_denied",
        "envoy_server_days_until_first_cert_expiring",
    }
)
"""What rules and dashboards use of others; the e2e test finds each in a scrape."""


def ours() -> dict[str, tuple[Declared, ...]]:
    """Return the declarations by the process that exports them, sorted by name.

    The prefix of a name is that of its process; what has none is of every process.
    """
    for module in MODULES:
        importlib.import_module(module)
    groups: dict[str, list[Declared]] = {one: [] for one in (EVERY, *PREFIXES.values())}
    for one in declared():
        of = (process for prefix, process in PREFIXES.items() if one.name.startswith(prefix))
        groups[next(of, EVERY)].append(one)
    return {process: tuple(found) for process, found in groups.items()}


def exported() -> frozenset[str]:
    """Return the name of every series that a rule or dashboard may use."""
    series = {name for group in ours().values() for one in group for name in one.exported}
    return frozenset(series) | FOREIGN
