"""The watch over waiting orders: what it sends to the desk, when, and how often."""

from decimal import Decimal

import pytest

from mesh.clock import ManualClock
from mesh.errors import refuse
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.marketdata.v1 import market_data_pb2
from svc_oms.domain.commands import ExpireOrder, MoveTrigger, TriggerOrder
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import (
    OrderTerms,
    OrderType,
    Side,
    TimeInForce,
    Trigger,
    TriggerPriceType,
    WaitsFor,
)
from svc_oms.service import triggers as module
from svc_oms.service.codec.orders import order_message, order_write, progress_message
from svc_oms.service.ports import WriteSet
from svc_oms.service.submissions import NOTHING_DONE
from svc_oms.service.triggers import Triggers, prices_of
from svc_oms.service.venues import VenueSession, VenueSessions
from tests.support.lifecycle import Desk
from tests.support.oms_memory import MemoryStore

D = Decimal
ACCOUNT, FIRST = "ACC-ALICE", "01JD8QZ5T0000000000000000A"
HOUR_S = 3600


class Bench:
    """A watch, and the commands it sent."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore()
        self.venues = VenueSessions()
        self.sent = []
        self.triggers = Triggers(self.store, self.clock, self.venues, self.sent.append, 22 * HOUR_S)
        self.triggers.heard()

    @property
    def commands(self):
        return [submission.command for submission in self.sent]

    def answer(self, outcome=NOTHING_DONE):
        self.sent[-1].reply(outcome)

    def quote(self, bid, **fields):
        quote = market_data_pb2.Quote(bid_price=bid, ask_price="900", last_price="1", **fields)
        self.triggers.quoted("ASML.SIMA", quote)


@pytest.fixture
def bench():
    return Bench()


def waiting(order_id=FIRST, *, offset=None, waits_for=WaitsFor.PRICE, **fields):
    made = Desk().place()
    terms = OrderTerms(
        D(100),
        stop_price=None if offset else D(640),
        time_in_force=TimeInForce.GTC,
        trailing_offset=offset,
        trigger_price_type=TriggerPriceType.BEST_BID,
    )
    state = fields.pop("state", OrderState.AWAITING_TRIGGER)
    return made._replace(
        order_id=order_id,
        cl_ord_id=f"{order_id}-1",
        side=Side.SELL,
        type=OrderType.TRAILING_STOP if offset else OrderType.STOP,
        terms=fields.pop("terms", terms),
        trigger=Trigger(terms.stop_price),
        state=state,
        base_state=state,
        waits_for=waits_for,
        **fields,
    )


def test_a_price_that_reaches_the_stop_is_told_once_until_it_is_answered(bench):
    bench.triggers.learn([waiting()])
    bench.quote("641")
    assert bench.commands == []
    bench.quote("640")
    bench.quote("639")
    assert bench.commands == [TriggerOrder(ACCOUNT, FIRST, D(640))]
    # The desk could not: the next push tells it again.
    bench.answer(refuse("OVERLOADED", "full"))
    bench.quote("638")
    assert bench.commands[1] == TriggerOrder(ACCOUNT, FIRST, D(638))


def test_an_order_that_moved_on_is_forgotten_and_older_news_is_passed_over(bench):
    order = waiting()
    bench.triggers.learn([order])
    assert bench.triggers.instruments() == ["ASML.SIMA"]
    assert bench.triggers.instruments_moved.is_set()
    gone = order._replace(
        state=OrderState.PENDING_NEW, base_state=OrderState.PENDING_NEW, version=3, waits_for=None
    )
    bench.triggers.learn([gone])
    assert len(bench.triggers) == 0
    assert bench.triggers.instruments() == []
    bench.triggers.learn([order, order._replace(version=0)])
    assert len(bench.triggers) == 1
    bench.triggers.learn([gone._replace(version=1)])
    assert len(bench.triggers) == 1


def test_a_new_order_is_held_against_the_price_there_is(bench):
    bench.quote("630")
    bench.triggers.learn([waiting()])
    assert bench.commands == [TriggerOrder(ACCOUNT, FIRST, D(630))]


def test_stale_prices_and_a_silent_stream_trigger_nothing(bench):
    bench.quote("630")
    bench.quote("630", stale=True)
    bench.triggers.learn([waiting()])
    bench.quote("630")
    assert len(bench.commands) == 1
    bench.triggers.silent()
    bench.triggers.learn([waiting("01JD8QZ5T0000000000000000B")])
    bench.triggers.heard()
    bench.quote("900")
    bench.quote("630")
    bench.clock.advance(module.PRICE_AGE_MAX_S + 1)
    bench.triggers.learn([waiting("01JD8QZ5T0000000000000000C")])
    assert [command.order_id[-1] for command in bench.commands] == ["A", "B"]


def test_a_crossed_book_is_not_believed_but_its_last_trade_is():
    quote = market_data_pb2.Quote(bid_price="10", ask_price="9", last_price="9.5")
    quote.flags.append(market_data_pb2.PRICE_FLAG_CROSSED)
    prices = prices_of(quote)
    assert prices == (D("9.5"), None, None)
    assert prices_of(market_data_pb2.Quote(bid_price="-1", ask_price="0")) == (None, None, None)


def test_a_trailing_stop_is_kept_once_a_second_and_told_in_full_when_reached(bench):
    bench.triggers.learn([waiting(offset=D(10))])
    bench.quote("650")
    assert bench.commands == [MoveTrigger(ACCOUNT, FIRST, D(650))]
    bench.answer()
    bench.quote("655")
    bench.quote("652")
    assert len(bench.commands) == 1
    bench.clock.advance(module.MOVE_INTERVAL_S)
    bench.quote("653")
    assert bench.commands[1:] == [MoveTrigger(ACCOUNT, FIRST, D(655))]
    bench.answer()
    bench.quote("660")
    bench.quote("650")
    assert bench.commands[2:] == [TriggerOrder(ACCOUNT, FIRST, D(650), D(660))]


def test_an_order_that_waits_for_its_venue_goes_when_that_is_up(bench):
    bench.triggers.learn([waiting(waits_for=WaitsFor.VENUE)])
    assert bench.commands == []
    bench.venues.learn([VenueSession("sima-orders", "SIMA", gw.SESSION_STATE_UP, 1)])
    bench.triggers.look()
    assert bench.commands == [TriggerOrder(ACCOUNT, FIRST)]


@pytest.mark.parametrize("waits_for", list(WaitsFor))
def test_what_waits_ends_with_its_time_in_force(bench, waits_for):
    day = OrderTerms(D(1), stop_price=D(640))
    # The clock stands at 22:13:20, so the day that ends at 22:00 is the next.
    rest_s = 24 * HOUR_S - 800
    now_ns = bench.clock.now_ns()
    bench.triggers.learn([waiting(waits_for=waits_for, terms=day, created_at_ns=now_ns)])
    bench.clock.advance(rest_s - 1)
    bench.triggers.look()
    assert bench.commands == []
    bench.clock.advance(1)
    bench.triggers.look()
    assert bench.commands == [ExpireOrder(ACCOUNT, FIRST)]


def test_no_more_commands_are_on_their_way_than_may_be(bench, monkeypatch):
    monkeypatch.setattr(module, "IN_FLIGHT_COMMANDS_MAX", 2)
    ids = [f"01JD8QZ5T0000000000000000{letter}" for letter in "ABC"]
    bench.triggers.learn([waiting(order_id) for order_id in ids])
    bench.quote("630")
    assert len(bench.commands) == 2
    gone = waiting(ids[1], version=3, state=OrderState.PENDING_NEW, waits_for=None)
    bench.triggers.learn([gone])
    bench.answer()
    bench.triggers.look()
    assert {command.order_id for command in bench.commands} == set(ids)


async def test_what_other_replicas_did_is_read(bench):
    order = waiting(version=1, last_sequence=1)
    other = waiting("01JD8QZ5T0000000000000000B", version=1, last_sequence=2)
    bench.triggers.learn([other])
    # Of this one another replica knows that it has gone.
    await _stored(bench.store, order)
    await bench.triggers.read()
    assert len(bench.triggers) == 1
    moved = order._replace(version=2, last_sequence=3, trigger=Trigger(D(700)))
    await _stored(bench.store, moved)
    await bench.triggers.read()
    bench.quote("690")
    assert bench.commands == [TriggerOrder(ACCOUNT, FIRST, D(690))]


async def _stored(store, order):
    message = order_message(order, progress_message(order))
    row = order_write(order, message, message.SerializeToString())
    async with store.batch() as batch:
        await batch.write(WriteSet(changed_orders=[row]))
