"""TradingSessionStatus(h): what a venue reports of one of its trading sessions."""

from typing import Final

from fix import tags as t
from fix import wire
from svc_gateway.domain.market.trading_sessions import UNKNOWN, Reported

# The contracts' general limit of a text, characters.
_TEXT_MAX: Final = 256
_STATUSES: Final = frozenset({"1", "2", "3", "4", "5"})


def read_trading_session(raw: str) -> Reported:
    """Read a TradingSessionStatus(h); a TradSesStatus(340) that is not known is UNKNOWN."""
    found = wire.fields(wire.clean(raw))
    value = found.get(t.TRAD_SES_STATUS, "")
    return Reported(
        int(value) if value in _STATUSES else UNKNOWN,
        found.get(t.TRADING_SESSION_ID, "")[:_TEXT_MAX],
        wire.utc_ns(found.get(t.TRAD_SES_CLOSE_TIME, ""))
        or wire.utc_ns(found.get(t.TRAD_SES_END_TIME, "")),
        found.get(t.TRAD_SES_REQ_ID, ""),
        wire.utc_ns(found.get("122", "")),
    )
