"""docs/LIFECYCLE.md shows the table as it is."""

import pytest

from svc_oms.domain.lifecycle import TABLE, OrderState
from tools import lifecycle_diagram


def test_the_page_is_fresh():
    page = lifecycle_diagram.PAGE.read_text(encoding="utf-8")
    assert page == lifecycle_diagram.render(page), "run python -m tools.lifecycle_diagram"
    assert lifecycle_diagram.main(["--check"]) == 0


def test_every_state_is_drawn_and_reached():
    lines = lifecycle_diagram.diagram().splitlines()
    reached = {line.split(" --> ")[1].split(" :")[0] for line in lines if "-->" in line}
    assert {state.name for state in OrderState} <= reached


def test_every_cell_is_in_the_matrix():
    rows = lifecycle_diagram.matrix().splitlines()[2:]
    written = sum(cell.strip() != "" for row in rows for cell in row.split("|")[2:-1])
    assert written == sum(len(row) for row in TABLE.values())


def test_a_page_without_markers_is_refused():
    with pytest.raises(ValueError, match="needs the markers"):
        lifecycle_diagram.render("# nothing")
