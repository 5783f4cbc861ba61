"""What a venue refuses on a market-data session: MarketDataRequestReject(Y), and j and 3."""

from collections.abc import Callable
from typing import Final, NamedTuple

from fix import tags as t
from fix import wire

TEXT_MAX = 200
_NUMBER_DIGITS_MAX = 18
_KINDS: Final = {"j": "BusinessMessageReject(j)", "3": "Reject(3)"}
# BusinessRejectReason(380)=3: the venue does not know the MsgType(35).
_UNSUPPORTED: Final = "3"
# MDReqRejReason(281) in words.
PRICE_REASONS: Final = {
    "0": "unknown symbol",
    "1": "duplicate MDReqID(262)",
    "2": "insufficient bandwidth",
    "3": "insufficient permissions",
    "4": "SubscriptionRequestType(263) is not supported",
    "5": "MarketDepth(264) is not supported",
    "6": "MDUpdateType(265) is not supported",
    "7": "AggregatedBook(266) is not supported",
    "8": "MDEntryType(269) is not supported",
    "9": "TradingSessionID(336) is not supported",
    "A": "Scope(546) is not supported",
    "B": "OpenCloseSettlFlag(286) is not supported",
    "C": "MDImplicitDelete(547) is not supported",
    "D": "insufficient credit",
}


class Refusal(NamedTuple):
    """A refused request of ours."""

    of: str
    """MsgType(35) of the request; empty if it is not known."""
    text: str
    """The reason, for people."""
    request_id: str = ""
    """MDReqID(262) of a MarketDataRequest(V)."""
    symbol: str = ""
    """Symbol(55) of a SecurityStatusRequest(e)."""
    unsupported: bool = False
    """The venue takes no request of this type."""


def read_refusal(kind: str, raw: str, sent_message: Callable[[int], str]) -> Refusal | None:
    """Read a refusal; None if the message is none.

    Args:
        kind: MsgType(35) of the message.
        raw: Its text.
        sent_message: Returns the text that was sent with a MsgSeqNum(34).
    """
    found = wire.fields(wire.clean(raw))
    text = found.get(t.TEXT, "")[:TEXT_MAX]
    if kind == "Y":
        code = found.get(t.MD_REQ_REJ_REASON, "")
        words = PRICE_REASONS.get(code, "no reason that FIX knows")
        said = f"MarketDataRequestReject(Y), MDReqRejReason(281)={code[:20]} ({words}): {text}"
        return Refusal("V", said, found.get(t.MD_REQ_ID, ""))
    if kind not in _KINDS:
        return None
    number = found.get(t.REF_SEQ_NUM, "")
    known = number.isascii() and number.isdecimal() and len(number) <= _NUMBER_DIGITS_MAX
    sent = wire.fields(sent_message(int(number)) if known else "")
    refused = sent.get(t.MSG_TYPE) or found.get(t.REF_MSG_TYPE, "")
    return Refusal(
        refused,
        f"{_KINDS[kind]} of MsgType(35) {refused[:20]!r}: {text}",
        sent.get(t.MD_REQ_ID) or found.get(t.BUSINESS_REJECT_REF_ID, ""),
        sent.get(t.SYMBOL, ""),
        kind == "3" or found.get(t.BUSINESS_REJECT_REASON) == _UNSUPPORTED,
    )
