"""Delayed values: never younger than 15 minutes, taken once per interval, and bounded."""

import pytest

from kernel.nanoseconds import NS_PER_S
from ordermesh.marketdata.v1 import market_data_pb2
from svc_marketdata.api.fields import ALWAYS, VALUES
from svc_marketdata.domain.price_rights import PriceRight, PriceRights, read_rights
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delayed import DELAY_S, DELAYED_INTERVAL_S, VALUES_KEPT_MAX
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.groups import Subscriber
from tests.unit.marketdata.test_feed_session import ID, Bench, book, trade

TICK_S = 0.25


def delayed_reader(bench):
    subscriber = bench.subscriber = Subscriber()
    topics = frozenset({Topic.QUOTE, Topic.BOOK, Topic.TRADE, Topic.CANDLE})
    rights = PriceRights(PriceRight.DELAYED)
    bench.hub.open(subscriber, Interest(topics=topics, mode=Mode.EVERY_EVENT, rights=rights))


def test_values_come_fifteen_minutes_later_and_marked():
    bench = Bench()
    session = bench.feed()
    delayed_reader(bench)
    began_ns = bench.clock.now_ns()
    sent: dict[str, int] = {}
    seen: dict[str, int] = {}
    for tick in range(int((DELAY_S + 300) / TICK_S)):
        if tick % 40 == 0:
            price = str(1 + tick // 40)
            sent[price] = bench.clock.now_ns()
            book(session, bench.clock.now_ns(), price)
            session.end_frame()
        bench.clock.advance(TICK_S)
        bench.data.tick()
        for item in bench.items():
            assert item.update.HasField("quote"), "an order book or candle is never given"
            assert item.update.delayed_s == DELAY_S
            seen[item.update.quote.bid_price] = bench.clock.now_ns()
    assert seen
    for price, shown_ns in seen.items():
        assert shown_ns - sent[price] >= DELAY_S * NS_PER_S
    first_ns = min(seen.values())
    assert first_ns - began_ns <= (DELAY_S + 2 * DELAYED_INTERVAL_S + 1) * NS_PER_S
    # One value per interval, however many came.
    assert len(seen) <= (300 / DELAYED_INTERVAL_S) + 1


def test_trades_are_delayed_and_nothing_is_kept_without_end():
    bench = Bench()
    session = bench.feed()
    delayed_reader(bench)
    kinds = set()
    for number in range(int((DELAY_S + 600) / DELAYED_INTERVAL_S * 2)):
        now_ns = bench.clock.now_ns()
        trade(session, f"T{number}", now_ns, now_ns, str(1 + number))
        session.end_frame()
        bench.clock.advance(DELAYED_INTERVAL_S / 2)
        bench.data.tick()
        kinds |= set(bench.kinds())
        for value in bench.data.delayed._values:
            assert len(value._waiting) <= VALUES_KEPT_MAX
    assert kinds == {"quote", "trade"}
    assert ID in bench.data.listed


@pytest.mark.parametrize("step_s", [-7200, -60, 60, 7200])
def test_a_step_of_the_wall_clock_shows_nothing_early_or_late(step_s):
    bench = Bench()
    session = bench.feed()
    delayed_reader(bench)
    book(session, bench.clock.now_ns(), "10")
    session.end_frame()
    passed, shown = 0.0, None
    while shown is None and passed < DELAY_S + 3 * DELAYED_INTERVAL_S:
        if passed == DELAY_S // 2:
            bench.clock.step(step_s)
        session.begin_frame()
        bench.clock.advance(10)
        passed += 10
        bench.data.tick()
        shown = passed if bench.kinds() else None
    assert DELAY_S <= shown <= DELAY_S + 2 * DELAYED_INTERVAL_S


@pytest.mark.parametrize("step_s", [-7200, 7200])
def test_a_step_of_the_wall_clock_makes_no_feed_silent(step_s):
    bench = Bench()
    session = bench.feed()
    book(session, bench.clock.now_ns(), "10")
    session.end_frame()
    bench.clock.step(step_s)
    bench.data.tick()
    assert not session.venue.quiet
    bench.clock.advance(bench.hub.limits.feed_silence_max_s + 1)
    bench.data.tick()
    assert session.venue.quiet


def test_a_choice_of_fields_keeps_all_that_says_whether_a_value_counts():
    """Every flag of the messages, except which side took the initiative in a trade."""
    update = market_data_pb2.MarketDataUpdate.DESCRIPTOR.fields_by_name
    for value, topic in VALUES.items():
        flags = {
            one.name
            for one in update[value].message_type.fields
            if one.type in {one.TYPE_BOOL, one.TYPE_ENUM}
        }
        assert flags - {"aggressor"} <= ALWAYS[topic], value


def test_rights_are_read_and_what_cannot_be_read_gives_none():
    for claims, of in (
        ([], {"SIMA": PriceRight.NONE}),
        (["*=REAL_TIME"], {"SIMA": PriceRight.REAL_TIME}),
        (
            ["*=DELAYED", "SIMA=REAL_TIME", "SIMB=NONE"],
            {
                "SIMA": PriceRight.REAL_TIME,
                "SIMB": PriceRight.NONE,
                "SIMC": PriceRight.DELAYED,
            },
        ),
        (["*=REAL_TIME", "SIMA=later"], {"SIMA": PriceRight.NONE}),
        (["*", "=", "", "SIMA"], {"SIMA": PriceRight.NONE, "SIMB": PriceRight.NONE}),
    ):
        rights = read_rights(claims)
        assert {mic: rights.of(mic) for mic in of} == of
    assert read_rights(["*=NONE", "SIMA=NONE"]) == read_rights([])
