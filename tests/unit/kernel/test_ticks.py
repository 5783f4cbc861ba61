"""The band of a price."""

from decimal import Decimal

import pytest

from kernel.ticks import TickBand, band_at

BANDS = [("0", "0.01"), ("100", "0.05"), ("500", "0.1")]


@pytest.mark.parametrize(
    ("price", "tick"),
    [("-3", "0.01"), ("0", "0.01"), ("99.99", "0.01"), ("100", "0.05"), ("499.9", "0.05"),
     ("500", "0.1"), ("9999", "0.1")],
)  # fmt: skip
def test_a_band_begins_at_its_first_price_and_the_last_has_no_end(price, tick):
    table = [TickBand(Decimal(start), Decimal(step)) for start, step in BANDS]
    assert band_at(table, Decimal(price)).tick_size == Decimal(tick)
    whole = [TickBand(int(Decimal(start) * 100), int(Decimal(step) * 100)) for start, step in BANDS]
    assert band_at(whole, int(Decimal(price) * 100)).tick_size == int(Decimal(tick) * 100)
