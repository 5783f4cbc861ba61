"""What a replay found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from svc_oms.domain.verification.copied_log import Difference
from svc_oms.service.book.report import report_data

DIFFERENCES_SHOWN_MAX = 200
"""Further ones are counted; all are in the table `differences` of the scratch schema."""


@dataclass(slots=True)
class ReplayReport:
    """The differences, and how much was compared."""

    accounts: int = 0
    events: int = 0
    orders: int = 0
    executions: int = 0
    positions: int = 0
    left_out: list[str] = field(default_factory=list)
    """What was not compared, and why."""
    differences: list[Difference] = field(default_factory=list)
    found: int = 0

    def add(self, differences: Sequence[Difference]) -> None:
        """Count differences, and keep the first ones."""
        self.found += len(differences)
        self.differences += differences[: DIFFERENCES_SHOWN_MAX - len(self.differences)]

    def data(self) -> dict[str, object]:
        """Return the report as values of JSON, with the first DIFFERENCES_SHOWN_MAX differences."""
        compared = {
            "accounts": self.accounts,
            "orders": self.orders,
            "events": self.events,
            "executions": self.executions,
            "positions": self.positions,
        }
        return report_data(self.found, compared, self.left_out, self.differences)

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        yield (
            f"{self.events:,} events of {self.accounts:,} accounts folded; {self.orders:,} orders, "
            f"{self.executions:,} executions and {self.positions:,} positions compared"
        )
        yield from (f"not compared: {text}" for text in self.left_out)
        yield from map(str, self.differences)
        if hidden := self.found - len(self.differences):
            yield f"and {hidden:,} more, in the table of differences"
        yield f"{self.found:,} differences" if self.found else "no difference"
