"""How a row of an order and what a copy of the log makes of it differ, in words."""

import pytest

from svc_oms.domain.model import Order
from svc_oms.domain.verification.verify import KEPT_LATER
from svc_oms.service.codec.order_records import order_message, order_write, progress_message
from svc_oms.service.replay.pairs import COLUMNS, order_differences
from svc_oms.service.replay.scratch import Pair
from tests.support.order_events import ORDER

MADE = ORDER._replace(anomaly="")


def pair(stored: Order, more: bytes = b"") -> Pair:
    """Return the row of an order, with bytes after its body, beside MADE."""
    rows = []
    for order in (stored, MADE):
        message = order_message(order, progress_message(order))
        rows.append(order_write(order, message, message.SerializeToString()))
    texts = [tuple(str(getattr(row, name)) for name in COLUMNS) for row in rows]
    was, now = rows
    return Pair(ORDER.order_id, *texts, (was.body + more, was.fold), (now.body, now.fold))


@pytest.mark.parametrize("lacking", [*KEPT_LATER, ""])
def test_what_an_older_release_did_not_keep_is_no_difference(lacking: str):
    none = {name: value for name, value in KEPT_LATER.items() if lacking in {name, ""}}
    assert all(getattr(MADE, name) != value for name, value in none.items())
    assert order_differences(pair(MADE._replace(**none))) == []


def test_each_field_that_differs_is_named_also_of_an_older_row():
    stored = MADE._replace(**KEPT_LATER, cl_ord_id="another")
    assert [one.field for one in order_differences(pair(stored))] == ["cl_ord_id"]
    stored = MADE._replace(ended_text="another")
    assert [one.field for one in order_differences(pair(stored))] == ["ended_text"]


@pytest.mark.parametrize("stored", [MADE, MADE._replace(**KEPT_LATER)])
def test_the_same_order_in_other_bytes_is_a_difference(stored: Order):
    # An empty field that is set.
    found = order_differences(pair(stored, b"\xca\x02\x00"))
    assert len(found) == 1
