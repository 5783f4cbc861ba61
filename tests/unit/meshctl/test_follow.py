"""BatchFollower one order: what is printed, and the exit code it ends with."""

import json

import pytest

from meshctl.commands.orders.follow import follow, print_order
from meshctl.commands.words import event_words
from ordermesh.oms.v1 import event_pb2, order_pb2
from svc_oms.service.codec.order_events import encode_event
from svc_oms.service.codec.order_records import progress_message
from tests.support.order_events import EVENTS, ORDER, STAMP

S = order_pb2.OrderState
ORDER_ID, ACCOUNT = "ORDER-1", "ACC-ALICE"


class Mesh:
    """A client whose stream is a list."""

    def __init__(self, *items):
        self.items = items

    async def watch_orders(self, accounts):
        assert accounts == [ACCOUNT]
        for item in self.items:
            yield event_pb2.OrderStreamItem(**item)


def order(state, **fields):
    terms = {"quantity": "100", "limit_price": "99.5", "time_in_force": 1}
    progress = {"state": state, "cum_quantity": "0"}
    fields = {"type": order_pb2.ORDER_TYPE_LIMIT, "last_sequence": 1} | fields
    return order_pb2.Order(
        order_id=ORDER_ID, account_id=ACCOUNT, terms=terms, progress=progress, **fields
    )


def event(kind, state, order_id=ORDER_ID):
    return {"event": {"order_id": order_id, "progress": {"state": state}, kind: {}}}


PLACED = order(S.ORDER_STATE_PENDING_NEW)
FOLLOWED = {
    "filled": ("", [event("executed", S.ORDER_STATE_FILLED)], 0),
    "rests": ("", [event("acknowledged", S.ORDER_STATE_NEW)], 0),
    "waits for a person": ("", [event("accepted", S.ORDER_STATE_HELD)], 0),
    "rejected": ("", [event("rejected", S.ORDER_STATE_REJECTED)], 6),
    "cancelled as asked": ("cancel", [event("canceled", S.ORDER_STATE_CANCELED)], 0),
    "cancel refused": ("cancel", [event("cancel_refused", S.ORDER_STATE_NEW)], 6),
    "replaced": ("replace", [event("replaced", S.ORDER_STATE_NEW)], 0),
    "replace refused": ("replace", [event("replace_refused", S.ORDER_STATE_NEW)], 6),
    "closed before it was watched": ("", [{"snapshot": order(S.ORDER_STATE_FILLED)}], 0),
    "others are passed over": (
        "",
        [
            event("executed", S.ORDER_STATE_FILLED, "ORDER-2"),
            {"heartbeat": {}},
            event("canceled", S.ORDER_STATE_CANCELED),
        ],
        6,
    ),
    "the stream ends before": ("", [event("cancel_pending", S.ORDER_STATE_PENDING_CANCEL)], 6),
}


@pytest.mark.parametrize(("change", "items", "code"), FOLLOWED.values(), ids=FOLLOWED)
async def test_the_exit_code_says_how_it_ended(change, items, code):
    assert await follow(Mesh(*items), PLACED, change, as_json=False, timeout_s=10) == code


CROSSING = {
    "executed after it was acknowledged": ([event("executed", S.ORDER_STATE_FILLED)], 0),
    "rejected after it was acknowledged": ([event("rejected", S.ORDER_STATE_REJECTED)], 6),
}


@pytest.mark.parametrize(("items", "code"), CROSSING.values(), ids=CROSSING)
async def test_an_order_that_reaches_the_other_side_is_not_done_when_it_is_new(items, code, capsys):
    mesh = Mesh(event("acknowledged", S.ORDER_STATE_NEW), *items)
    assert await follow(mesh, PLACED, as_json=False, timeout_s=10, crossing=True) == code
    assert S.Name(items[-1]["event"]["progress"]["state"]).removeprefix("ORDER_STATE_") in (
        capsys.readouterr().out
    )


async def test_a_newer_snapshot_is_printed_and_an_event_a_line(capsys):
    placed = order(S.ORDER_STATE_PENDING_NEW, type=order_pb2.ORDER_TYPE_MARKET)
    newer = order(S.ORDER_STATE_NEW, type=order_pb2.ORDER_TYPE_MARKET, last_sequence=2)
    items = ({"snapshot": newer}, event("executed", S.ORDER_STATE_FILLED))
    await follow(Mesh(*items), placed, as_json=True, timeout_s=10)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("last_sequence") for line in lines] == ["1", "2", None]
    assert "executed" in lines[2]


@pytest.mark.parametrize("happened", EVENTS, ids=lambda one: type(one).__name__)
def test_every_kind_of_event_has_words(happened):
    payload = encode_event(happened, STAMP, ORDER, progress_message(ORDER))
    said = event_words(event_pb2.OrderEvent.FromString(payload))
    assert said.strip()
    assert "None" not in said


@pytest.mark.parametrize(
    ("state", "said"), [(S.ORDER_STATE_NEW, True), (S.ORDER_STATE_FILLED, False)]
)
def test_an_order_of_a_listing_whose_status_is_not_known_says_so(capsys, state, said):
    print_order(order(state, listing_status_not_known=True), as_json=False)
    assert ("has not said whether the listing is traded" in capsys.readouterr().out) is said


@pytest.mark.parametrize(
    ("state", "said"), [(S.ORDER_STATE_NEW, True), (S.ORDER_STATE_FILLED, False)]
)
def test_an_order_for_the_next_trading_session_says_so(capsys, state, said):
    print_order(order(state, for_next_session=True), as_json=False)
    assert ("next trading session" in capsys.readouterr().out) is said
