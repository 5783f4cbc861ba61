"""Compares the logs with a checkpoint: what was rewritten or cut since it was taken."""

from collections.abc import Sequence

from kernel.hashchain import Head, differences
from svc_oms.domain.verify import Finding
from svc_oms.service.book.book_view import Audited

# Heads looked up by one statement.
HEADS_AT_ONCE = 1_000


async def compare_with_checkpoint(
    store: Audited, name: str, heads: Sequence[Head]
) -> list[Finding]:
    """Return a finding for each chain that no longer has the entry of a checkpoint.

    The entry's hash stands for all entries before it, if the chain up to it holds: `verify_book`
    checks that.
    """
    findings = []
    async with store.audit() as reader:
        for first in range(0, len(heads), HEADS_AT_ONCE):
            part = heads[first : first + HEADS_AT_ONCE]
            for head, text in differences(part, await reader.found(part)):
                subject = f"{head.log}/{head.key}"
                findings.append(Finding("checkpoint", subject, f"{text} ({name})"))
    return findings
