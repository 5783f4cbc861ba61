"""``python -m bench``: the bare parts one after another, then the mesh, then the table."""

import argparse
import time
from pathlib import Path

from rich.console import Console

from bench import machine, report
from bench.compared.pairs import show_pairs, write_pairs
from bench.compared.rounds import compare
from bench.compared.trees import TreeError
from bench.measure import FULL, QUICK, Figure, Plan
from bench.parts import PARTS, measure_alone

COMPARED = ("orders", "lone")
"""Parts of `--against` if none is named."""


def main() -> None:
    """Run the bench."""
    parser = _parser()
    chosen = parser.parse_args()
    plan = QUICK if chosen.quick else FULL
    plan = Plan(
        seconds=chosen.seconds or plan.seconds,
        repeats=chosen.repeats or plan.repeats,
        round_trips=plan.round_trips,
    )
    console = Console(stderr=True)
    here = machine.look()
    if chosen.against:
        try:
            pairs = compare(chosen.against, chosen.only or COMPARED, plan, console)
        except TreeError as error:
            parser.error(str(error))
        show_pairs(pairs, here)
        if not chosen.no_write:
            console.print(f"written to {write_pairs(pairs, chosen.against, here)}")
        return
    figures: list[Figure] = []
    for name in PARTS:
        if chosen.only and name not in chosen.only:
            continue
        start = time.perf_counter()
        figures += measure_alone(name, plan)
        console.print(f"{name}: {time.perf_counter() - start:.0f} s", style="dim")
    if chosen.figures:
        report.write_figures(figures, chosen.figures)
        return
    report.show(figures, here, quick=plan.is_quick)
    if not chosen.no_write:
        console.print(f"written to {report.write(figures, here, quick=plan.is_quick)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run of under a minute")
    parser.add_argument("--seconds", type=float, help="seconds of each throughput measurement")
    parser.add_argument(
        "--repeats", type=int, help="repeats of each measurement; the medians are printed"
    )
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part; repeatable")
    parser.add_argument(
        "--against",
        metavar="REV",
        help="measure the tree of a git revision and this one in turn, once each a repeat, and "
        f"print the ratios; without --only the parts {' and '.join(COMPARED)}",
    )
    parser.add_argument("--no-write", action="store_true", help="do not write bench/results")
    parser.add_argument(
        "--figures", metavar="FILE", type=Path, help="write only the figures, as JSON, to this file"
    )
    return parser


if __name__ == "__main__":
    main()
