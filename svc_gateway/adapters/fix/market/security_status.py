"""Trading status of listings: SecurityStatusRequest(e), and SecurityTradingStatus(326)."""

from collections.abc import Mapping
from typing import Final

from fix import tags as t
from fix import wire
from ordermesh.marketdata.v1 import instrument_pb2 as pb
from svc_gateway.domain.market.security_status import SecurityStatus, is_known, status_of

_TRADING_STATUS: Final = {
    SecurityStatus.OPEN: pb.TRADING_STATUS_OPEN,
    SecurityStatus.HALTED: pb.TRADING_STATUS_HALTED,
    SecurityStatus.CLOSED: pb.TRADING_STATUS_CLOSED,
    SecurityStatus.PRE_OPEN: pb.TRADING_STATUS_PRE_OPEN,
    SecurityStatus.AUCTION: pb.TRADING_STATUS_AUCTION,
    SecurityStatus.NOT_TRADED: pb.TRADING_STATUS_DELISTED,
}


def security_status_request(request_id: str, symbol: str) -> str:
    """Return SecurityStatusRequest(e) about one listing, for now and for every change."""
    return wire.join(
        [
            (t.MSG_TYPE, "e"),
            (t.SECURITY_STATUS_REQ_ID, request_id),
            (t.SYMBOL, symbol),
            (t.SUBSCRIPTION_REQUEST_TYPE, "1"),
        ]
    )


def reported_status(fields: Mapping[str, str]) -> tuple[pb.TradingStatus, str]:
    """Read SecurityTradingStatus(326).

    Returns:
        The status, not specified if it stays as it is; and the fault of a code that is not known.
    """
    code = fields.get(t.SECURITY_TRADING_STATUS, "")
    status = status_of(code)
    fault = "" if is_known(code) else f"SecurityTradingStatus(326) {code[:20]!r} is not known"
    return pb.TRADING_STATUS_UNSPECIFIED if status is None else _TRADING_STATUS[status], fault
