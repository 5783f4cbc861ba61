"""Whether the venue of a market-data session trades: its trading sessions as one status."""

from typing import Final

from ordermesh.marketdata.v1 import instrument_pb2 as pb
from svc_gateway.domain.market.trading_sessions import Reported, TradingSessions

# By TradSesStatus(340); others are not known.
_STATUS_OF: Final = {
    1: pb.TRADING_STATUS_HALTED,
    2: pb.TRADING_STATUS_OPEN,
    3: pb.TRADING_STATUS_CLOSED,
    4: pb.TRADING_STATUS_PRE_OPEN,
    5: pb.TRADING_STATUS_AUCTION,
}


class VenueTrading:
    """What the TradingSessionStatus(h) of one market-data session say together.

    Args:
        asks: Whether the venue answers TradingSessionStatusRequest(g). Another one counts as open
            until it reports something.
    """

    def __init__(self, *, asks: bool) -> None:
        self._asks = asks
        self._sessions = TradingSessions(asks=asks)
        self._begun = False

    def asked(self, request_id: str, now_s: float) -> None:
        """Note the question of a new logon, or after lost messages; its first answer voids all."""
        self._begun = True
        if self._asks:
            self._sessions.asked(request_id, now_s)

    def heard(self, report: Reported, received_ns: int) -> None:
        """Note one report."""
        self._sessions.heard(report, received_ns)

    @property
    def status(self) -> pb.TradingStatus:
        """The status that counts; not specified if it is not known."""
        if self._sessions.since_ns or self._asks or not self._begun:
            return _STATUS_OF.get(self._sessions.status, pb.TRADING_STATUS_UNSPECIFIED)
        return pb.TRADING_STATUS_OPEN
