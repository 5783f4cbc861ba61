"""A price alert: one price of one listing, compared with one threshold, for one user."""

from dataclasses import dataclass
from enum import IntEnum

from kernel.decimals import NANO, parse_nano

HUNDRED_PERCENT = 100 * NANO
PERCENT_MIN = -HUNDRED_PERCENT
"""A change by percent is more than this: a price that loses 100 % is 0."""
PERCENT_MAX = 100_000 * NANO
"""A change by percent is at most this."""


class AlertPrice(IntEnum):
    """Which price counts; numbers of ordermesh.marketdata.v1.AlertPrice."""

    LAST = 1
    BID = 2
    ASK = 3
    MID = 4


class Condition(IntEnum):
    """On which side of the threshold an alert fires; numbers of AlertCondition."""

    ABOVE = 1
    BELOW = 2


class AlertState(IntEnum):
    """Whether an alert waits, or why not; numbers of ordermesh.marketdata.v1.AlertState."""

    ACTIVE = 1
    FIRED = 2
    EXPIRED = 3
    CANCELED = 4
    ENDED = 5


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it is stored; prices are canonical decimals."""

    alert_id: str
    user_id: str
    username: str
    instrument_id: str
    isin: str
    """Of the listing at creation; empty if it was not known."""
    price: AlertPrice
    condition: Condition
    threshold: str
    percent: str
    reference_price: str
    delayed: bool
    """It looks at delayed prices."""
    note: str
    created_ns: int
    expires_ns: int
    state: AlertState = AlertState.ACTIVE
    ended_ns: int = 0
    fired_price: str = ""
    ended_text: str = ""

    @property
    def venue_mic(self) -> str:
        """The venue of its listing."""
        return self.instrument_id.rpartition(".")[2]

    @property
    def level(self) -> int:
        """The threshold in the unit of its price: 10⁻⁹, for MID half of that."""
        nano = parse_nano(self.threshold)
        return 2 * nano if self.price is AlertPrice.MID else nano

    def holds(self, price: int) -> bool:
        """Return whether a price, in the unit of `level`, reaches the threshold."""
        if self.condition is Condition.ABOVE:
            return price >= self.level
        return price <= self.level


def changed_by(reference: int, percent: int) -> int:
    """Return a price changed by a percentage, all in 10⁻⁹, rounded away from the reference.

    So an alert never fires before the price has changed by as much as was asked.

    Args:
        reference: Above 0.
        percent: Not 0, above `PERCENT_MIN`.
    """
    exact = reference * (HUNDRED_PERCENT + percent)
    return exact // HUNDRED_PERCENT if percent < 0 else -(-exact // HUNDRED_PERCENT)
