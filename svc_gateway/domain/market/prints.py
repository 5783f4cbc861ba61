"""Which trade prints say what the market is now, and which do not.

A venue prints trades that were made long ago, elsewhere or on other terms. A stop must not fire on
them. Codes are those of TradeCondition(277) in FIX 4.4, volume 6; a venue's own codes come from its
venues file.
"""

from collections.abc import Collection
from enum import Enum, auto
from typing import Final

from kernel.nanoseconds import NS_PER_S

PRINT_AGE_MAX_S: Final = 60
"""A print is old if it was made so much earlier than its message was sent."""

PRINT_AHEAD_MAX_S: Final = 5
"""A print is ahead if it was made so much later than its message was sent."""


class OffMarket(Enum):
    """Why a print is not the market."""

    NOT = auto()
    CONDITION = auto()
    NO_SIZE = auto()
    OLD = auto()
    AHEAD = auto()
    CORRECTED = auto()
    NO_PRICE = auto()


CONDITIONS: Final = {
    "A": True,  # Cash (only) market: settles on another day
    "B": True,  # Average price trade
    "C": True,  # Cash trade (same day clearing)
    "D": True,  # Next day (only) market
    "E": False,  # Opening or reopening trade detail
    "F": False,  # Intraday trade detail
    "G": True,  # Rule 127 trade (NYSE): a block crossed off the book
    "H": True,  # Rule 155 trade (AMEX): the same
    "I": True,  # Sold last: reported late
    "J": True,  # Next day trade
    "K": True,  # Opened: late report of an opening trade
    "L": True,  # Seller: delivered when the seller wants
    "M": True,  # Sold: out of sequence
    "N": True,  # Stopped stock: a guarantee of price, no execution
    "P": False,  # Imbalance, more buyers
    "Q": False,  # Imbalance, more sellers
    "R": False,  # Opening price
}
"""Every TradeCondition(277) of FIX 4.4; True: the print is not the market."""


def off_market(
    conditions: str,
    own_codes: Collection[str],
    *,
    has_price: bool = True,
    has_size: bool,
    made_ns: int,
    sent_ns: int,
) -> OffMarket:
    """Return why a print is not the market, or NOT.

    Args:
        conditions: TradeCondition(277): codes with spaces between.
        own_codes: The venue's own codes of prints that are not the market.
        has_price: MDEntryPx(270) is not 0.
        has_size: MDEntrySize(271) is above 0, or the venue gives no sizes.
        made_ns: MDEntryDate(272) and MDEntryTime(273).
        sent_ns: SendingTime(52) of the message; both by the venue's clock, UTC nanoseconds.
    """
    if conditions and any(
        CONDITIONS.get(code, False) or code in own_codes for code in conditions.split()
    ):
        return OffMarket.CONDITION
    if not has_price:
        return OffMarket.NO_PRICE
    if not has_size:
        return OffMarket.NO_SIZE
    if made_ns < sent_ns - PRINT_AGE_MAX_S * NS_PER_S:
        return OffMarket.OLD
    if made_ns > sent_ns + PRINT_AHEAD_MAX_S * NS_PER_S:
        return OffMarket.AHEAD
    return OffMarket.NOT


def corrected(why: OffMarket) -> OffMarket:
    """Return why the correction of a print is not the market.

    It takes the place of the print, however long ago that was, unless it is none by itself.
    """
    return OffMarket.CORRECTED if why in {OffMarket.NOT, OffMarket.OLD} else why
