"""What prices a user may read, per venue."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

OTHER_VENUES = "*"
"""Stands, in a right, for every venue that has none of its own."""


class PriceRight(IntEnum):
    """A right to the prices of a venue; numbers of ordermesh.marketdata.v1.PriceRight."""

    REAL_TIME = 1
    DELAYED = 2
    NONE = 3


@dataclass(frozen=True, slots=True)
class PriceRights:
    """The rights of one user; equal rights get the same bytes."""

    others: PriceRight
    """For venues without an entry."""
    venues: frozenset[tuple[str, PriceRight]] = frozenset()
    """MIC and right of venues whose right is another one."""

    def of(self, mic: str) -> PriceRight:
        """Return the right to the prices of a venue."""
        for venue_mic, right in self.venues:
            if venue_mic == mic:
                return right
        return self.others

    def real_time(self, mic: str) -> bool:
        """Return whether all prices of a venue may be read."""
        return self.of(mic) is PriceRight.REAL_TIME


ALL_PRICES = PriceRights(PriceRight.REAL_TIME)


def read_rights(claims: Iterable[str]) -> PriceRights:
    """Read rights as a token has them: "SIMA=REAL_TIME", "*=NONE".

    What is not there, or cannot be read, gives no right.
    """
    found: dict[str, PriceRight] = {}
    for claim in claims:
        mic, _, word = claim.partition("=")
        found[mic] = PriceRight.__members__.get(word, PriceRight.NONE)
    others = found.pop(OTHER_VENUES, PriceRight.NONE)
    return PriceRights(others, frozenset(one for one in found.items() if one[1] is not others))
