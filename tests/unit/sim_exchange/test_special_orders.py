"""Special orders through the FIX text of a venue: requests and reports."""

import dataclasses

import pytest

from kernel.ticks import TickBand
from sim_exchange.adapters.fix.terms import read_terms
from sim_exchange.domain.order import Order, OrderKind, Side, TimeInForce
from sim_exchange.domain.prices import TickTable
from sim_exchange.instruments import INSTRUMENTS
from sim_exchange.service.checks import problem_of_new
from tests.support.venue_driver import SAP, Driver, short

ALL_DAY = 24 * 3600 * 10**9
GTD = {"59": "6", "126": "20270115-08:00:00"}
EXPIRES_NS = 1_800_000_000_000_000_000
STOP = {"40": "3", "44": None, "99": "245"}
TRAILING_SELL = {"40": "P", "18": "a", "54": "2", "44": None, "211": "-1.5"}


def values_of(answer: dict[str, str], *tags: str) -> tuple:
    return tuple(answer.get(tag, "") for tag in tags)


def trade(driver: Driver, price: int) -> None:
    """A trade of others."""
    book = driver.venue.markets["SAP"].book
    book.submit(Order(object(), Side.SELL, price, 1), driver.now)
    book.submit(Order(object(), Side.BUY, price, 1, tif=TimeInForce.IOC), driver.now)


def test_a_stop_is_reported_restated_when_it_triggers_and_then_trades(driver) -> None:
    driver.rest(price=2_460_000, quantity=100)
    (new,) = driver.place("1", **STOP)
    assert short(new) == ("1", "0", "0", "100", "0")
    assert values_of(new, "40", "99", "44") == ("3", "245", "")
    trade(driver, 2_450_000)
    restated, fill = driver.answers()
    assert short(restated) == ("1", "D", "0", "100", "0")
    assert values_of(restated, "378", "58", "40") == ("99", "stop price reached", "3")
    assert short(fill) == ("1", "F", "2", "0", "100")


def test_a_stop_limit_rests_and_is_replaced_after_its_trigger(driver) -> None:
    driver.place("1", **{"40": "4", "44": "246", "99": "245"})
    trade(driver, 2_450_000)
    assert [short(a)[1] for a in driver.answers()] == ["D"]
    (replaced,) = driver.replace("2", "1", **{"40": "4", "44": "247", "99": "245", "38": "90"})
    assert short(replaced) == ("2", "5", "0", "90", "0")
    assert values_of(replaced, "44", "99", "41") == ("247", "245", "1")


def test_a_trailing_stop_reports_where_it_starts_and_each_move(driver) -> None:
    trade(driver, 2_400_000)
    (new,) = driver.place("1", **TRAILING_SELL)
    assert values_of(new, "40", "18", "211", "99", "44") == ("P", "a", "-1.5", "238.5", "")
    trade(driver, 2_420_000)
    (moved,) = driver.answers()
    assert values_of(moved, "150", "378", "99") == ("D", "3", "240.5")
    trade(driver, 2_405_000)
    restated, canceled = driver.answers()
    assert values_of(restated, "150", "378", "99") == ("D", "99", "240.5")
    assert values_of(canceled, "150", "58") == ("4", "market order: no quantity on the other side")


def test_a_trailing_stop_is_replaced_with_another_distance(driver) -> None:
    trade(driver, 2_400_000)
    driver.place("1", **TRAILING_SELL)
    (replaced,) = driver.replace("2", "1", **{**TRAILING_SELL, "211": "-0.5"})
    assert values_of(replaced, "150", "211", "99") == ("5", "-0.5", "239.5")


def test_a_market_to_limit_order_reports_the_limit_it_found(driver) -> None:
    driver.rest(price=2_400_000, quantity=60)
    driver.rest(price=2_410_000, quantity=60)
    new, fill, restated = driver.place("1", **{"40": "K", "44": None})
    assert values_of(new, "40", "44") == ("K", "")
    assert short(fill) == ("1", "F", "1", "40", "60")
    assert short(restated) == ("1", "D", "1", "40", "60")
    assert values_of(restated, "40", "44", "378") == ("K", "240", "3")
    (reject,) = driver.replace("2", "1", **{"40": "K", "44": ""})
    assert values_of(reject, "35", "102", "58") == (
        "", "99", "Price(44) is missing: the order has become a limit order",
    )  # fmt: skip
    (replaced,) = driver.replace("3", "1", **{"40": "K", "44": "239", "38": "90"})
    assert values_of(replaced, "150", "44", "151") == ("5", "239", "30")


def test_an_iceberg_shows_what_it_says(driver) -> None:
    (new,) = driver.place("1", **{"111": "30"})
    assert values_of(new, "40", "44", "111") == ("2", "240", "30")
    level = driver.venue.markets["SAP"].book.best(Side.BUY)
    assert (level.quantity, level.hidden) == (30, 70)
    (reject,) = driver.replace("2", "1")
    assert values_of(reject, "434", "102") == ("2", "99")
    (replaced,) = driver.replace("2", "1", **{"111": "50"})
    assert values_of(replaced, "150", "111") == ("5", "50")
    level = driver.venue.markets["SAP"].book.best(Side.BUY)
    assert (level.quantity, level.hidden) == (50, 50)


def test_a_peg_reports_its_price_apart_from_its_cap(driver) -> None:
    driver.rest(Side.BUY, 2_390_000, 10)
    peg = {"40": "P", "18": "R", "44": "240", "211": "-0.1"}
    (new,) = driver.place("1", **peg)
    assert values_of(new, "40", "18", "211", "44", "839") == ("P", "R", "-0.1", "240", "238.9")
    driver.rest(Side.BUY, 2_395_000, 10)
    (moved,) = driver.answers()
    assert values_of(moved, "150", "39", "378", "839", "44") == ("D", "0", "3", "239.4", "240")
    (canceled,) = driver.cancel("2", "1")
    assert values_of(canceled, "150", "41") == ("4", "1")


def test_what_a_cancel_sets_off_is_not_its_answer(driver) -> None:
    """A peg that moves and a stop that triggers by it are reported without OrigClOrdID(41)."""
    driver.place("1", **{"44": "239"})
    driver.place("2", **{"40": "P", "18": "R", "44": None})
    canceled, moved = driver.cancel("3", "1")
    assert values_of(canceled, "11", "150", "41") == ("3", "4", "1")
    assert values_of(moved, "11", "150", "41", "839") == ("2", "D", "", "")


def test_gtd_expires_when_its_time_has_come(driver) -> None:
    (new,) = driver.place("1", **GTD)
    assert values_of(new, "59", "126") == ("6", "20270115-08:00:00.000000")
    driver.place("2", **GTD)
    driver.place("3", **{"59": "6", "126": "20270115-07:00:00"})
    (replaced,) = driver.replace("4", "2", **{"59": "6", "126": "20270115-09:00:00"})
    assert replaced["126"] == "20270115-09:00:00.000000"
    driver.cancel("5", "3")
    driver.venue.expire_due(EXPIRES_NS - 1)
    assert driver.answers() == []
    driver.venue.expire_due(EXPIRES_NS)
    (expired,) = driver.answers()
    assert short(expired) == ("1", "C", "C", "0", "0")
    assert expired["58"] == "good-till date reached"
    driver.venue.expire_due(EXPIRES_NS + 2 * ALL_DAY)
    assert [answer["11"] for answer in driver.answers()] == ["4"]


def test_an_expiry_in_the_past_is_refused(driver) -> None:
    driver.now = EXPIRES_NS
    (refused,) = driver.place("1", **GTD)
    assert values_of(refused, "150", "58") == ("8", "ExpireTime(126) is not in the future")


def test_gtd_and_day_orders_at_the_close(driver) -> None:
    driver.place("1", **GTD)
    driver.place("2", **{**STOP, "59": "0"})
    driver.venue.close_session(5)
    assert [(a["11"], a["150"]) for a in driver.answers()] == [("2", "C")]


def test_opening_orders_come_before_the_opening_and_expire_after_it(driver) -> None:
    driver.venue.close_session(5)
    driver.answers()
    (refused,) = driver.place("1")
    assert refused["103"] == "2"
    assert short(driver.place("2", **{"59": "2"})[0])[1] == "0"
    driver.place("3", **{"59": "2", "54": "2", "38": "60", "40": "1", "44": None})
    driver.venue.open_session(6)
    assert [short(answer)[:4] for answer in driver.answers()] == [
        ("2", "F", "1", "40"), ("3", "F", "2", "0"), ("2", "C", "C", "0"),
    ]  # fmt: skip


def test_closing_orders_trade_at_the_close(driver) -> None:
    driver.place("1", **{"59": "7"})
    driver.rest(quantity=100)
    assert driver.answers() == []
    driver.venue.close_session(5)
    assert [short(answer)[:4] for answer in driver.answers()] == [("1", "F", "2", "0")]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"111": "30", "59": "3"}, "TimeInForce(59) IOC does not go with this order"),
        ({"40": "K", "44": None, "59": "4"}, "TimeInForce(59) FOK does not go with this order"),
        ({"40": "P", "18": "M", "59": "2"}, "TimeInForce(59) AT_OPEN does not go with this"),
        ({**STOP, "59": "7"}, "TimeInForce(59) AT_CLOSE does not go with this order"),
        ({"40": "K"}, "Price(44) of a market-to-limit order is found by the venue"),
        ({**STOP, "99": "245.01"}, "stop price 245.01 is not a multiple of the tick 0.05"),
        ({"111": "101"}, "display quantity 101 is not a part of 100 in lots"),
    ],
)
def test_what_does_not_go_together_is_rejected_in_words(driver, changes, text) -> None:
    (refused,) = driver.place("1", **changes)
    assert refused["150"] == "8"
    assert refused["58"].startswith(text)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"38": "105"}, "quantity 105 is not a multiple of the lot 10"),
        ({"111": "15"}, "display quantity 15 is not a part of 100 in lots"),
        ({"40": "P", "18": "R", "211": "-0.0003"}, "offset is not a multiple of the tick 0.0005"),
        ({"40": "P", "18": "a", "211": "0.0003"}, "offset is not a multiple of the tick 0.0005"),
    ],
)
def test_lots_and_ticks_hold_for_every_part_of_an_order(changes, text) -> None:
    listed = next(one for one in INSTRUMENTS if one.symbol == "SAP")
    coarse = dataclasses.replace(listed, lot=10, ticks=TickTable((TickBand(0, 5),)))
    market = Driver(instruments=[coarse]).venue.markets["SAP"]
    problem = problem_of_new(market, read_terms({**SAP, **changes}), 1, is_open=True)
    assert problem is not None
    assert problem[1] == text


def test_a_replace_cannot_make_another_order_of_it(driver) -> None:
    driver.place("1")
    for changes in ({"111": "10"}, {"40": "K"}, {"59": "3"}, {"59": "2"}):
        (reject,) = driver.replace("2", "1", **changes)
        assert (reject["434"], reject["102"]) == ("2", "99")


@pytest.mark.parametrize("changes", [STOP, {"111": "10"}, GTD, {"59": "2"}, {"40": "P", "18": "R"}])
def test_a_basic_venue_refuses_what_it_does_not_offer(changes) -> None:
    driver = Driver(basic_orders=True)
    (refused,) = driver.place("1", **changes)
    assert values_of(refused, "150", "103") == ("8", "11")
    assert "takes market and limit orders" in refused["58"]
    assert short(driver.place("2")[0])[1] == "0"


def test_every_kind_is_known_by_its_status(driver) -> None:
    trade(driver, 2_400_000)
    asked = {
        OrderKind.STOP: STOP,
        OrderKind.STOP_LIMIT: {"40": "4", "99": "245"},
        OrderKind.TRAILING_STOP: TRAILING_SELL,
        OrderKind.PEGGED: {"40": "P", "18": "R"},
    }
    for name, changes in asked.items():
        driver.place(name.name, **changes)
        status = driver.status(name.name)
        assert values_of(status, "150", "39", "151") == ("I", "0", "100")
    assert len(driver.venue.open_orders("C")) == len(asked)
    assert driver.venue.cancel_after_restart(9) == len(asked)
