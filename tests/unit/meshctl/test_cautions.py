"""What a person sees before an order is sent."""

import pytest

from meshctl.commands.orders.cautions import far_words, reaches, warned_of_change
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


@pytest.mark.parametrize("limit", ["ten", "NaN", "1e400", "١٢", "640.", "-"])
def test_what_is_no_number_is_left_to_the_mesh(limit):
    assert far_words(request(BUY, limit), QUOTE) == ""
    assert not reaches(request(BUY, limit), QUOTE)


def test_any_limit_that_a_contract_allows_can_be_warned_about():
    tiny = market_data_pb2.Quote(bid_price="0.000000001", ask_price="0.000000001")
    assert "% above the market" in far_words(request(BUY, "9" * 18), tiny)


def test_a_market_at_zero_says_nothing_of_a_limit():
    nothing = market_data_pb2.Quote(bid_price="0", ask_price="0")
    assert far_words(request(BUY, "7000"), nothing) == ""


class Mesh:
    """A client that knows one quote."""

    async def quotes(self, instrument_ids):
        return dict.fromkeys(instrument_ids, QUOTE)


@pytest.mark.parametrize(("limit", "warns"), [("7000", True), ("702", False)])
async def test_an_order_is_not_changed_to_a_limit_far_from_the_market_without_a_word(
    capsys, limit, warns
):
    order = order_pb2.Order(instrument_id="ASML.SIMA", side=BUY, type=order_pb2.ORDER_TYPE_LIMIT)
    await warned_of_change(Mesh(), order, order_pb2.OrderTerms(limit_price=limit), yes=True)
    assert ("above the market" in capsys.readouterr().err) is warns
