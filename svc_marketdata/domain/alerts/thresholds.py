"""Which of many thresholds a price reaches: a comparison with the two nearest ones.

The thresholds above the price and those below it are each sorted, the nearest one last. A price
is compared with the nearest ones only, so a price that reaches none costs the same with one alert
as with 10,000. Those it reaches are taken from the end of the list.
"""

from bisect import bisect_left, insort

from svc_marketdata.domain.alerts.alert import Condition

NEVER = 10**40
"""Beyond every price."""


class Thresholds:
    """The thresholds that one price of one listing is compared with."""

    __slots__ = ("_above", "_below", "highest_below", "lowest_above")

    def __init__(self) -> None:
        self._above: list[tuple[int, str]] = []
        """(Threshold negated, id): ascending, so that the lowest threshold is the last."""
        self._below: list[tuple[int, str]] = []
        self.lowest_above = NEVER
        """A price at or above this reaches a threshold."""
        self.highest_below = -NEVER
        """A price at or below this reaches a threshold."""

    def __len__(self) -> int:
        return len(self._above) + len(self._below)

    def add(self, condition: Condition, level: int, alert_id: str) -> None:
        """Add the threshold of an alert."""
        if condition is Condition.ABOVE:
            insort(self._above, (-level, alert_id))
        else:
            insort(self._below, (level, alert_id))
        self._find_nearest()

    def remove(self, condition: Condition, level: int, alert_id: str) -> None:
        """Remove the threshold of an alert, if it is there."""
        above = condition is Condition.ABOVE
        kept = self._above if above else self._below
        key = (-level if above else level, alert_id)
        index = bisect_left(kept, key)
        if index < len(kept) and kept[index] == key:
            del kept[index]
            self._find_nearest()

    def reaches(self, price: int) -> bool:
        """Return whether a price reaches a threshold."""
        return price >= self.lowest_above or price <= self.highest_below

    def take(self, price: int) -> list[str]:
        """Take out the alerts whose thresholds a price reaches; nearest first on each side."""
        taken: list[str] = []
        while self._above and -self._above[-1][0] <= price:
            taken.append(self._above.pop()[1])
        while self._below and self._below[-1][0] >= price:
            taken.append(self._below.pop()[1])
        self._find_nearest()
        return taken

    def _find_nearest(self) -> None:
        self.lowest_above = -self._above[-1][0] if self._above else NEVER
        self.highest_below = self._below[-1][0] if self._below else -NEVER
