"""The append-only logs, each with numbers in commit order: what a reader of all changes reads."""

from collections.abc import AsyncIterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from svc_oms.domain.verification.verify import Finding


class CommitLog(StrEnum):
    """A log by the name of its table."""

    ORDER_EVENTS = "order_events"
    AUDIT = "audit_log"
    CONTROLS = "control_records"
    STATES = "state_log"
    """Every state of a kill switch or session action, which are updated in place."""


class LogEntry(NamedTuple):
    """A row of a log."""

    log_number: int
    """Rises in commit order; numbers of transactions that were rolled back are missing."""
    key: str
    """Whose entry it is: the account, the audit log's writer, the control, the changed row."""
    version: int
    """Counts the entries of the key from 1 without a gap."""
    body: bytes
    """Protobuf; of CommitLog.STATES the row as JSON."""


async def check_commit_order(
    log: CommitLog, entries: AsyncIterator[LogEntry], removed: Mapping[str, int]
) -> list[Finding]:
    """Check that a reader by log_number gets every entry of each key once and in order.

    Args:
        log: Which log it is.
        entries: Its entries.
        removed: By key, the version up to which entries were archived; some may still be here.
    """
    findings: list[Finding] = []
    versions = dict(removed)
    async for entry in entries:
        if entry.version <= removed.get(entry.key, 0):
            continue
        expected = versions.get(entry.key, 0) + 1
        versions[entry.key] = entry.version
        if entry.version != expected:
            text = f"log number {entry.log_number} has {entry.version}, should be {expected}"
            findings.append(Finding("commit_order", f"{log}/{entry.key}", text))
    return findings
