"""Each part of the bench runs in a process of its own."""

import os

from bench.measure import Plan
from bench.parts import PARTS, measure_alone

PLAN = Plan(seconds=0.01, repeats=1, round_trips=1)


def test_what_a_part_leaves_behind_ends_with_its_process(tmp_path, monkeypatch):
    (tmp_path / "a_part.py").write_text(
        "import os\n"
        "from bench.measure import Figure\n"
        "def measure(plan):\n"
        "    return [Figure('process', '', [os.getpid()]), Figure('s', '', [plan.seconds])]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(PARTS, "a part", "a_part")
    process, seconds = measure_alone("a part", PLAN)
    assert process.values != [os.getpid()]
    assert seconds.values == [PLAN.seconds]
