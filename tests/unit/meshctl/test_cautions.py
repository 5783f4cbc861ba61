"""What a person sees before an order is sent."""

import pytest

from meshctl.commands.orders.cautions import far_words, reaches
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2

QUOTE = market_data_pb2.Quote(bid_price="702.1", ask_price="702.2")
BUY, SELL = order_pb2.SIDE_BUY, order_pb2.SIDE_SELL


def request(side, limit):
    return order_service_pb2.PlaceRequest(
        instrument_id="ASML.SIMA",
        side=side,
        type=order_pb2.ORDER_TYPE_LIMIT,
        terms={"quantity": "10", "limit_price": limit},
    )


@pytest.mark.parametrize(
    ("side", "limit", "words"),
    [
        (BUY, "7000", "the limit 7000 is 896.9 % above the market (702.2)"),
        (SELL, "70", "the limit 70 is 90 % below the market (702.1)"),
        (BUY, "737.3", ""),
        (BUY, "70", ""),
        (SELL, "7000", ""),
    ],
)
def test_a_limit_far_on_the_wrong_side_of_the_market_is_warned_about(side, limit, words):
    assert far_words(request(side, limit), QUOTE) == words


@pytest.mark.parametrize("quote", [None, market_data_pb2.Quote()])
def test_without_a_price_there_is_no_warning(quote):
    assert far_words(request(BUY, "7000"), quote) == ""
    assert not reaches(request(BUY, "7000"), quote)


@pytest.mark.parametrize(
    ("side", "limit", "at_once"),
    [(BUY, "702.2", True), (BUY, "702.1", False), (SELL, "702.1", True), (SELL, "702.2", False)],
)
def test_a_limit_that_reaches_the_other_side_trades_at_once(side, limit, at_once):
    assert reaches(request(side, limit), QUOTE) is at_once
