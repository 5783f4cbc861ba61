"""What the terminal says of orders and events."""

from io import StringIO

import pytest
from rich.console import Console

from meshctl.commands.common import resolve
from meshctl.commands.orders.orders import orders_table
from meshctl.commands.words import event_words, no_prices_words, order_words, quote_words
from ordermesh.marketdata.v1 import instrument_pb2, market_data_pb2
from ordermesh.oms.v1 import event_pb2, order_pb2


def test_what_does_not_fit_is_reported_with_its_event():
    event = event_pb2.OrderEvent(acknowledged={})
    assert event_words(event) == "acknowledged"
    event.anomaly = "ExecType(150)=Z is not known"
    assert event_words(event) == "acknowledged (anomaly: ExecType(150)=Z is not known)"


def test_an_order_with_anomalies_says_so_in_a_list():
    one = order_pb2.Order(order_id="O-1", instrument_id="ASML.SIMA", terms={"quantity": "1"})
    for count, shown in ((0, False), (2, True)):
        one.anomaly_count = count
        out = StringIO()
        Console(file=out, width=120).print(orders_table([one]))
        assert ("2 anomalies" in out.getvalue()) is shown


def test_an_order_names_its_listing_as_the_venue_writes_the_symbol():
    one = order_pb2.Order(instrument_id="BRK_2EB.SIMA", venue_mic="SIMA", terms={"quantity": "1"})
    assert " BRK_2EB.SIMA " in order_words(one)
    one.venue_symbol = "BRK.B"
    assert " BRK.B.SIMA " in order_words(one)


def test_an_odd_lot_that_is_left_over_is_named():
    event = event_pb2.OrderEvent(released={"waits_for": order_pb2.WAITS_FOR_PRICE})
    assert "odd lot" not in event_words(event)
    event.released.odd_lot_remainder = "5"
    assert event_words(event).endswith("; odd lot of 5 left over")


@pytest.mark.parametrize(
    ("reason", "text", "said"),
    [
        ("NO_PRICES_UNSPECIFIED", "", ""),
        ("NO_PRICES_REFUSED", "unknown symbol", "the venue refuses them: unknown symbol"),
        ("NO_PRICES_NO_SESSION", "", "no market-data session with the venue"),
        ("NO_PRICES_DELISTED", "", "the venue does not list it any more"),
        (99, "", "a reason that this program does not know"),
    ],
)
def test_why_a_listing_has_no_prices(reason, text, said):
    listing = instrument_pb2.Instrument(no_prices=reason, no_prices_text=text)
    assert no_prices_words(listing) == said


@pytest.mark.parametrize(
    "wanted", ["BRK.B", "BRK.B.SIMA", "BRK_2EB", "brk_2eb.sima", "brk.b", "Brk.b.sima"]
)
async def test_a_listing_is_found_by_its_name_and_by_the_venues_symbol(wanted):
    class Mesh:
        async def instruments(self, text):
            assert text in {"BRK", "BRK_2EB"}
            return [
                instrument_pb2.Instrument(
                    instrument_id="BRK_2EB.SIMA", symbol="BRK_2EB", venue_symbol="BRK.B",
                    venue_mic="SIMA",
                )
            ]  # fmt: skip

    assert (await resolve(Mesh(), wanted)).instrument_id == "BRK_2EB.SIMA"


async def test_symbols_that_differ_in_small_letters_are_told_apart():
    class Mesh:
        async def instruments(self, _):
            return [
                instrument_pb2.Instrument(
                    instrument_id=f"{name}.SIMA", symbol=name, venue_symbol=symbol, venue_mic="SIMA"
                )
                for name, symbol in {"BRK_2EB": "BRK.B", "BRK_2E_62": "BRK.b"}.items()
            ]

    assert (await resolve(Mesh(), "BRK.b")).symbol == "BRK_2E_62"
    assert (await resolve(Mesh(), "BRK.B")).symbol == "BRK_2EB"


def test_a_quote_is_a_line_with_the_average_price_of_the_day():
    quote = market_data_pb2.Quote(
        bid_price="10", bid_size="5", last_price="10.5", volume="7", vwap_price="10.428571429"
    )
    words = "ASML.SIMA  5 x 10 / - x -  last 10.5  volume 7  vwap 10.428571429"
    assert quote_words("ASML.SIMA", quote) == words
    words = "ASML.SIMA  - x - / - x -  last -  volume -  vwap -"
    assert quote_words("ASML.SIMA", market_data_pb2.Quote()) == words
