"""Figures of two trees: medians, spreads, and the ratio new ÷ old of each round."""

import json
import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.machine import Machine
from bench.measure import Figure
from bench.report import RESULTS, number

HEADS = ("measured", "unit", "old", "±", "new", "±", "new ÷ old", "range", "rounds")


@dataclass
class Pair:
    """A figure of the old tree and of the new one, a value a round; NaN where one has none."""

    old: Figure
    new: Figure

    @property
    def ratios(self) -> list[float]:
        """New ÷ old of each round that has both."""
        both = zip(self.old.values, self.new.values, strict=True)
        found = [new / old if old else math.nan for old, new in both]
        return [ratio for ratio in found if not math.isnan(ratio)]

    def row(self) -> tuple[str, ...]:
        """Return its line of the table."""
        ratios = self.ratios
        middle = number(statistics.median(ratios)) if ratios else "-"
        spread = f"{number(min(ratios))} to {number(max(ratios))}" if ratios else "-"
        sides = [cell for side in (self.old, self.new) for cell in _cells(side)]
        return (self.new.name, self.new.unit, *sides, middle, spread, str(len(ratios)))


def _cells(figure: Figure) -> tuple[str, str]:
    known = Figure("", "", [value for value in figure.values if not math.isnan(value)])
    return number(known.median), f"{known.spread:.0%}"


def add_round(pairs: dict[str, Pair], old: Iterable[Figure], new: Iterable[Figure]) -> None:
    """Add what one round measured, one value a figure, of both trees."""
    sides = {figure.name: figure for figure in old}, {figure.name: figure for figure in new}
    for name in dict.fromkeys([*sides[1], *sides[0]]):
        known = sides[1].get(name) or sides[0][name]
        pair = pairs.setdefault(name, Pair(Figure(name, known.unit), Figure(name, known.unit)))
        for figure, side in zip((pair.old, pair.new), sides, strict=True):
            figure.values.append(side[name].median if name in side else math.nan)


def show_pairs(pairs: Mapping[str, Pair], machine: Machine) -> None:
    """Print the table for people."""
    console = Console()
    console.print(machine.sentence())
    table = Table(*HEADS)
    for pair in pairs.values():
        table.add_row(*pair.row())
    console.print(table)


def write_pairs(pairs: Mapping[str, Pair], revision: str, machine: Machine) -> Path:
    """Write the run against a revision as .md and .json."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    content = {
        "measured_at": now.isoformat(timespec="seconds"),
        "against": revision,
        "machine": machine.facts(),
        "pairs": [
            {"name": name, "unit": pair.new.unit, "old": pair.old.values, "new": pair.new.values}
            for name, pair in pairs.items()
        ],
    }
    path = RESULTS / f"{now:%Y-%m-%d-%H%M}-pairs.md"
    path.with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    title = f"# {revision} (old) and this tree (new) in turn, {now:%Y-%m-%d %H:%M} UTC"
    lines = [
        title, "", machine.sentence() + ".", "",
        f"| {' | '.join(HEADS)} |", f"|{'---|' * len(HEADS)}",
        *(f"| {' | '.join(pair.row())} |" for pair in pairs.values()),
    ]  # fmt: skip
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
