"""The audit log in PostgreSQL: a chain for each writer, and pages over all of them."""

from collections.abc import Sequence
from typing import Any

from typing_extensions import override

from svc_oms.adapters.postgres.columns import FROM_US, where_of
from svc_oms.service.ports import AuditFilter, AuditHead, AuditLine, AuditTransaction

LOCK_CHAIN = """
INSERT INTO oms.audit_chains (writer) VALUES ($1)
ON CONFLICT (writer) DO UPDATE SET writer = excluded.writer
RETURNING last_sequence, head
"""

_WRITE = f"""
WITH moved AS (
    UPDATE oms.audit_chains SET last_sequence = $2, head = $3 WHERE writer = $1
)
INSERT INTO oms.audit_log (writer, sequence, entry_id, at, kind, actor, account_id, order_id,
    reason, payload, hash)
SELECT $1, sequence, entry_id, {FROM_US.format("at_us")}, kind, actor, account_id, order_id,
    reason, payload, hash
FROM unnest($4::int8[], $5::text[], $6::int8[], $7::int2[], $8::text[], $9::text[],
    $10::text[], $11::int2[], $12::bytea[], $13::bytea[])
    AS u (sequence, entry_id, at_us, kind, actor, account_id, order_id, reason, payload, hash)
"""  # noqa: S608 - constants

_PAGE = """
SELECT entry_id, payload FROM oms.audit_log WHERE {where} ORDER BY entry_id DESC LIMIT {limit}
"""


async def lock(connection: Any, writer: str) -> AuditHead:
    """Lock a writer's chain; return its last number and hash."""
    return AuditHead(*await connection.fetchrow(LOCK_CHAIN, writer))


async def append(connection: Any, writer: str, lines: Sequence[AuditLine]) -> None:
    """Append lines to a locked chain."""
    last = lines[-1]
    rows = zip(*lines, strict=True)
    await connection.execute(_WRITE, writer, last.sequence, last.hash, *rows)


class AuditConnection(AuditTransaction):
    """Appends to the audit log in the transaction of a connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @override
    async def lock_audit(self, writer: str) -> AuditHead:
        return await lock(self._connection, writer)

    @override
    async def write_audit(self, writer: str, lines: Sequence[AuditLine]) -> None:
        await append(self._connection, writer, lines)


def page(wanted: AuditFilter) -> tuple[str, list[Any]]:
    """Return the statement and the parameters that read a page, newest first."""
    where, parameters = where_of(
        (wanted.from_us, f"at >= {FROM_US}", wanted.from_us),
        (wanted.until_us, f"at < {FROM_US}", wanted.until_us),
        (wanted.actor, "actor = {}", wanted.actor),
        (wanted.account_id, "account_id = {}", wanted.account_id),
        (wanted.order_id, "order_id = {}", wanted.order_id),
        (wanted.reasons, "reason = ANY({}::int2[])", wanted.reasons),
        (wanted.kind, "kind = {}", wanted.kind),
        (wanted.before_entry_id, "entry_id < {}", wanted.before_entry_id),
    )
    return _PAGE.format(where=where, limit=int(wanted.limit)), parameters
