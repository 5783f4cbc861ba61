"""A line of quotes names its listing as the venue writes the symbol."""

from collections.abc import AsyncIterator

from meshctl.commands.prices import _print_quotes
from ordermesh.marketdata.v1 import market_data_pb2


async def one_update() -> AsyncIterator[market_data_pb2.MarketDataItem]:
    quote = {"bid_price": "480.10", "bid_size": "5", "ask_price": "480.20", "ask_size": "7"}
    yield market_data_pb2.MarketDataItem(update={"instrument_id": "BRK_2EB.SIMA", "quote": quote})


async def test_a_quote_of_an_odd_symbol_has_the_symbol_of_the_venue(capsys) -> None:
    await _print_quotes(one_update(), {"BRK_2EB.SIMA": "BRK.B.SIMA"})
    printed = capsys.readouterr().out
    assert printed.startswith("BRK.B.SIMA ")
    assert "480.10" in printed
