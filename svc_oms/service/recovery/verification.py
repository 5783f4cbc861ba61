"""Whether the book is older than a mark of it, for `admin verify`."""

from collections.abc import Mapping

from google.protobuf.json_format import Parse, ParseError

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.domain.recovery.book_marks import LogMark, why_older
from svc_oms.domain.verification.verify import Finding
from svc_oms.service.ports.recovery_ports import RecoveryStore

NAME = "book_mark"


async def older_findings(store: RecoveryStore, marks: Mapping[str, gw.BookMark]) -> list[Finding]:
    """Return a finding for an open recovery, and one for each mark that the book is older than."""
    findings = []
    row = (await store.look()).recovery
    if row is not None:
        text = f"the book is RECOVERING: it is older than what is known of it ({row.evidence})"
        findings.append(Finding(NAME, row.recovery_id, text))
    for name, mark in marks.items():
        if await store.has_ended(mark.book_epoch):
            continue
        logs = [LogMark(one.log, one.log_number, one.digest) for one in mark.logs]
        why = why_older(logs, await store.find(logs))
        if why:
            findings.append(Finding(NAME, name, f"the book is older than this mark: {why}"))
    return findings


def read_mark(text: str) -> gw.BookMark:
    """Read a mark as a gateway stores it.

    Raises:
        ValueError: It is no mark.
    """
    try:
        return Parse(text, gw.BookMark())
    except ParseError as error:
        raise ValueError(f"not a mark of the order book: {error}") from error
