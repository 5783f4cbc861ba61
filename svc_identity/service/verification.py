"""Verifies the logs of svc_identity: their hash chains, the users, and both against checkpoints."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from kernel.hashchain import ChainCheck, Head, differences

USER_LOG: Final = "user_log"
"""A chain for each user."""
AUDIT_LOG: Final = "audit_log"
AUDIT_CHAIN: Final = "all"
"""The audit log has one chain; its entries are counted in commit order."""


class Entry(NamedTuple):
    """An entry of a chained log: a state of a user, or an act."""

    key: str
    """Which chain: the user's id, or AUDIT_CHAIN."""
    version: int
    payload: bytes | None
    """What is hashed; None if the chain has the entry and the log has not."""
    hash: bytes


class Evidence(Protocol):
    """The chained logs, in one view of the database."""

    def entries(self) -> AsyncIterator[Entry]:
        """Read all states of users, those of a user together and in their order."""

    def audit_entries(self) -> AsyncIterator[Entry]:
        """Read all entries of the audit log, in the order of their chain."""

    async def unchained(self) -> list[str]:
        """Return the ids of the audit entries that have no place in the chain."""

    async def differences(self) -> list[tuple[str, str]]:
        """Compare the users with their newest states in the log: (user, difference)."""

    async def found(self, heads: Sequence[Head]) -> dict[tuple[str, str, int], bytes]:
        """Return the hashes of the entries that heads name, as far as the logs have them."""


@dataclass(slots=True)
class Report:
    """What was found."""

    states: int = 0
    acts: int = 0
    findings: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        yield f"{self.states} states of users, {self.acts} entries of the audit log chained"
        yield from self.findings
        yield f"{len(self.findings)} differences" if self.findings else "no difference"


async def verify_identity(logs: Evidence, checkpoints: Mapping[str, Sequence[Head]]) -> Report:
    """Check the logs, the users and each checkpoint."""
    report = Report()
    report.states = await _verify_chain("user_chain", logs.entries(), report.findings)
    report.acts = await _verify_chain("audit_chain", logs.audit_entries(), report.findings)
    report.findings += [
        f"audit_log: {entry_id}: it has no place in the chain"
        for entry_id in await logs.unchained()
    ]
    for user_id, text in await logs.differences():
        report.findings.append(f"user: {user_id}: {text}")
    for name, heads in checkpoints.items():
        for head, text in differences(heads, await logs.found(heads)):
            report.findings.append(f"checkpoint: {head.log}/{head.key}: {text} ({name})")
    return report


async def _verify_chain(name: str, entries: AsyncIterator[Entry], findings: list[str]) -> int:
    check = ChainCheck()
    async for key, version, payload, stored in entries:
        if payload is None:
            findings.append(f"{name}: {key}: entry {version} is in the chain, but not in the log")
        wrong = check.add(key, version, payload or b"", stored)
        findings.extend(f"{name}: {key}: {text}" for text in wrong)
    return check.entries
