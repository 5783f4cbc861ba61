"""Orders in memory count only at the sequence they were kept at."""

from types import SimpleNamespace

from svc_oms.service.book.known_orders import KnownOrders
from svc_oms.service.book.order_accounts import OWNERS_KNOWN_MAX, OrderAccounts

A = "ACC-ALICE"


def order(number: int, *, closed: bool = False):
    return SimpleNamespace(order_id=f"O{number}", is_closed=closed)


def test_what_was_committed_is_current_at_its_sequence_only():
    known = KnownOrders()
    assert known.current(A, 5) == {}
    known.committed(A, 5, 6, [order(1)])
    assert set(known.current(A, 6)) == {"O1"}
    assert known.current(A, 7) == known.current(A, 5) == {}


def test_who_asks_ahead_of_a_commit_that_is_about_to_be_reported_makes_nothing_forgotten():
    known = KnownOrders()
    known.committed(A, 0, 1, [order(1)])
    # Another task's commit moved the row to 2 and is reported after this question.
    assert known.current(A, 2) == {}
    known.committed(A, 1, 2, [order(2)])
    assert set(known.current(A, 2)) == {"O1", "O2"}


def test_another_replicas_commit_in_between_empties_it():
    known = KnownOrders()
    known.committed(A, 0, 1, [order(1)])
    known.committed(A, 2, 3, [order(3)])
    assert set(known.current(A, 3)) == {"O3"}


def test_closed_orders_leave_and_keep_their_owner():
    known = KnownOrders()
    known.committed(A, 0, 1, [order(1)])
    known.committed(A, 1, 2, [order(1, closed=True)])
    assert known.current(A, 2) == {}


async def test_only_owners_not_known_are_asked_for_and_once():
    owners, asked = OrderAccounts(), []

    async def look(order_ids):
        asked.extend(order_ids)
        return {order_id: A for order_id in order_ids if order_id != "none"}

    owners.learn([("O1", "ACC-BOB")])
    assert await owners.find(["O1", "O2", "none"], look) == {"O1": "ACC-BOB", "O2": A}
    assert sorted(asked) == ["O2", "none"]
    asked.clear()
    assert await owners.find(["O1", "O2"], look) == {"O1": "ACC-BOB", "O2": A}
    assert not asked


async def test_owners_are_forgotten_at_the_limit_and_found_nevertheless():
    owners = OrderAccounts()
    owners.learn((f"O{number}", A) for number in range(OWNERS_KNOWN_MAX + 1))

    async def look(order_ids):
        owners.learn([("X", A)])
        return dict.fromkeys(order_ids, A)

    assert await owners.find(["O1", "new"], look) == {"O1": A, "new": A}
