"""What of a range of the log is not in PostgreSQL any more is named, with its time."""

import pytest

from kernel.hashchain import event_hash
from svc_oms.domain.events import OrderAccepted, Stamp
from svc_oms.domain.evolve import evolve
from svc_oms.domain.model import OrderState
from svc_oms.service.book.book_view import StoredAccount, StoredBase
from svc_oms.service.codec.order_events import encode_event
from svc_oms.service.codec.order_records import order_message, progress_message
from svc_oms.service.exports.folded_log import LogReader
from tests.support.order_events import ORDER

HEAD, SECOND_NS = b"\x01" * 32, 1_000_000_000
FIRST_NS, ENDS_NS = 1_700_000_000 * SECOND_NS, 1_800_000_000 * SECOND_NS


def accepted(sequence, at_ns):
    order_id = f"{ORDER.order_id[:-1]}{sequence}"
    fresh = ORDER._replace(order_id=order_id, state=OrderState.PENDING_NEW)
    event, stamp = OrderAccepted(fresh), Stamp(at_ns)
    order = evolve(None, event, stamp, sequence)
    progress = progress_message(order)
    body = order_message(order, progress).SerializeToString()
    return encode_event(event, stamp, order, progress, body)


class Book:
    """An account whose first five events were archived."""

    def __init__(self, *times_ns):
        self._payloads = [accepted(sequence, at_ns) for sequence, at_ns in enumerate(times_ns, 6)]

    async def accounts(self):
        return [StoredAccount("ACC-ALICE", 5 + len(self._payloads), b"")]

    async def base(self, name):
        del name
        return StoredBase(5, HEAD)

    async def log(self, name, after):
        del name, after
        head = HEAD
        for payload in self._payloads:
            head = event_hash(head, payload)
            yield payload, head

    async def ended_orders(self, *_):
        return []


@pytest.mark.parametrize(
    ("since_ns", "times_ns", "named"),
    [
        (0, [FIRST_NS], "from the beginning to 2023-11-14T22:13:20.000000Z"),
        (
            FIRST_NS - SECOND_NS,
            [FIRST_NS, FIRST_NS + SECOND_NS],
            "from 2023-11-14T22:13:19.000000Z to 2023-11-14T22:13:20.000000Z",
        ),
        (0, [], "from the beginning to 2027-01-15T08:00:00.000000Z"),
        (FIRST_NS, [FIRST_NS], None),
        (FIRST_NS + SECOND_NS, [FIRST_NS, ENDS_NS], None),
    ],
)
async def test_the_part_of_a_range_that_was_archived_is_named(since_ns, times_ns, named):
    log = LogReader(Book(*times_ns), since_ns, ENDS_NS, lambda _: None)
    async for _ in log.pages():
        pass
    assert [gone.text for gone in log.archived.values()] == (
        [f"events up to number 5, {named}, were archived and removed from PostgreSQL"]
        if named
        else []
    )
