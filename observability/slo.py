"""Objectives, and the recording rules and burn-rate alerts that follow from them.

An error budget is 1 - objective over 30 days. An alert comes when it is used up so much faster
than allowed that a person must act, and when that is still so: a long and a short window, as in
Google's "Site Reliability Workbook", chapter 5.
"""

from typing import Any, Final, NamedTuple

import yaml

HEADER: Final = "# Written by `python -m observability` from observability/slo.py.\n"
FAULTS: Final = "INTERNAL|UNAVAILABLE|UNKNOWN|DEADLINE_EXCEEDED|DATA_LOSS"
"""Status codes that are our fault and not the caller's."""
ORDERS: Final = 'grpc_type="unary", grpc_service="ordermesh.oms.v1.OrderService"'
"""Unary calls: each stream of a replica that is restarted ends with UNAVAILABLE, and is resumed."""


class Slo(NamedTuple):
    """An objective.

    Attributes:
        name: Label `slo`.
        about: What is promised.
        objective: Share of good events over 30 days.
        bad: Rate of bad events per second, with `{window}`.
        every: Rate of all events per second, with `{window}`.
    """

    name: str
    about: str
    objective: str
    bad: str
    every: str


def _slow(bucket: str, within: str, labels: str = "") -> tuple[str, str]:
    """Return the rates of the events above a bound of a histogram, and of all."""
    also = f", {labels}" if labels else ""
    count = f"sum(rate({bucket}_count{{{labels}}}[{{window}}]))"
    good = f'sum(rate({bucket}_bucket{{le="{within}"{also}}}[{{window}}]))'
    return f"{count} - {good}", count


SLOS: Final = (
    Slo(
        "commands_answered",
        "Unary calls of OrderService that do not fail by a fault of ours.",
        "0.9995",
        f'sum(rate(grpc_server_handled_total{{{ORDERS}, grpc_code=~"{FAULTS}"}}[{{window}}]))',
        f"sum(rate(grpc_server_handled_total{{{ORDERS}}}[{{window}}]))",
    ),
    Slo(
        "orders_taken_fast",
        "Orders that are durable and answered within 50 ms.",
        "0.99",
        *_slow("grpc_server_handling_seconds", "0.05", f'{ORDERS}, grpc_method="Place"'),
    ),
    Slo(
        "venue_acknowledges_fast",
        "Orders that the venue has acknowledged within 500 ms.",
        "0.99",
        *_slow("ordermesh_oms_place_to_venue_ack_seconds", "0.5"),
    ),
    Slo(
        "users_log_in",
        "Calls of AuthService that do not fail by a fault of ours.",
        "0.999",
        'sum(rate(grpc_server_handled_total{grpc_service="ordermesh.identity.v1.AuthService", '
        f'grpc_code=~"{FAULTS}"}}[{{window}}]))',
        'sum(rate(grpc_server_handled_total{grpc_service="ordermesh.identity.v1.AuthService"}'
        "[{window}]))",
    ),
)

WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


class Burn(NamedTuple):
    """A speed at which the budget is used up: `factor` times the allowed one."""

    alert: str
    factor: str
    long: str
    short: str
    severity: str


BURNS: Final = (
    Burn("SloBurnsFast", "14.4", "1h", "5m", "page"),
    Burn("SloBurns", "6", "6h", "30m", "page"),
    Burn("SloBurnsSlowly", "1", "3d", "6h", "ticket"),
)


def rules() -> str:
    """Return the rules as Prometheus reads them."""
    groups = [
        {"name": "ordermesh-slo-budgets", "rules": [_budget(one) for one in SLOS]},
        {
            "name": "ordermesh-slo-errors",
            "rules": [_errors(one, window) for one in SLOS for window in WINDOWS],
        },
        {"name": "ordermesh-slo-burns", "rules": [_burn(one) for one in BURNS]},
    ]
    return HEADER + yaml.safe_dump({"groups": groups}, sort_keys=False, width=110)


def _budget(one: Slo) -> dict[str, Any]:
    return {
        "record": "ordermesh:slo_budget:ratio",
        "expr": f"1 - vector({one.objective})",
        "labels": {"slo": one.name},
    }


def _errors(one: Slo, window: str) -> dict[str, Any]:
    bad, every = (text.replace("{window}", window) for text in (one.bad, one.every))
    return {
        "record": f"ordermesh:slo_errors:ratio_rate{window}",
        # Without a bad event there is no series of it; without any event there is no answer.
        "expr": f"(({bad}) or vector(0)) / (({every}) > 0)",
        "labels": {"slo": one.name},
    }


def _burn(one: Burn) -> dict[str, Any]:
    def above(window: str) -> str:
        return (
            f"ordermesh:slo_errors:ratio_rate{window} > on (slo) "
            f"({one.factor} * ordermesh:slo_budget:ratio)"
        )

    return {
        "alert": one.alert,
        "expr": f"({above(one.long)}) and on (slo) ({above(one.short)})",
        "labels": {"severity": one.severity},
        "annotations": {
            "summary": "the error budget of {{ $labels.slo }} is used up "
            f"{one.factor} times as fast as allowed",
            "runbook": f"docs/OPERATIONS.md#{one.alert.lower()}",
        },
    }
