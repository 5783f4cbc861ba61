"""The requests of a market-data session: x, g, V."""

from collections.abc import Sequence

from fix import tags as t
from fix import wire
from svc_gateway.service.ports import Groups
from svc_gateway.venues import DialectConfig

SNAPSHOT, SUBSCRIBE = "0", "1"  # SubscriptionRequestType(263)
# bid, offer, trade, open, close, high, low, volume
ENTRY_TYPES = ("0", "1", "2", "4", "5", "7", "8", "B")


# imbalance, auction clearing price
AUCTION_TYPES = ("A", "Q")


def security_list_request(request_id: str) -> str:
    """Return SecurityListRequest(x) for all securities."""
    return wire.join(
        [(t.MSG_TYPE, "x"), (t.SECURITY_REQ_ID, request_id), (t.SECURITY_LIST_REQUEST_TYPE, "4")]
    )


def trading_session_status_request(request_id: str) -> str:
    """Return TradingSessionStatusRequest(g), snapshot and updates."""
    return wire.join(
        [(t.MSG_TYPE, "g"), (t.TRAD_SES_REQ_ID, request_id), (t.SUBSCRIPTION_REQUEST_TYPE, "1")]
    )


def market_data_request(
    request_id: str, symbols: Sequence[str], dialect: DialectConfig, kind: str
) -> tuple[str, Groups]:
    """Return MarketDataRequest(V) of some instruments; kind is SubscriptionRequestType(263)."""
    items = [
        (t.MSG_TYPE, "V"),
        (t.MD_REQ_ID, request_id),
        (t.SUBSCRIPTION_REQUEST_TYPE, kind),
        (t.MARKET_DEPTH, str(dialect.md_depth)),
    ]
    if kind == SUBSCRIBE:
        items.append((t.MD_UPDATE_TYPE, "1" if dialect.md_update == "incremental" else "0"))
    items.append((t.AGGREGATED_BOOK, "Y"))
    if kind == SUBSCRIBE and dialect.md_depth:
        # What a change pushes out of the book is cut off here.
        items.append((t.MD_IMPLICIT_DELETE, "Y"))
    types = ENTRY_TYPES + AUCTION_TYPES if dialect.auction_prices else ENTRY_TYPES
    return wire.join(items), _groups(symbols, types)


def _groups(symbols: Sequence[str], types: Sequence[str]) -> Groups:
    entries = [f"{t.MD_ENTRY_TYPE}={kind}" for kind in types]
    related = [f"{t.SYMBOL}={symbol}" for symbol in symbols]
    return (
        (int(t.NO_MD_ENTRY_TYPES), int(t.MD_ENTRY_TYPE), entries),
        (int(t.NO_RELATED_SYM), int(t.SYMBOL), related),
    )
