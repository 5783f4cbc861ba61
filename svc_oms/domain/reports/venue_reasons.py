"""What a venue's reject code means to a machine: one of our reasons.

The reason carries the retry class (mesh/errors.py), so a client that decides by reason does the
same whether we or the venue refused. Only a venue's refusal has a venue_code. The code and
Text(58) are always kept: they are the fact, the reason is an interpretation. VENUE_REJECTED
stands for codes that suggest no action (broker's choice, surveillance, other), for codes
outside the standard, and for the venue's own.

mesh/errors.py maps our reasons back to the codes. All values up to 99 of FIX 4.4 are here, and
those that later versions added, because venues send them early.
"""

from collections.abc import Mapping
from typing import Final

OTHER: Final = "VENUE_REJECTED"

BY_ORD_REJ_REASON: Final[Mapping[int, str]] = {
    0: OTHER,  # broker or exchange option
    1: "INSTRUMENT_NOT_FOUND",
    2: "INSTRUMENT_NOT_TRADABLE",  # exchange closed
    3: "VENUE_LIMIT_EXCEEDED",
    4: "INSTRUMENT_NOT_TRADABLE",  # too late to enter
    5: "ORDER_NOT_FOUND",
    6: "DUPLICATE_ORDER",
    7: "DUPLICATE_ORDER",  # of a verbally communicated order
    8: "NOT_SENT",  # stale: as if it had never been sent; a new key may be tried
    9: OTHER,  # trade along required
    10: "INVALID_FIELD",  # investor id
    11: "UNSUPPORTED_ORDER_CHARACTERISTIC",
    12: OTHER,  # surveillance option
    13: "QUANTITY_OFF_LOT",
    14: "INVALID_FIELD",  # allocated quantity
    15: "ACCOUNT_NOT_ALLOWED",
    16: "PRICE_COLLAR_EXCEEDED",
    18: "PRICE_OFF_TICK",
    19: "REFERENCE_PRICE_MISSING",
    20: "VENUE_LIMIT_EXCEEDED",  # notional value
    21: "VENUE_LIMIT_EXCEEDED",  # algorithm risk threshold
    22: "SHORT_SALE_NOT_ALLOWED",
    23: "SHORT_SALE_NOT_ALLOWED",  # security pre-borrow
    24: "SHORT_SALE_NOT_ALLOWED",  # account pre-borrow
    25: "BUYING_POWER_EXCEEDED",
    26: "VENUE_LIMIT_EXCEEDED",  # clip size
    27: "VENUE_LIMIT_EXCEEDED",  # largest notional amount
    28: "VENUE_LIMIT_EXCEEDED",  # DV01/PV01
    29: "VENUE_LIMIT_EXCEEDED",  # CS01
    99: OTHER,
}
"""OrdRejReason(103)."""

BY_CXL_REJ_REASON: Final[Mapping[int, str]] = {
    0: "ORDER_CLOSED",  # too late to cancel
    1: "ORDER_NOT_FOUND",
    2: OTHER,  # broker or exchange option
    3: "ORDER_CHANGE_PENDING",
    4: OTHER,  # mass cancel cannot be processed
    5: "STALE_VERSION",  # OrigOrdModTime(586) is not that of the order
    6: "DUPLICATE_ORDER",  # ClOrdID(11)
    7: "PRICE_COLLAR_EXCEEDED",
    8: "PRICE_COLLAR_EXCEEDED",
    18: "PRICE_OFF_TICK",
    99: OTHER,
}
"""CxlRejReason(102)."""

BY_BUSINESS_REJECT_REASON: Final[Mapping[int, str]] = {
    0: OTHER,
    1: "ORDER_NOT_FOUND",  # unknown id
    2: "INSTRUMENT_NOT_FOUND",
    3: "UNSUPPORTED_ORDER_CHARACTERISTIC",  # message type
    4: "VENUE_UNAVAILABLE",  # application not available
    5: "INVALID_FIELD",  # conditionally required field missing
    6: "PERMISSION_DENIED",
    7: "VENUE_UNAVAILABLE",  # the firm behind DeliverToCompID(128)
    8: "RATE_LIMITED",
    9: "RATE_LIMITED",  # and the session was disconnected
    10: "RATE_LIMITED",  # as asked for
    18: "PRICE_OFF_TICK",
}
"""BusinessRejectReason(380)."""

BY_SESSION_REJECT_REASON: Final[Mapping[int, str]] = {}
"""SessionRejectReason(373): the venue did not accept our message as FIX. Its codes suggest no
action to a client."""
