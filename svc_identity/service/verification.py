"""Verifies the log of users: its hash chains, the users against it, and it against checkpoints."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from kernel.hashchain import ChainCheck, Head, differences

LOG: Final = "user_log"


class Entry(NamedTuple):
    """A state of a user in the log."""

    user_id: str
    version: int
    payload: bytes
    """What is hashed."""
    hash: bytes


class UserLog(Protocol):
    """The log of users, in one view of the database."""

    def entries(self) -> AsyncIterator[Entry]:
        """Read all entries, those of a user together and in their order."""

    async def differences(self) -> list[tuple[str, str]]:
        """Compare the users with their newest states in the log: (user, difference)."""

    async def found(self, heads: Sequence[Head]) -> dict[tuple[str, str, int], bytes]:
        """Return the hashes of the entries that heads name, as far as the log has them."""


@dataclass(slots=True)
class Report:
    """What was found."""

    entries: int = 0
    findings: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        yield f"{self.entries} states of users chained"
        yield from self.findings
        yield f"{len(self.findings)} differences" if self.findings else "no difference"


async def verify_users(log: UserLog, checkpoints: Mapping[str, Sequence[Head]]) -> Report:
    """Check the log, the users and each checkpoint."""
    report = Report()
    check = ChainCheck()
    async for entry in log.entries():
        for text in check.add(*entry):
            report.findings.append(f"user_chain: {entry.user_id}: {text}")
    report.entries = check.entries
    for user_id, text in await log.differences():
        report.findings.append(f"user: {user_id}: {text}")
    for name, heads in checkpoints.items():
        for head, text in differences(heads, await log.found(heads)):
            report.findings.append(f"checkpoint: {head.log}/{head.key}: {text} ({name})")
    return report
