"""The last trade of a snapshot, which has no id of the venue, is no second trade."""

import pytest

from kernel.nanoseconds import NS_PER_S
from svc_marketdata.domain.market import Aggressor, Changed, InstrumentMarket, Quote, Trade

NOW = 1_700_000_000 * NS_PER_S


def trade(price, size, trade_id="", **fields):
    return Trade(trade_id, price, size, Aggressor.BUY, NOW, NOW, **fields)


def again(price, size):
    """As the gateway makes it after a reconnect: under an id of its own."""
    return trade(price, size, f"last-{price}-{size}-", last_of_snapshot=True)


@pytest.mark.parametrize("trade_id", ["", "T1"])
def test_a_known_last_trade_counts_once(trade_id):
    market = InstrumentMarket("ASML.SIMA", "SIMA")
    for one in (trade("10", "5", trade_id), again("10", "5")):
        if market.add_trade(one, NOW):
            market.add_to_candle(one, NOW)
    assert market.candles.latest.trade_count == 1
    assert market.quote.day.volume == "5"


def test_a_last_trade_of_an_earlier_process_is_known():
    market = InstrumentMarket("ASML.SIMA", "SIMA")
    market.restore(Quote(last_price="10", last_size="5", received_ns=NOW))
    assert market.add_trade(again("10", "5"), NOW) == Changed.NOTHING


@pytest.mark.parametrize(("price", "size"), [("11", "5"), ("10", "6")])
def test_another_last_trade_was_made_in_between(price, size):
    market = InstrumentMarket("ASML.SIMA", "SIMA")
    market.add_trade(trade("10", "5", "T1"), NOW)
    assert market.add_trade(again(price, size), NOW) & Changed.TRADE
    # The next snapshot reports it again.
    assert market.add_trade(again(price, size), NOW + NS_PER_S) == Changed.NOTHING
