"""Which listings `ordermesh demo` trades."""

import pytest

from meshctl.commands.demo import can_be_shown
from ordermesh.marketdata.v1 import instrument_pb2


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, True),
        ({"simulated": False}, False),
        ({"trading_status": instrument_pb2.TRADING_STATUS_HALTED}, False),
        ({"trading_status": instrument_pb2.TRADING_STATUS_DELISTED}, False),
        ({"trading_status": instrument_pb2.TRADING_STATUS_UNSPECIFIED}, False),
        ({"no_prices": instrument_pb2.NO_PRICES_REFUSED}, False),
    ],
)
def test_the_demo_trades_what_is_open_and_has_prices(changes, shown):
    fields = {"simulated": True, "trading_status": instrument_pb2.TRADING_STATUS_OPEN} | changes
    assert can_be_shown(instrument_pb2.Instrument(**fields)) is shown
