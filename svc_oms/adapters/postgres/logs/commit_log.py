"""Reads the append-only logs in commit order; ADR 14 says why it is right.

A log_number is taken under the lock that orders the key's own numbers, so the numbers of one
account (writer, control, row) rise in commit order. Transactions of different accounts may commit
in another order than their numbers: then a number is missing for a while. It is missing for ever
if its transaction was rolled back. A reader that follows a log, as svc_relay does, has to know one
from the other.
"""
# ruff: noqa: S608 - statements are put together from constants of this file only

from typing import Any

from svc_oms.service.book.commit_logs import CommitLog, LogEntry

KEYS = {
    CommitLog.ORDER_EVENTS: "account_id, sequence",
    CommitLog.AUDIT: "writer, sequence",
    CommitLog.CONTROLS: "kind || '/' || object_id, version::int8",
    CommitLog.STATES: "subject || '/' || object_id, version",
}
"""Whose entry it is, and the key's own number."""

_BODIES = {
    CommitLog.ORDER_EVENTS: "payload",
    CommitLog.AUDIT: "payload",
    CommitLog.CONTROLS: "body",
    CommitLog.STATES: "convert_to(image::text, 'UTF8')",
}

PAGES = {
    log: f"""
SELECT log_number, {key}, {_BODIES[log]}
FROM oms.{log} WHERE log_number > $1 ORDER BY log_number LIMIT $2
"""
    for log, key in KEYS.items()
}


async def read_log(connection: Any, log: CommitLog, after: int, limit: int) -> list[LogEntry]:
    """Read the entries after a log_number that are committed; lower ones may still be missing."""
    return [LogEntry(*row) for row in await connection.fetch(PAGES[log], after, limit)]
