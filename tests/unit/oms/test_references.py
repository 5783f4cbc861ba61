"""Reference prices: which quotes count, and for how long."""

from decimal import Decimal

import pytest

from ordermesh.marketdata.v1 import market_data_pb2
from svc_oms.service.reference.reference_prices import (
    REFERENCE_AGE_MAX_S,
    References,
    quote_price,
)
from tests.support.clock import ManualClock

ASML = "ASML.SIMA"
QUOTE = market_data_pb2.Quote(last_price="650")


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def references(clock):
    made = References(clock)
    made.begin()
    made.heard()
    return made


@pytest.mark.parametrize(
    ("quote", "price"),
    [
        ({"last_price": "1", "ask_price": "2", "bid_price": "3", "close_price": "4"}, "1"),
        ({"ask_price": "2", "bid_price": "3", "close_price": "4"}, "2"),
        ({"bid_price": "3", "close_price": "4"}, "3"),
        ({"close_price": "4"}, "4"),
        ({"last_price": "-1", "ask_price": "0", "bid_price": "3"}, "3"),
        ({}, None),
        ({"last_price": "-1"}, None),
    ],
)
def test_a_quote_stands_for_its_last_trade_or_what_comes_nearest(quote, price):
    expected = None if price is None else Decimal(price)
    assert quote_price(market_data_pb2.Quote(**quote)) == expected


def test_a_quiet_listing_is_as_current_as_its_stream(clock, references):
    references.learn(ASML, QUOTE)
    for _ in range(10):
        clock.advance(REFERENCE_AGE_MAX_S)
        assert references.price(ASML) == Decimal(650)
        references.heard()
    clock.advance(REFERENCE_AGE_MAX_S + 1)
    assert references.price(ASML) is None, "the stream is silent for too long"


@pytest.mark.parametrize("quote", [{"last_price": "650", "stale": True}, {}])
def test_stale_and_empty_quotes_do_not_count(references, quote):
    references.learn(ASML, QUOTE)
    references.learn(ASML, market_data_pb2.Quote(**quote))
    assert references.price(ASML) is None
    references.learn(ASML, QUOTE)
    assert references.price(ASML) == Decimal(650)


def test_a_price_of_an_earlier_connection_ages_whatever_the_new_one_reports(clock, references):
    references.learn(ASML, QUOTE)
    references.begin()
    references.begin()
    clock.advance(REFERENCE_AGE_MAX_S)
    references.heard()
    assert references.price(ASML) == Decimal(650)
    clock.advance(1)
    references.heard()
    assert references.price(ASML) is None
    references.learn(ASML, QUOTE)
    assert references.price(ASML) == Decimal(650)


def test_a_stale_quote_ends_a_price_of_an_earlier_connection(references):
    references.learn(ASML, QUOTE)
    references.begin()
    references.learn(ASML, market_data_pb2.Quote(last_price="650", stale=True))
    assert references.price(ASML) is None


def test_a_listing_without_quote_has_no_price(references):
    assert references.price(ASML) is None
