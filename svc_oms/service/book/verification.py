"""Recomputes the order book from its logs: every row, hash, sequence and sum."""

from typing import NamedTuple

from google.protobuf.message import DecodeError

from kernel.hashchain import GENESIS, ChainCheck, event_hash
from ordermesh.oms.v1.audit_service_pb2 import AuditEntry
from svc_oms.domain.verification.verify import Finding
from svc_oms.service.book.account_verification import AccountVerification, Progress
from svc_oms.service.book.book_view import Audited, BookReader, StoredBase
from svc_oms.service.book.commit_logs import CommitLog, check_commit_order
from svc_oms.service.book.report import Report
from svc_oms.service.codec.audit_entries import audit_line
from svc_oms.service.ports import AuditHead, AuditLine

CHAINS = {CommitLog.CONTROLS: "control_chain", CommitLog.STATES: "state_chain"}
"""The logs that the database chains, and the name of the invariant."""


class Scope(NamedTuple):
    """The part of the book that is verified."""

    accounts: frozenset[str] = frozenset()
    """Empty: all, and the logs that belong to no account."""
    since_us: int = 0
    """Only what was recorded since; 0: all."""


EVERYTHING = Scope()
NO_HEAD = AuditHead(0, GENESIS)


def _silent(_line: str) -> None:
    """Report no progress."""


async def verify_book(
    store: Audited, scope: Scope = EVERYTHING, progress: Progress = _silent
) -> Report:
    """Check every account and every log of the scope; see `domain.verification.verify`."""
    report = Report()
    async with store.audit() as reader:
        await _verify_accounts(reader, scope, report, progress)
        if scope.since_us:
            report.left_out.append(
                "orders that began earlier, positions, and numbers in commit order (--since)"
            )
        if scope.accounts:
            report.left_out.append("what belongs to no account: audit log, controls (--account)")
            return report
        bases = await reader.log_bases(CommitLog.AUDIT)
        for writer, head in (await reader.audit_chains()).items():
            start = bases.get(writer, NO_HEAD)
            if scope.since_us:
                start = await reader.audit_start(writer, scope.since_us) or start
            await _verify_audit(reader, writer, start, head, report)
            progress(f"audit log: {report.audit_entries:,} entries")
        for log, invariant in CHAINS.items():
            progress(f"{log}: chains")
            await _verify_chain(reader, log, invariant, report)
        for table, key, text in await reader.state_differences():
            report.add([Finding("state", f"{table}/{key}", text)])
        for log in CommitLog if not scope.since_us else ():
            progress(f"{log}: numbers in commit order")
            removed = {key: each[0] for key, each in (await reader.log_bases(log)).items()}
            report.add(await check_commit_order(log, reader.commit_log(log), removed))
    return report


async def _verify_accounts(
    reader: BookReader, scope: Scope, report: Report, progress: Progress
) -> None:
    accounts = await reader.accounts()
    for name in sorted(scope.accounts - {account.account_id for account in accounts}):
        report.add([Finding("sequence", name, "there is no such account")])
    for account in accounts:
        if scope.accounts and account.account_id not in scope.accounts:
            continue
        base = await reader.base(account.account_id)
        start = None
        if scope.since_us:
            start = await reader.log_start(account.account_id, scope.since_us)
        if start is not None and start.last_sequence > base.sequence:
            base = StoredBase(*start, partial=True)
        await AccountVerification(reader, account, base, report).run(progress)


async def _verify_audit(
    reader: BookReader, writer: str, start: AuditHead, head: AuditHead, report: Report
) -> None:
    """Check a writer's chain: numbers, hashes, and columns against the hashed entry."""
    sequence, previous = start
    async for line in reader.audit_log(writer, start.last_sequence):
        sequence += 1
        expected = event_hash(previous, line.payload)
        where = f"{writer}/{sequence}"
        if line.hash != expected:
            report.add([Finding("audit_chain", where, "the hash is wrong")])
        if line.sequence != sequence:
            text = f"sequence {line.sequence} , but it should be {sequence}"
            report.add([Finding("audit_chain", where, text)])
            sequence = line.sequence
        if not _audit_columns_hold(writer, line):
            text = "a column differs from the entry"
            report.add([Finding("audit_chain", where, text)])
        previous = line.hash
        report.audit_entries += 1
    if (sequence, previous) != head:
        text = f"the chain has {head.last_sequence} entries, but the log ends at {sequence}"
        report.add([Finding("audit_chain", writer, text)])


def _audit_columns_hold(writer: str, line: AuditLine) -> bool:
    try:
        message = AuditEntry.FromString(line.payload)
    except DecodeError:
        return False
    return message.writer == writer and audit_line(message, line.payload, line.hash) == line


async def _verify_chain(reader: BookReader, log: CommitLog, invariant: str, report: Report) -> None:
    check = ChainCheck()
    async for entry in reader.chain(log):
        for text in check.add(*entry):
            report.add([Finding(invariant, entry.key, text)])
    report.states += check.entries
