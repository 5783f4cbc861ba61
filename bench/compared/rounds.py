"""Rounds: in each, the old tree and this one are measured once, in changing order.

The code of the bench is this tree's for both. It runs in the environment of the tree that it
measures, so it starts that tree's processes and calls that tree's code.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench.compared.pairs import Pair, add_round
from bench.compared.trees import Tree, overlay, this_tree, tree_of
from bench.measure import Figure, Plan
from bench.report import read_figures

ERROR_LINES = 5


def compare(revision: str, parts: Sequence[str], plan: Plan, console: Console) -> dict[str, Pair]:
    """Measure parts of two trees in turn, `plan.repeats` times; return pairs by name of figure.

    A part that an older tree cannot run is left out, with the reason on the console.

    Raises:
        TreeError: The tree of the revision cannot be made.
    """
    console.print(f"setting up the tree of {revision}", style="dim")
    trees = [tree_of(revision), this_tree()]
    pairs: dict[str, Pair] = {}
    with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as name:
        folder = overlay(Path(name))
        for number in range(plan.repeats):
            for part in parts:
                found: dict[str, list[Figure]] = {}
                for tree in trees if number % 2 == 0 else reversed(trees):
                    found[tree.name] = _measure(tree, folder, part, plan, console)
                add_round(pairs, *(found[tree.name] for tree in trees))
            console.print(f"round {number + 1} of {plan.repeats}", style="dim")
    return pairs


def _measure(tree: Tree, folder: Path, part: str, plan: Plan, console: Console) -> list[Figure]:
    figures = folder / "figures.json"
    figures.unlink(missing_ok=True)
    words = [
        str(tree.python), "-m", "bench", "--only", part, "--repeats", "1",
        "--seconds", str(plan.seconds), "--figures", str(figures),
    ]  # fmt: skip
    done = subprocess.run(words, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-ERROR_LINES:])
        console.print(f"{part} is left out of this round for {tree.name}: {last}", markup=False)
        return []
    return read_figures(figures)
