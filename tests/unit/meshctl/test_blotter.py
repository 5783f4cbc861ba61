"""The terminal's copy of the orders is what the stream carried, for every kind of event."""

import pytest

from meshctl.blotter import Blotter
from ordermesh.oms.v1 import event_pb2, order_pb2, order_service_pb2
from svc_oms.domain import events as ev
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.book.known_orders import KnownOrders
from svc_oms.service.codec.order_records import order_message, progress_message
from svc_oms.service.ports import AccountRow
from svc_oms.service.streams.publisher import Publisher
from svc_oms.service.streams.tails import Tail
from tests.support.order_events import EVENTS, ORDER, ORDER_ID, STAMP

ACCOUNT = ORDER.account_id


class Nobody:
    """Takes what goes to other replicas and to the cache."""

    def __getattr__(self, name):
        return lambda _: None


def item(sequence: int, *, state: int = 0, order: order_pb2.Order | None = None, **kind):
    event = event_pb2.OrderEvent(
        account_id=ACCOUNT,
        sequence=sequence,
        order_id=ORDER_ID,
        progress=order_pb2.OrderProgress(state=state),
        **kind or {"cancel_pending": {}},
    )
    return event_pb2.OrderStreamItem(event=event, order=order)


def live(batches: list[list]) -> tuple[list[event_pb2.OrderStreamItem], order_pb2.Order]:
    """What a live reader gets of batches of events of ORDER, and the order after them."""
    publisher = Publisher(KnownOrders(), Nobody())
    tail = publisher.accounts[ACCOUNT] = Tail(ORDER.last_sequence)
    order, sequence, body = ORDER, ORDER.last_sequence, b""
    for events in batches:
        accounts = {ACCOUNT: AccountRow(ACCOUNT, 1, sequence, b"h" * 32)}
        changes = BookChanges(accounts, 1)
        order = changes.add(ACCOUNT, order, events, STAMP)
        changes.finish()
        publisher.committed(changes, accounts, {})
        sequence, body = sequence + len(events), changes.bodies[ORDER_ID]
    framed = b"".join(tail.after(ORDER.last_sequence, 1000))
    items = order_service_pb2.WatchResponse.FromString(framed).items
    assert len(items) == sequence - ORDER.last_sequence, "an item for each event"
    return list(items), order_pb2.Order.FromString(body)


def opened() -> Blotter:
    """A copy that has read its snapshot: the order before the events."""
    blotter = Blotter()
    snapshot = order_message(ORDER, progress_message(ORDER))
    blotter.apply(event_pb2.OrderStreamItem(snapshot=snapshot))
    complete = {"channel": ACCOUNT, "cursor": {"sequence": ORDER.last_sequence}}
    blotter.apply(event_pb2.OrderStreamItem(snapshot_complete=complete))
    return blotter


OF_ORDERS = [event for event in EVENTS if not isinstance(event, ev.VenueReportParked)]


@pytest.mark.parametrize("event", OF_ORDERS, ids=lambda event: type(event).__name__)
def test_an_event_of_any_kind_brings_the_order_after_it(event):
    items, after = live([[event]])
    blotter = opened()
    for one in items:
        blotter.apply(one)
    assert blotter.orders[ORDER_ID] == after
    assert after.last_sequence == ORDER.last_sequence + 1
    assert not blotter.holes


@pytest.mark.parametrize("size", [1, 3, len(OF_ORDERS)])
def test_batches_of_any_size_end_in_the_order_as_it_is_stored(size):
    batches = [OF_ORDERS[start : start + size] for start in range(0, len(OF_ORDERS), size)]
    items, after = live(batches)
    assert sum(one.HasField("order") for one in items) == len(batches)
    blotter = opened()
    for one in items:
        blotter.apply(one)
    assert blotter.orders[ORDER_ID] == after
    assert blotter.trails[ORDER_ID][-1] == after.progress.state


def test_an_older_order_never_replaces_a_newer_one():
    blotter = opened()
    newer = order_pb2.Order(order_id=ORDER_ID, account_id=ACCOUNT, last_sequence=30)
    older = order_pb2.Order(order_id=ORDER_ID, account_id=ACCOUNT, last_sequence=20)
    blotter.apply(item(10, order=newer))
    blotter.apply(item(11, order=older))
    assert blotter.orders[ORDER_ID] == newer
    assert not blotter.holes


def test_a_missing_event_is_noted():
    blotter = opened()
    blotter.apply(item(12))
    assert blotter.holes == [f"{ACCOUNT}: 12 came after 9"]


def test_a_state_is_kept_in_the_trail_once():
    blotter = opened()
    new, filled = order_pb2.ORDER_STATE_NEW, order_pb2.ORDER_STATE_FILLED
    for sequence, state in enumerate((new, new, filled), 10):
        blotter.apply(item(sequence, state=state))
    assert blotter.trails[ORDER_ID] == [ORDER.state, new, filled]


def test_the_snapshot_of_a_resync_replaces_what_was_there():
    blotter = opened()
    blotter.apply(event_pb2.OrderStreamItem(resync={"channel": ACCOUNT}))
    assert ORDER_ID in blotter.orders
    fresh = order_pb2.Order(order_id=ORDER_ID, account_id=ACCOUNT, last_sequence=2)
    blotter.apply(event_pb2.OrderStreamItem(snapshot=fresh))
    complete = {"channel": ACCOUNT, "cursor": {"sequence": 2}}
    blotter.apply(event_pb2.OrderStreamItem(snapshot_complete=complete))
    assert blotter.orders == {ORDER_ID: fresh}
    assert blotter.last_sequence == {ACCOUNT: 2}
    assert not blotter.holes
