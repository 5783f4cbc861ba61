import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.compared import pairs, trees
from bench.compared.pairs import add_round
from bench.machine import Machine
from bench.measure import Figure
from bench.report import read_figures, write_figures

MACHINE = Machine("a CPU", 2, 23.5, "Linux 6", "3.11.7", load_before=0.1)


def figure(name, *values):
    return Figure(name, "ms", list(values))


def two_rounds():
    found = {}
    add_round(
        found, [figure("a", 4.0), figure("gone", 1.0)], [figure("a", 2.0), figure("new", 7.0)]
    )
    add_round(found, [figure("a", 10.0), figure("gone", 3.0)], [figure("a", 8.0)])
    return found


def test_ratios_are_of_values_of_the_same_round():
    found = two_rounds()
    assert found["a"].ratios == [0.5, 0.8]
    assert found["a"].row() == (
        "a", "ms", "7.00", "43%", "5.00", "60%", "0.65", "0.50 to 0.80", "2",
    )  # fmt: skip


def test_what_one_tree_cannot_measure_has_no_ratio():
    found = two_rounds()
    assert list(found) == ["a", "new", "gone"]
    assert found["new"].row() == ("new", "ms", "-", "0%", "7.00", "0%", "-", "-", "0")
    assert found["gone"].row()[2:6] == ("2.00", "50%", "-", "0%")


def test_a_comparison_is_written_for_people_and_programs(tmp_path, monkeypatch):
    monkeypatch.setattr(pairs, "RESULTS", tmp_path)
    path = pairs.write_pairs(two_rounds(), "b308bdab", MACHINE)
    assert "| a | ms | 7.00 | 43% | 5.00 | 60% | 0.65 | 0.50 to 0.80 | 2 |" in path.read_text(
        "utf-8"
    )
    content = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert content["against"] == "b308bdab"
    assert content["pairs"][0] == {"name": "a", "unit": "ms", "old": [4.0, 10.0], "new": [2.0, 8.0]}


def test_figures_are_read_as_they_were_written(tmp_path):
    figures = [Figure("a", "ms", [1.0, 2.0], "a note")]
    write_figures(figures, tmp_path / "figures.json")
    assert read_figures(tmp_path / "figures.json") == figures


def test_the_bench_of_this_tree_comes_before_that_of_another(tmp_path):
    folder, other = tmp_path / "overlay", tmp_path / "other"
    for name in ("bench", "meshctl"):
        (other / name).mkdir(parents=True)
        (other / name / "__init__.py").touch()
    folder.mkdir()
    words = "from bench.children import BENCH_FOLDER, PROJECT; print(BENCH_FOLDER, PROJECT)"
    done = subprocess.run(
        [sys.executable, "-c", words],
        cwd=trees.overlay(folder), env={"PYTHONPATH": str(other)}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [str(folder), str(other)]


def test_an_unknown_revision_is_named():
    with pytest.raises(trees.TreeError, match=r"no-such-revision"):
        trees.tree_of("no-such-revision")


def test_this_tree_is_that_of_the_bench():
    assert trees.this_tree().folder == Path(__file__).parents[3]
