"""Pages of the proof of a routed order."""

import pytest

from svc_oms.api.orders.show_routing import (
    DECISIONS_MAX,
    RECORDS_BYTES_MAX,
    SEQUENCE_MAX,
    _page,
    _sequences,
)
from svc_oms.service.ports.routing_ports import RoutingDecisionRow


def rows(count, size):
    record = bytes(size)
    return [RoutingDecisionRow("P", number, "A", 0, record, b"") for number in range(1, count + 1)]


def test_a_page_has_at_most_so_many_decisions_and_bytes_but_always_one():
    assert len(_page(rows(DECISIONS_MAX + 1, 10))) == DECISIONS_MAX
    assert len(_page(rows(DECISIONS_MAX, RECORDS_BYTES_MAX // 10))) == 10
    assert len(_page(rows(2, RECORDS_BYTES_MAX + 1))) == 1
    assert _page([]) == []


@pytest.mark.parametrize(
    ("read_after", "count", "between"),
    [
        ([], 0, (0, SEQUENCE_MAX)),
        ([5], 1, (5, SEQUENCE_MAX)),
        ([5, 9, 14], 3, (5, SEQUENCE_MAX)),
        ([5, 9, 14], 2, (5, 14)),
        # Of an old release: all children are read.
        ([0, 0, 14], 2, (0, 14)),
        ([0, 0, 0], 2, (0, SEQUENCE_MAX)),
        # Of one slice of a schedule: its last decisions are on the next page.
        ([5, 5, 5], 1, (5, SEQUENCE_MAX)),
        ([5, 5, 9], 1, (5, 9)),
        ([5, 9, 9], 2, (5, SEQUENCE_MAX)),
    ],
)
def test_only_the_children_of_a_page_are_read(read_after, count, between):
    decisions = [row._replace(read_after=n) for row, n in zip(rows(3, 1), read_after, strict=False)]
    assert _sequences(decisions, count) == between
