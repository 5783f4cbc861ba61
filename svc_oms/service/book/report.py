"""What a verification found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from svc_oms.domain.verification.copied_log import Difference
from svc_oms.domain.verification.verify import Finding

FINDINGS_SHOWN_MAX = 200
# Further ones are counted only.
FINDINGS_KEPT_MAX = 10_000


def report_data(
    found: int, compared: dict[str, int], left_out: list[str], shown: Iterable[Finding | Difference]
) -> dict[str, object]:
    """Return what was compared and found as values of JSON, the same form for every comparison."""
    return {
        "differences": found,
        "compared": compared,
        "not_compared": left_out,
        "found": [each._asdict() for each in shown],
    }


@dataclass(slots=True)
class Report:
    """The findings, and how much was checked."""

    accounts: int = 0
    orders: int = 0
    events: int = 0
    executions: int = 0
    audit_entries: int = 0
    states: int = 0
    """Of people's controls: versions of limits, states of kill switches, sessions, people."""
    left_out: list[str] = field(default_factory=list)
    """What was not checked, because only a part was asked for."""
    findings: list[Finding] = field(default_factory=list)
    found: int = 0

    def add(self, findings: Iterable[Finding]) -> None:
        """Add findings."""
        for each in findings:
            self.found += 1
            if len(self.findings) < FINDINGS_KEPT_MAX:
                self.findings.append(each)

    def data(self) -> dict[str, object]:
        """Return the report as values of JSON; findings beyond FINDINGS_KEPT_MAX are counted."""
        compared = {
            "accounts": self.accounts,
            "orders": self.orders,
            "events": self.events,
            "executions": self.executions,
            "audit_entries": self.audit_entries,
            "states": self.states,
        }
        return report_data(self.found, compared, self.left_out, self.findings)

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        yield (
            f"{self.accounts} accounts, {self.orders} orders, {self.events} events, "
            f"{self.executions} executions recomputed, {self.audit_entries} audit entries chained, "
            f"{self.states} states of controls and people chained"
        )
        yield from (f"not checked: {text}" for text in self.left_out)
        for finding in self.findings[:FINDINGS_SHOWN_MAX]:
            yield f"{finding.invariant}: {finding.subject}: {finding.text}"
        hidden = self.found - FINDINGS_SHOWN_MAX
        if hidden > 0:
            yield f"and {hidden} more"
        yield f"{self.found} differences" if self.found else "no difference"
