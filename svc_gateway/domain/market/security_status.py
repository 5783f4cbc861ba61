"""SecurityTradingStatus(326): which codes say whether a listing trades, and which are remarks.

A remark (an imbalance, an indication, a fast market) leaves the status as it is, and so does a
code that is not in the table. The codes are those of FIX 4.4 (1 to 20) and of FIX 5.0 SP2.
"""

from enum import Enum, auto
from typing import Final


class SecurityStatus(Enum):
    """Whether a listing trades."""

    OPEN = auto()
    HALTED = auto()
    CLOSED = auto()
    PRE_OPEN = auto()
    AUCTION = auto()
    # The venue does not trade or does not know it.
    NOT_TRADED = auto()


REMARK: Final = None

STATUS_OF_CODE: Final[dict[str, SecurityStatus | None]] = {
    "1": SecurityStatus.HALTED,  # opening delay
    "2": SecurityStatus.HALTED,  # trading halt
    "3": SecurityStatus.OPEN,  # resume
    "4": SecurityStatus.HALTED,  # no open, no resume
    "5": REMARK,  # price indication
    "6": REMARK,  # trading range indication
    "7": REMARK,  # market imbalance buy
    "8": REMARK,  # market imbalance sell
    "9": REMARK,  # market on close imbalance buy
    "10": REMARK,  # market on close imbalance sell
    "12": REMARK,  # no market imbalance
    "13": REMARK,  # no market on close imbalance
    "14": REMARK,  # ITS pre-opening
    "15": REMARK,  # new price indication
    "16": REMARK,  # trade dissemination time
    "17": SecurityStatus.OPEN,  # ready to trade, start of session
    "18": SecurityStatus.CLOSED,  # not available for trading, end of session
    "19": SecurityStatus.NOT_TRADED,  # not traded on this market
    "20": SecurityStatus.NOT_TRADED,  # unknown or invalid
    "21": SecurityStatus.PRE_OPEN,  # pre-open
    "22": SecurityStatus.AUCTION,  # opening rotation
    "23": REMARK,  # fast market
    "24": SecurityStatus.AUCTION,  # pre-cross
    "25": SecurityStatus.AUCTION,  # cross
    "26": SecurityStatus.CLOSED,  # post-close
}


def status_of(code: str) -> SecurityStatus | None:
    """Return what a code says; None if it leaves the status as it is."""
    return STATUS_OF_CODE.get(code)


def is_known(code: str) -> bool:
    """Return whether the code is in the table; an absent one is."""
    return not code or code in STATUS_OF_CODE
