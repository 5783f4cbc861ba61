"""Copies of orders are what the stream carried."""

from ordermesh.oms.v1 import event_pb2, order_pb2
from ordermesh_client import OrderCopies

ACCOUNT, ORDER_ID = "ACC-ALICE", "ORDER-1"


def order(sequence: int, **fields) -> order_pb2.Order:
    return order_pb2.Order(order_id=ORDER_ID, account_id=ACCOUNT, last_sequence=sequence, **fields)


def event(sequence: int, carried: order_pb2.Order | None = None) -> event_pb2.OrderStreamItem:
    happened = {"account_id": ACCOUNT, "sequence": sequence, "order_id": ORDER_ID}
    return event_pb2.OrderStreamItem(event=happened, order=carried)


def opened() -> OrderCopies:
    copies = OrderCopies()
    copies.apply(event_pb2.OrderStreamItem(snapshot=order(7)))
    complete = {"channel": ACCOUNT, "cursor": {"sequence": 7}}
    copies.apply(event_pb2.OrderStreamItem(snapshot_complete=complete))
    return copies


def test_the_snapshot_is_kept():
    copies = opened()
    assert copies.orders == {ORDER_ID: order(7)}
    assert copies.last_sequence == {ACCOUNT: 7}


def test_an_event_without_its_order_changes_none():
    copies = opened()
    copies.apply(event(8))
    assert copies.orders[ORDER_ID] == order(7)
    copies.apply(event(9, order(9, pegged_price="612.5")))
    assert copies.orders[ORDER_ID].pegged_price == "612.5"
    assert copies.holes == []


def test_an_older_order_never_replaces_a_newer_one():
    copies = opened()
    copies.apply(event(8, order(20)))
    copies.apply(event(9, order(9)))
    assert copies.orders[ORDER_ID] == order(20)


def test_missing_and_repeated_events_are_noted():
    copies = opened()
    copies.apply(event(9))
    copies.apply(event(9))
    assert copies.holes == [f"{ACCOUNT}: 9 came after 7", f"{ACCOUNT}: 9 came after 9"]


def test_a_snapshot_replaces_the_orders_of_its_account_only_and_when_it_is_complete():
    copies = opened()
    other = order_pb2.Order(order_id="ORDER-2", account_id="ACC-BOB", last_sequence=3)
    copies.apply(event_pb2.OrderStreamItem(snapshot=other))
    copies.apply(event_pb2.OrderStreamItem(snapshot_complete={"channel": "ACC-BOB"}))
    copies.apply(event_pb2.OrderStreamItem(resync={"channel": ACCOUNT}))
    assert copies.orders == {ORDER_ID: order(7), "ORDER-2": other}
    newer = order_pb2.Order(order_id="ORDER-3", account_id=ACCOUNT, last_sequence=9)
    copies.apply(event_pb2.OrderStreamItem(snapshot=newer))
    assert copies.orders == {ORDER_ID: order(7), "ORDER-2": other}
    copies.apply(event_pb2.OrderStreamItem(snapshot_complete={"channel": ACCOUNT}))
    assert copies.orders == {"ORDER-3": newer, "ORDER-2": other}


def test_what_came_of_a_snapshot_before_a_resync_does_not_count():
    copies = opened()
    left_behind = order_pb2.Order(order_id="ORDER-4", account_id=ACCOUNT, last_sequence=5)
    copies.apply(event_pb2.OrderStreamItem(snapshot=left_behind))
    copies.apply(event_pb2.OrderStreamItem(resync={"channel": ACCOUNT}))
    copies.apply(event_pb2.OrderStreamItem(snapshot_complete={"channel": ACCOUNT}))
    assert copies.orders == {}
