"""What a venue says of an auction before it is over."""

from enum import Enum
from typing import NamedTuple

from kernel.decimals import parse_total
from svc_marketdata.domain.listing import TradingStatus


class ImbalanceSide(Enum):
    """Side of which an auction has too much."""

    UNSPECIFIED = 0
    BUY = 1
    SELL = 2


class AuctionIndication(NamedTuple):
    """Canonical decimals; an empty text means not known."""

    price: str = ""
    """Price at which the auction would now execute."""
    size: str = ""
    """Quantity that would be executed."""
    imbalance_size: str = ""
    """Quantity that would be left over."""
    imbalance_side: ImbalanceSide = ImbalanceSide.UNSPECIFIED
    faulty: bool = False
    """The venue sent a value that cannot be used; it is left out."""
    venue_time_ns: int = 0
    """When the venue said so."""

    @property
    def says_something(self) -> bool:
        """Whether it has a value, or had one that cannot be used."""
        return bool(self.price or self.imbalance_size or self.faulty)

    def checked(self) -> "AuctionIndication":
        """Return this object after a check.

        Raises:
            ValueError: A number is not a canonical decimal of the contracts, or below 0.
        """
        for text in (self.price, self.size, self.imbalance_size):
            if text and parse_total(text) < 0:
                raise ValueError(f"{text} of an auction is below 0")
        return self


NO_AUCTION = AuctionIndication()
CALL_PHASES = frozenset({TradingStatus.PRE_OPEN, TradingStatus.AUCTION})
"""States of a listing in which orders are collected and matched later."""
