"""TradingSessionStatus(h) on a market-data session: one status of all trading sessions."""

import pytest

from ordermesh.marketdata.v1 import instrument_pb2 as pb
from svc_gateway.domain.market.trading_sessions import Reported
from svc_gateway.service.market.venue_trading import VenueTrading

OPEN, HALTED, CLOSED = pb.TRADING_STATUS_OPEN, pb.TRADING_STATUS_HALTED, pb.TRADING_STATUS_CLOSED
AUCTION, UNKNOWN = pb.TRADING_STATUS_AUCTION, pb.TRADING_STATUS_UNSPECIFIED


@pytest.mark.parametrize(
    ("reports", "status"),
    [
        ([("DAY", 2)], OPEN),
        # The end of one trading session is not that of another.
        ([("DAY", 2), ("EVENING", 3)], OPEN),
        ([("EVENING", 3), ("DAY", 2)], OPEN),
        ([("DAY", 2), ("EVENING", 3), ("DAY", 3)], CLOSED),
        ([("DAY", 1), ("EVENING", 3)], HALTED),
        ([("DAY", 3), ("EVENING", 4)], pb.TRADING_STATUS_PRE_OPEN),
        ([("", 2), ("", 3)], CLOSED),
        ([("DAY", 0)], UNKNOWN),
    ],
)
def test_the_session_counts_that_takes_most_orders(reports, status) -> None:
    trading = VenueTrading(asks=True)
    trading.asked("status-1", 0.0)
    for at, (name, reported) in enumerate(reports, 1):
        trading.heard(Reported(reported, name), at)
    assert trading.status == status


def test_the_answer_after_a_logon_voids_what_was_known() -> None:
    trading = VenueTrading(asks=True)
    trading.asked("status-1", 0.0)
    trading.heard(Reported(2, "EVENING", request_id="status-1"), 1)
    trading.asked("status-2", 5.0)
    assert trading.status == OPEN
    trading.heard(Reported(3, "DAY", request_id="status-2"), 2)
    assert trading.status == CLOSED


def test_a_venue_that_is_not_asked_is_open_until_it_reports() -> None:
    trading = VenueTrading(asks=False)
    assert trading.status == UNKNOWN
    trading.asked("", 0.0)
    assert trading.status == OPEN
    trading.heard(Reported(3, "DAY"), 1)
    assert trading.status == CLOSED
