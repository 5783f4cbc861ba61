"""Pages of the proof of a routed order."""

from svc_oms.api.orders.show_routing import DECISIONS_MAX, RECORDS_BYTES_MAX, _page
from svc_oms.service.ports.routing_ports import RoutingDecisionRow


def rows(count, size):
    record = bytes(size)
    return [RoutingDecisionRow("P", number, "A", 0, record, b"") for number in range(1, count + 1)]


def test_a_page_has_at_most_so_many_decisions_and_bytes_but_always_one():
    assert len(_page(rows(DECISIONS_MAX + 1, 10))) == DECISIONS_MAX
    assert len(_page(rows(DECISIONS_MAX, RECORDS_BYTES_MAX // 10))) == 10
    assert len(_page(rows(2, RECORDS_BYTES_MAX + 1))) == 1
    assert _page([]) == []
