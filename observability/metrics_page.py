"""docs/METRICS.md: a table of all metrics, from their declarations."""

from typing import Final

from mesh.telemetry import Declared
from observability.catalogue import ours

HEAD: Final = """\
# Metrics

Written by `python -m observability` from the declarations; a test compares it with them, and the names in rules and dashboards with
both. [OPERATIONS.md](OPERATIONS.md) has the alerts.

Each process serves `/metrics` in the text format of Prometheus on its ops port (`ORDERMESH_OPS_BIND`), which is plain HTTP: it belongs
on loopback, or where only Prometheus reaches it (in Kubernetes a network policy sees to that).

**Names.** `ordermesh_<process>_<what>_<unit>`: a process is `oms`, `gateway`, `marketdata`, `identity`, `notify`, `relay`, `archive`
or `sim`; what every process has goes without. Calls are `grpc_server_*`, as servers in other languages name them. Counters end in
`_total`, units are seconds and bytes, times are seconds since 1970. There are no `_created` series.

**Labels.** `session` is the name of a FIX session, `venue` a MIC. An account, a user or an order is never a label: their number has
no bound. The venue and role of a session are those of `ordermesh_gateway_session_info`; join with it:
`x * on (session) group_left (venue, role) ordermesh_gateway_session_info`.

**Cost.** What is counted on the path of an order is a number in memory. Everything else is read from memory when Prometheus scrapes;
no scrape asks a database. Buckets of times go from 10 µs to 10 s.

A series that ends in `_standstill_seconds` says how long something waited without any progress, as far as scrapes saw; it is as
exact as the scrape interval.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for process, metrics in ours().items():
        parts += [f"\n## {process}\n\n", "| Metric | Type | Labels | What it says |\n|---|---|---|---|\n"]
        parts += [_row(one) for one in metrics]
    return "".join(parts)


def _row(one: Declared) -> str:
    labels = ", ".join(f"`{label}`" for label in one.labels)
    return f"| `{one.name}` | {one.kind} | {labels} | {one.text.rstrip('.')} |\n"
