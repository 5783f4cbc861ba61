"""docs/ROUTING.md shows the scripted day as it is, and BEST beats every single venue in it."""

import pytest

from tools import routing_day


@pytest.fixture(scope="module")
def outcomes():
    return routing_day.Day().run()


def test_best_beats_every_single_venue_after_fees(outcomes):
    for by_way in outcomes.values():
        best = routing_day.basis_points(by_way[routing_day.TOGETHER])
        for mic in routing_day.MICS:
            assert best < routing_day.basis_points(by_way[mic])


def test_no_way_executes_less_of_an_order_than_best_does(outcomes):
    """So that the costs are those of the same quantities."""
    for by_way in outcomes.values():
        executed = {sum(one.executed for one in found) for found in by_way.values()}
        assert len(executed) == 1


def test_the_page_is_fresh(outcomes):
    page = routing_day.PAGE.read_text(encoding="utf-8")
    assert routing_day.table(outcomes) in page, "run python -m tools.routing_day"


def test_a_page_without_markers_is_refused():
    with pytest.raises(ValueError, match="needs the markers"):
        routing_day.render("# nothing")
