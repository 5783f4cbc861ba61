"""The watch over waiting orders: what it sends to the command worker, when, and how often."""

from decimal import Decimal

import pytest

from kernel.side import Side
from mesh.errors import refuse
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.marketdata.v1 import instrument_pb2, market_data_pb2
from svc_oms.domain.commands import ExpireOrder, MoveTrigger, TriggerOrder
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import (
    OrderTerms,
    OrderType,
    TimeInForce,
    Trigger,
    TriggerPriceType,
    WaitsFor,
)
from svc_oms.service.codec.order_records import order_message, order_write, progress_message
from svc_oms.service.ports import WriteSet
from svc_oms.service.reference.market import instrument_value
from svc_oms.service.reference.venue_sessions import VenueSession, VenueSessions
from svc_oms.service.submissions import NOTHING_DONE
from svc_oms.service.waiting import trigger_watch as module
from svc_oms.service.waiting.trigger_watch import Triggers, prices_of
from tests.support.clock import ManualClock
from tests.support.lifecycle import TrackedOrder
from tests.support.oms import listing
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
        self.venues.learn([VenueSession("sima-orders", "SIMA", gw.SESSION_STATE_DOWN, 1)])
        self.sent = []
        self.triggers = Triggers(self.store, self.clock, self.venues, self.sent.append)
        self.triggers.heard()

    @property
    def commands(self):
        return [submission.command for submission in self.sent]

    def answer(self, outcome=NOTHING_DONE):
        self.sent[-1].reply(outcome)

    def quote(self, bid, **fields):
        quote = market_data_pb2.Quote(bid_price=bid, ask_price="900", last_price="1", **fields)
        self.triggers.quoted("ASML.SIMA", quote)

    def last(self, price, **fields):
        """Report a conflated quote with this last trade."""
        quote = market_data_pb2.Quote(last_price=price, **fields)
        self.triggers.quoted("ASML.SIMA", quote)

    def trade(self, price, received_ns=None):
        trade = market_data_pb2.Trade(price=price)
        at_ns = self.clock.now_ns() if received_ns is None else received_ns
        trade.received_at.FromNanoseconds(at_ns)
        self.triggers.traded("ASML.SIMA", trade)

    def wait_by_trades(self, offset=None, stop=640, **fields):
        """Have an order wait that is compared with the last trade, from now on."""
        terms = OrderTerms(
            D(100),
            stop_price=None if offset else D(stop),
            time_in_force=TimeInForce.GTC,
            trailing_offset=offset,
        )
        order = waiting(offset=offset, terms=terms, updated_at_ns=self.clock.now_ns(), **fields)
        order = order._replace(trigger=Trigger(terms.stop_price))
        self.triggers.learn([order])
        return order


@pytest.fixture
def bench():
    return Bench()


def waiting(order_id=FIRST, *, offset=None, waits_for=WaitsFor.PRICE, **fields):
    made = TrackedOrder().place()
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


def test_a_price_that_reaches_the_stop_is_reported_once_until_it_is_answered(bench):
    bench.triggers.learn([waiting()])
    bench.quote("641")
    assert bench.commands == []
    bench.quote("640")
    bench.quote("639")
    assert bench.commands == [TriggerOrder(ACCOUNT, FIRST, D(640))]
    # The command worker could not: the next push submits it again, as it was reached.
    bench.answer(refuse("OVERLOADED", "full"))
    bench.quote("638")
    assert bench.commands[1] == TriggerOrder(ACCOUNT, FIRST, D(640))


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


def test_a_trailing_stop_is_kept_once_a_second_and_stored_in_full_when_reached(bench):
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
    async with store.transaction() as batch:
        await batch.write(WriteSet(changed_orders=[row]))


def test_a_trade_between_two_quotes_that_is_taken_back_triggers_a_stop_once(bench):
    bench.wait_by_trades()
    bench.last("650")
    bench.trade("639.5")
    bench.trade("650")
    bench.last("650")
    assert bench.commands == [TriggerOrder(ACCOUNT, FIRST, D("639.5"))]
    bench.answer()
    bench.last("650")
    bench.triggers.look()
    assert len(bench.commands) == 1


def test_a_trade_between_two_quotes_moves_the_peak_of_a_trailing_stop_once(bench):
    order = bench.wait_by_trades(offset=D(10))
    bench.last("650")
    bench.answer()
    bench.clock.advance(module.MOVE_INTERVAL_S)
    bench.trade("660")
    bench.trade("655")
    bench.answer()
    bench.triggers.learn([order._replace(trigger=Trigger(D(650), D(660)), version=9)])
    bench.clock.advance(module.MOVE_INTERVAL_S)
    bench.last("655")
    bench.triggers.look()
    assert bench.commands == [
        MoveTrigger(ACCOUNT, FIRST, D(650)),
        MoveTrigger(ACCOUNT, FIRST, D(660)),
    ]
    bench.trade("650")
    assert bench.commands[2:] == [TriggerOrder(ACCOUNT, FIRST, D(650), D(660))]


def test_a_stop_reached_while_its_move_is_on_its_way_goes_after_it(bench):
    bench.wait_by_trades(offset=D(10))
    bench.last("650")
    bench.trade("639")
    bench.trade("651")
    assert bench.commands == [MoveTrigger(ACCOUNT, FIRST, D(650))]
    bench.answer()
    assert bench.commands[1:] == [TriggerOrder(ACCOUNT, FIRST, D(639), D(650))]


def test_a_trade_the_worker_could_not_take_is_submitted_again_though_prices_are_back(bench):
    bench.wait_by_trades()
    bench.last("650")
    bench.trade("640")
    bench.trade("650")
    bench.answer(refuse("OVERLOADED", "full"))
    bench.triggers.look()
    assert bench.commands == [TriggerOrder(ACCOUNT, FIRST, D(640))] * 2
    bench.answer()
    bench.triggers.look()
    assert len(bench.commands) == 2


def test_a_trade_older_than_the_stop_triggers_nothing(bench):
    bench.last("650")
    before_ns = bench.clock.now_ns()
    bench.clock.advance(1)
    order = bench.wait_by_trades()
    bench.trade("630", received_ns=before_ns)
    bench.trade("650", received_ns=before_ns)
    # A missing time is no time after it.
    bench.trade("630", received_ns=0)
    bench.trade("650", received_ns=0)
    assert bench.commands == []
    # A stop that was replaced is as young as its replacement.
    at_ns = bench.clock.now_ns()
    bench.clock.advance(1)
    terms = order.terms._replace(stop_price=D(635))
    now_ns = bench.clock.now_ns()
    bench.triggers.learn([order._replace(terms=terms, version=9, updated_at_ns=now_ns)])
    bench.trade("630", received_ns=at_ns)
    bench.trade("650", received_ns=at_ns)
    assert bench.commands == []
    bench.trade("635")
    assert len(bench.commands) == 1


def test_a_change_of_quantity_leaves_what_was_reached(bench):
    order = bench.wait_by_trades()
    bench.last("650")
    bench.trade("640")
    bench.answer(refuse("OVERLOADED", "full"))
    smaller = order._replace(terms=order.terms._replace(quantity=D(50)), version=9)
    bench.triggers.learn([smaller])
    bench.triggers.look()
    assert len(bench.commands) == 2
    bench.answer(refuse("OVERLOADED", "full"))
    lower = order._replace(terms=order.terms._replace(stop_price=D(600)), version=10)
    bench.triggers.learn([lower._replace(trigger=Trigger(D(600)))])
    bench.triggers.look()
    assert len(bench.commands) == 2


def test_trades_without_a_fresh_quote_trigger_nothing(bench):
    bench.wait_by_trades()

    def spike():
        bench.trade("630")
        bench.trade("650")

    spike()
    bench.last("650", stale=True)
    spike()
    bench.last("650")
    bench.triggers.silent()
    spike()
    bench.last("650")
    bench.clock.advance(module.PRICE_AGE_MAX_S + 1)
    spike()
    assert bench.commands == []
    bench.triggers.heard()
    spike()
    assert bench.commands == [TriggerOrder(ACCOUNT, FIRST, D(630))]


def test_a_stop_held_against_the_bid_looks_at_no_trade(bench):
    bench.triggers.learn([waiting(updated_at_ns=bench.clock.now_ns())])
    bench.quote("650")
    bench.trade("630")
    assert bench.commands == []


def test_trades_keep_their_order_beside_quotes_that_are_older_or_newer(bench):
    """A price from before the peak must not be compared with the trail after it."""
    bench.wait_by_trades(offset=D(10))
    bench.last("650")
    bench.answer()
    bench.trade("660")
    # On its way since before the trade, or submitted again by the next look.
    bench.last("650")
    bench.triggers.look()
    bench.clock.advance(module.MOVE_INTERVAL_S)
    bench.last("640")
    assert not [c for c in bench.commands if isinstance(c, TriggerOrder)]
    bench.trade("650")
    assert bench.commands[-1] != TriggerOrder(ACCOUNT, FIRST, D(650), D(660)), "one at a time"
    bench.answer()
    assert bench.commands[-1] == TriggerOrder(ACCOUNT, FIRST, D(650), D(660))


def test_a_first_trade_that_a_quote_has_overtaken_is_not_held_after_it(bench):
    bench.wait_by_trades(offset=D(10))
    trade_ns = bench.clock.now_ns()
    quote = market_data_pb2.Quote(last_price="660")
    quote.received_at.FromNanoseconds(trade_ns + 1)
    bench.triggers.quoted("ASML.SIMA", quote)
    bench.answer()
    bench.trade("650", received_ns=trade_ns)
    bench.trade("660", received_ns=trade_ns + 1)
    assert bench.commands == [MoveTrigger(ACCOUNT, FIRST, D(660))]


def test_when_the_stream_of_trades_ends_quotes_report_the_last_one_again(bench):
    bench.wait_by_trades()
    bench.last("650")
    bench.trade("645")
    bench.last("640")
    assert bench.commands == []
    bench.triggers.trades_silent()
    bench.last("640")
    assert bench.commands == [TriggerOrder(ACCOUNT, FIRST, D(640))]


def test_a_listing_that_is_no_longer_reported_has_no_price(bench):
    bench.quote("630")
    bench.trade("630")
    bench.triggers.quotes_only({"SAP.SIMA"})
    bench.triggers.trades_only({"SAP.SIMA"})
    bench.triggers.learn([waiting()])
    bench.wait_by_trades(order_id="01JD8QZ5T0000000000000000B")
    bench.triggers.look()
    assert bench.commands == []


@pytest.mark.parametrize("why", market_data_pb2.OffMarket.values()[1:])
def test_a_print_that_is_not_the_market_triggers_nothing(bench, why):
    bench.wait_by_trades(stop=640)
    bench.last("900")
    bench.clock.advance(1)
    trade = market_data_pb2.Trade(price="630", off_market=why)
    trade.received_at.FromNanoseconds(bench.clock.now_ns())
    bench.triggers.traded("ASML.SIMA", trade)
    bench.last("630", last_off_market=True)
    bench.triggers.look()
    assert bench.commands == []
    bench.trade("630")
    assert len(bench.commands) == 1


def test_a_withdrawn_trade_is_not_the_last_price_of_an_order_that_comes_later(bench):
    bench.last("900")
    bench.clock.advance(1)
    bench.trade("630")
    trade = market_data_pb2.Trade(price="630", withdrawn=True)
    trade.received_at.FromNanoseconds(bench.clock.now_ns())
    bench.triggers.traded("ASML.SIMA", trade)
    bench.clock.advance(1)
    bench.wait_by_trades(stop=640)
    bench.triggers.look()
    bench.last("900")
    assert bench.commands == []


@pytest.mark.parametrize("status", ["PRE_OPEN", "AUCTION", "HALTED"])
def test_bid_and_offer_of_a_call_phase_reach_no_stop_and_trades_do(bench, status):
    message = listing()
    message.trading_status = instrument_pb2.TradingStatus.Value(f"TRADING_STATUS_{status}")
    bench.venues._listing = {"ASML.SIMA": instrument_value(message)}.get
    second = f"{FIRST[:-1]}B"
    by_trades = waiting(second)
    by_trades = by_trades._replace(
        terms=by_trades.terms._replace(trigger_price_type=TriggerPriceType.LAST)
    )
    bench.triggers.learn([waiting(), by_trades])
    quote = market_data_pb2.Quote(bid_price="630", ask_price="900", last_price="700")
    bench.triggers.quoted("ASML.SIMA", quote)
    bench.triggers.look()
    assert bench.commands == []
    bench.trade("630")
    assert [command.order_id for command in bench.commands] == [second]
