"""From figures to a table, ratios against the aims, and the files of bench/results."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.machine import Machine
from bench.measure import LONE_RATES_PER_S, Figure, find
from bench.peers.fan_out import figure_name
from bench.peers.plain_python import OURS, PLAIN
from bench.prices.scale import INTERVAL_MS, STOPPED, SUBSCRIBERS, WEB_SUBSCRIBERS

RESULTS = Path(__file__).parent / "results"
AIMS_US = {"one update, applied and serialised": 10, "routing, a sweep decided": 100}
"""CPU time that these may take, microseconds."""


@dataclass(frozen=True)
class Ratio:
    """A figure of the mesh compared with the bare parts, and its aim."""

    name: str
    value: float
    aim: str
    met: bool
    how: str


def ratios(figures: Sequence[Figure]) -> list[Ratio]:
    """Compare the mesh with the bare parts of the same run."""

    def median(name: str) -> float:
        figure = find(figures, name)
        return figure.median if figure else math.nan

    found = []
    for way in ("direct", "through Envoy"):
        share = median(f"orders, {way}") / median("quickfix pair, round trips")
        how = "orders/s ÷ round trips/s of the bare QuickFIX pair"
        found.append(Ratio(f"order path, {way}", share, "≥ 0.50", share >= 0.5, how))
    hops = (
        2 * median("grpc echo, ping-pong p50")
        + 2 * 1000 / median("postgres, 1 rows a commit: commits")
        + median("quickfix pair, ping-pong p50")
    )
    times = median("place to venue-acknowledged, streamed back, p50") / hops
    how = f"÷ {hops:.2f} ms = 2 gRPC ping-pongs + 2 commits + 1 FIX ping-pong"
    found.append(Ratio("place to acknowledged, p50", times, "< 3.0", times < 3, how))
    for subscribers in (20, 100):
        share = median(f"svc_marketdata to {subscribers}, EVERY_EVENT") / median(
            f"bare fan-out to {subscribers}, mTLS"
        )
        how = "updates/s ÷ updates/s of the bare fan-out"
        found.append(Ratio(f"fan-out to {subscribers}", share, "≥ 0.70", share >= 0.7, how))
    for subscribers, least in ((20, 1 / 3), (100, 0.5)):
        share = median(f"svc_marketdata to {subscribers}, EVERY_EVENT") / median(
            figure_name(subscribers)
        )
        how = "updates/s ÷ updates/s of Gorilla WebSocket (Go on both sides)"
        name = f"fan-out to {subscribers}, compared with Go"
        found.append(Ratio(name, share, f"≥ {least:.2f}", share >= least, how))
    for rate in LONE_RATES_PER_S:
        for what in ("CPU", "place to acknowledged, p50"):
            ours, plain = (f"lone order at {rate}/s, {who}: {what}" for who in (OURS, PLAIN))
            share = median(ours) / median(plain)
            how = "OMS + gateway ÷ plain Python service"
            name = f"lone order at {rate}/s, compared with plain Python: {what}"
            found.append(Ratio(name, share, "≤ 0.60", share <= 0.6, how))
    found += _of_prices(median)
    return [ratio for ratio in found if not math.isnan(ratio.value)]


def _of_prices(median: Callable[[str], float]) -> list[Ratio]:
    """Compare prices and routing with their aims."""
    found = []
    for name in ("one update, applied and serialised", "routing, a sweep decided"):
        most_us = AIMS_US[name]
        value = median(name) / most_us
        found.append(Ratio(name, value, "≤ 1.00", value <= 1, f"÷ {most_us} µs, its aim"))
    both = f"{SUBSCRIBERS[-1]} gRPC and {WEB_SUBSCRIBERS} gRPC-Web subscribers"
    for who, way in (
        (f"{SUBSCRIBERS[-1]} gRPC subscribers", "gRPC"), (both, "gRPC"), (both, "gRPC-Web")
    ):  # fmt: skip
        value = median(f"{who}: age over {way} p99") / INTERVAL_MS
        how = f"÷ the interval of {INTERVAL_MS} ms"
        found.append(Ratio(f"{who}: age over {way} p99", value, "< 2.00", value < 2, how))
    beside = f"{SUBSCRIBERS[1]} gRPC subscribers beside {STOPPED} that do not read: age p99"
    value = median(beside) / median(f"{beside} without those")
    found.append(Ratio(beside, value, "< 1.10", value < 1.1, "÷ the same without those"))
    return found


def show(figures: Sequence[Figure], machine: Machine, *, quick: bool) -> None:
    """Print tables for people."""
    console = Console()
    console.print(machine.sentence())
    if quick:
        console.print("[yellow]A smoke run: its numbers mean little.[/yellow]")
    table = Table("measured", "median", "unit", "±", "note")
    for figure in figures:
        table.add_row(
            figure.name, number(figure.median), figure.unit, f"{figure.spread:.0%}", figure.note
        )
    console.print(table)
    compared = Table("against the bare parts", "ratio", "aim", "", "how")
    for ratio in ratios(figures):
        met = "[green]met[/green]" if ratio.met else "[red]missed[/red]"
        compared.add_row(ratio.name, f"{ratio.value:.2f}", ratio.aim, met, ratio.how)
    console.print(compared)


def write(figures: Sequence[Figure], machine: Machine, *, quick: bool) -> Path:
    """Write the run as .md and .json; a smoke run is marked as such."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    name = now.strftime("%Y-%m-%d-%H%M") + ("-quick" if quick else "")
    content = {
        "measured_at": now.isoformat(timespec="seconds"),
        "quick": quick,
        "machine": machine.facts(),
        "figures": [
            {"name": f.name, "unit": f.unit, "median": f.median, "values": f.values, "note": f.note}
            for f in figures
        ],
        "ratios": [
            {"name": r.name, "ratio": r.value, "aim": r.aim, "met": r.met, "how": r.how}
            for r in ratios(figures)
        ],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    path = RESULTS / f"{name}.md"
    path.write_text(_markdown(figures, machine, now, quick=quick), "utf-8")
    return path


def write_figures(figures: Sequence[Figure], path: Path) -> None:
    """Write figures for another run of the bench to read."""
    path.write_text(json.dumps([asdict(figure) for figure in figures]), "utf-8")


def read_figures(path: Path) -> list[Figure]:
    """Read what `write_figures` wrote."""
    return [Figure(**values) for values in json.loads(path.read_text("utf-8"))]


def number(value: float) -> str:
    """Write a number with about three digits that mean something."""
    if math.isnan(value):
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _markdown(figures: Sequence[Figure], machine: Machine, now: datetime, *, quick: bool) -> str:
    lines = [
        f"# Bench of {now:%Y-%m-%d %H:%M} UTC",
        "",
        machine.sentence() + ".",
        *(["", "**A smoke run: its numbers mean little.**"] if quick else []),
        "",
        "| Against the bare parts of the same run | Ratio | Aim | | How |",
        "|---|--:|---|---|---|",
        *(
            f"| {r.name} | {r.value:.2f} | {r.aim} | {'met' if r.met else 'missed'} | {r.how} |"
            for r in ratios(figures)
        ),
        "",
        "| Measured | Median | Unit | ± | Note |",
        "|---|--:|---|--:|---|",
        *(
            f"| {f.name} | {number(f.median)} | {f.unit} | {f.spread:.0%} | {f.note} |"
            for f in figures
        ),
    ]
    return "\n".join(lines) + "\n"
