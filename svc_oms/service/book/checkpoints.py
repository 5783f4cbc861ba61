"""Compares the logs with a checkpoint: what was rewritten or cut since it was taken."""

from collections.abc import Sequence

from kernel.hashchain import Head, differences
from svc_oms.domain.verification.verify import Finding
from svc_oms.service.book.book_view import Audited
from svc_oms.service.book.commit_logs import CommitLog
from svc_oms.service.book.report import Report

# Heads looked up by one statement.
HEADS_AT_ONCE = 1_000
ARCHIVED = (CommitLog.ORDER_EVENTS, CommitLog.AUDIT)
"""The logs whose oldest entries are archived and removed."""


async def compare_with_checkpoint(
    store: Audited, name: str, heads: Sequence[Head], report: Report
) -> None:
    """Report each chain that no longer has the entry of a checkpoint.

    The entry's hash stands for all entries before it, if the chain up to it holds: `verify_book`
    checks that. An entry that was archived cannot be compared here.
    """
    async with store.audit() as reader:
        bases = {
            (str(log), key): head
            for log in ARCHIVED
            for key, head in (await reader.log_bases(log)).items()
        }
        known: list[Head] = []
        archived = 0
        for head in heads:
            base = bases.get((head.log, head.key))
            if base is None or head.version > base.last_sequence:
                known.append(head)
            elif head.version < base.last_sequence:
                archived += 1
            elif head.hash != base.head:
                text = f"entry {head.version}, which was archived, is another one ({name})"
                report.add([Finding("checkpoint", f"{head.log}/{head.key}", text)])
        for first in range(0, len(known), HEADS_AT_ONCE):
            part = known[first : first + HEADS_AT_ONCE]
            for head, text in differences(part, await reader.found(part)):
                subject = f"{head.log}/{head.key}"
                report.add([Finding("checkpoint", subject, f"{text} ({name})")])
    if archived:
        report.left_out.append(
            f"{archived} chains of the {name}: the entry was archived; compare it with "
            "verify-archive --against"
        )
