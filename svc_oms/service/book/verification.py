"""Recomputes the order book from its log: every row, hash, sequence and sum."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from google.protobuf.message import DecodeError

from ordermesh.oms.v1 import order_pb2
from ordermesh.oms.v1.audit_service_pb2 import AuditEntry
from svc_oms.domain.hashchain import GENESIS, event_hash
from svc_oms.domain.model import Order
from svc_oms.domain.positions import check_positions
from svc_oms.domain.verify import Base, Finding, LogLine, check_account
from svc_oms.service.book.commit_logs import CommitLog, LogEntry, check_commit_order
from svc_oms.service.codec.audit_entries import audit_line
from svc_oms.service.codec.control_records import openings_value, position_value
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.codec.order_records import (
    order_message,
    order_write,
    progress_message,
    read_order,
)
from svc_oms.service.codec.values import execution_value
from svc_oms.service.ports import AuditHead, AuditLine, OpeningsRow, PositionRow

FINDINGS_SHOWN_MAX = 200
NO_HEAD = AuditHead(0, GENESIS)


class StoredOrder(NamedTuple):
    """A row of oms.orders, its columns as canonical text."""

    body: bytes
    fold: bytes
    columns: dict[str, str]
    """By field of OrderWrite; all but body and fold."""


class StoredBase(NamedTuple):
    """What stands for the part of an account's log that was archived and removed."""

    sequence: int
    chain_head: bytes
    orders: list[tuple[bytes, bytes]]
    """Body and fold of orders that are still here, as they were then."""
    openings: OpeningsRow


class StoredExecution(NamedTuple):
    """A row of oms.executions."""

    sequence: int
    exec_type: str
    body: bytes
    busted: bool


class StoredAccount(NamedTuple):
    """A row of oms.accounts."""

    account_id: str
    last_sequence: int
    chain_head: bytes


class AccountReader(Protocol):
    """Everything of every account, in one view of the database."""

    async def accounts(self) -> list[StoredAccount]:
        """Read all accounts."""
        ...

    async def base(self, account_id: str) -> StoredBase:
        """Read what the account's log begins after."""
        ...

    async def log_bases(self, log: str) -> dict[str, AuditHead]:
        """Read number and hash of the last entry of each key that was removed from a log."""
        ...

    def log(self, account_id: str) -> AsyncIterator[tuple[bytes, bytes]]:
        """Read (payload, hash) in sequence, after the base."""
        ...

    async def orders(self, account_id: str) -> list[StoredOrder]:
        """Read all orders."""
        ...

    async def executions(self, account_id: str) -> list[StoredExecution]:
        """Read all executions."""
        ...

    async def audit_chains(self) -> dict[str, AuditHead]:
        """Read the end of every writer's chain of the audit log."""
        ...

    def audit_log(self, writer: str) -> AsyncIterator[AuditLine]:
        """Read a writer's lines in sequence, after its base."""
        ...

    def commit_log(self, log: CommitLog) -> AsyncIterator[LogEntry]:
        """Read a log in commit order."""
        ...

    async def positions(self, account_id: str) -> list[PositionRow]:
        """Read all positions."""
        ...


class Audited(Protocol):
    """A store that can be read as a whole."""

    def audit(self) -> AbstractAsyncContextManager[AccountReader]:
        """Open one view of everything."""
        ...


@dataclass(slots=True)
class Report:
    """The findings, and how much was checked."""

    accounts: int = 0
    orders: int = 0
    events: int = 0
    executions: int = 0
    audit_entries: int = 0
    findings: list[Finding] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        yield (
            f"{self.accounts} accounts, {self.orders} orders, {self.events} events, "
            f"{self.executions} executions recomputed, {self.audit_entries} audit entries chained"
        )
        for finding in self.findings[:FINDINGS_SHOWN_MAX]:
            yield f"{finding.invariant}: {finding.subject}: {finding.text}"
        hidden = len(self.findings) - FINDINGS_SHOWN_MAX
        if hidden > 0:
            yield f"and {hidden} more"
        yield f"{len(self.findings)} differences" if self.findings else "no difference"


async def verify_book(store: Audited) -> Report:
    """Check every account; see `domain.verify`."""
    report = Report()
    async with store.audit() as reader:
        for account in await reader.accounts():
            await _verify_account(reader, account, report)
        bases = await reader.log_bases(CommitLog.AUDIT)
        for writer, head in (await reader.audit_chains()).items():
            await _verify_audit(reader, writer, head, bases.get(writer, NO_HEAD), report)
        for log in CommitLog:
            removed = {key: each[0] for key, each in (await reader.log_bases(log)).items()}
            report.findings += await check_commit_order(log, reader.commit_log(log), removed)
    return report


async def _verify_audit(
    reader: AccountReader, writer: str, head: AuditHead, base: AuditHead, report: Report
) -> None:
    """Check a writer's chain: numbers, hashes, and columns against the hashed entry."""
    sequence, previous = base
    async for line in reader.audit_log(writer):
        sequence += 1
        expected = event_hash(previous, line.payload)
        where = f"{writer}/{sequence}"
        if line.hash != expected:
            report.findings.append(Finding("audit_chain", where, "the hash is wrong"))
        if line.sequence != sequence:
            text = f"sequence {line.sequence} , but it should be {sequence}"
            report.findings.append(Finding("audit_chain", where, text))
            sequence = line.sequence
        if not _audit_columns_hold(writer, line):
            text = "a column differs from the entry"
            report.findings.append(Finding("audit_chain", where, text))
        previous = line.hash
        report.audit_entries += 1
    if (sequence, previous) != head:
        text = f"the chain has {head.last_sequence} entries, but the log ends at {sequence}"
        report.findings.append(Finding("audit_chain", writer, text))


def _audit_columns_hold(writer: str, line: AuditLine) -> bool:
    try:
        message = AuditEntry.FromString(line.payload)
    except DecodeError:
        return False
    return message.writer == writer and audit_line(message, line.payload, line.hash) == line


async def _verify_account(reader: AccountReader, account: StoredAccount, report: Report) -> None:
    name = account.account_id
    stored_base = await reader.base(name)
    openings = openings_value(stored_base.openings)
    base = Base(
        stored_base.sequence,
        stored_base.chain_head,
        [read_order(*each) for each in stored_base.orders],
        openings.sequence,
    )
    lines: list[LogLine] = [
        decode_event(payload, stored) async for payload, stored in reader.log(name)
    ]
    rows = await reader.orders(name)
    orders = [read_order(row.body, row.fold) for row in rows]
    numbered = [
        (
            row.sequence,
            execution_value(order_pb2.Execution.FromString(row.body))._replace(busted=row.busted),
        )
        for row in await reader.executions(name)
        if row.exec_type != "H"
    ]
    executions = [each for _, each in numbered]
    findings = check_account(name, lines, orders, executions, base)
    executions = [each for sequence, each in numbered if sequence > openings.sequence]
    stored = [position_value(row) for row in await reader.positions(name)]
    held = {each.key: each for each in stored}
    findings += check_positions(name, held, lines, orders, executions, openings)
    findings += [f for o, row in zip(orders, rows, strict=True) for f in _check_row(o, row)]
    last = lines[-1].sequence if lines else base.sequence
    if account.last_sequence != last:
        findings.append(
            Finding("sequence", name, f"it has {account.last_sequence}, but the log ends at {last}")
        )
    if account.chain_head != (lines[-1].event_hash if lines else base.chain_head):
        findings.append(Finding("hash_chain", name, "the row's chain head is not the log's"))
    report.accounts += 1
    report.orders += len(orders)
    report.events += len(lines)
    report.executions += len(numbered)
    report.findings += findings


def _check_row(order: Order, row: StoredOrder) -> Iterator[Finding]:
    """Compare body and fold bit for bit, and every column, with what the order encodes to."""
    message = order_message(order, progress_message(order))
    body = message.SerializeToString()
    if body != row.body:
        yield Finding("fold", order.order_id, "the stored body is not what the order encodes to")
    expected = order_write(order, message, body)
    if expected.fold != row.fold:
        yield Finding("fold", order.order_id, "the stored fold is not what the order encodes to")
    for column, found in row.columns.items():
        wanted = str(getattr(expected, column))
        if found != wanted:
            yield Finding("fold", order.order_id, f"{column} is {found!r}, should be {wanted!r}")
