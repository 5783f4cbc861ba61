"""The audit log in PostgreSQL: a chain for each writer, and pages over all of them."""

from collections.abc import Sequence
from typing import Any

from typing_extensions import override

from svc_oms.adapters.postgres.bounded_scan import Scan, id_range
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

_NARROW = "entry_id, order_id, account_id, actor, reason, at, kind"


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


def scan(wanted: AuditFilter) -> Scan:
    """Return what a page reads: by the index of an order, an account, an actor or reasons.

    Each of them is in the order of the entries' ids, and a time is a range of ids.
    """
    low, high = id_range(wanted.from_us, wanted.until_us)
    high = min((each for each in (high, wanted.before_entry_id) if each), default="")
    columns = [
        (column, kind, [value] if isinstance(value, str) else sorted(set(value)))
        for column, kind, value in (
            ("order_id", "text", wanted.order_id),
            ("account_id", "text", wanted.account_id),
            ("actor", "text", wanted.actor),
            ("reason", "int2", wanted.reasons),
        )
        if value
    ]
    indexed, others = columns[:1], columns[1:]
    ids, parameters = where_of(
        *((True, f"{{}}::{kind}[] IS NOT NULL", values) for _, kind, values in indexed),
        (low, "entry_id >= {}", low),
        (high, "entry_id < {}", high),
    )
    filters, more = where_of(
        *((True, f"{column} = ANY({{}}::{kind}[])", values) for column, kind, values in others),
        (wanted.from_us, f"at >= {FROM_US}", wanted.from_us),
        (wanted.until_us, f"at < {FROM_US}", wanted.until_us),
        (wanted.kind, "kind = {}", wanted.kind),
        after=len(parameters),
    )
    entries = Scan(
        "oms.audit_log",
        "entry_id",
        "entry_id, payload",
        _NARROW,
        ids,
        filters,
        [*parameters, *more],
    )
    for column, kind, values in indexed:
        if column == "order_id":
            # Its index has no entry without an order.
            entries = entries._replace(ids=f"{ids} AND order_id <> ''")
        entries = entries._replace(
            part=column, values=f"unnest($1::{kind}[])", values_count=len(values)
        )
    return entries
