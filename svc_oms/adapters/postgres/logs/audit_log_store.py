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


def appended(first: int) -> str:
    """Return the CTEs that append lines to a chain, from this parameter on; see `parameters`.

    The chain must end where the lines begin: otherwise its number becomes NULL, which its column
    refuses.
    """
    writer, last, head, *lines = (f"${number}" for number in range(first, first + 13))
    kinds = ("int8", "text", "int8", "int2", "text", "text", "text", "int2", "bytea", "bytea")
    arrays = ", ".join(f"{one}::{kind}[]" for one, kind in zip(lines, kinds, strict=True))
    return f"""audit_moved AS (
    UPDATE oms.audit_chains SET head = {head},
        last_sequence = CASE WHEN last_sequence = ({lines[0]}::int8[])[1] - 1 THEN {last}::int8 END
    WHERE writer = {writer}
), audit_written AS (
    INSERT INTO oms.audit_log (writer, sequence, entry_id, at, kind, actor, account_id, order_id,
        reason, payload, hash)
    SELECT {writer}, sequence, entry_id, {FROM_US.format("at_us")}, kind, actor, account_id,
        order_id, reason, payload, hash
    FROM unnest({arrays})
        AS u (sequence, entry_id, at_us, kind, actor, account_id, order_id, reason, payload, hash)
)"""  # noqa: S608 - constants


_WRITE = f"WITH {appended(1)} SELECT"

_NARROW = "entry_id, order_id, account_id, actor, reason, at, kind"


async def lock(connection: Any, writer: str) -> AuditHead:
    """Lock a writer's chain; return its last number and hash."""
    return AuditHead(*await connection.fetchrow(LOCK_CHAIN, writer))


async def append(connection: Any, writer: str, lines: Sequence[AuditLine]) -> None:
    """Append lines to a locked chain."""
    await connection.execute(_WRITE, *parameters(writer, lines))


def parameters(writer: str, lines: Sequence[AuditLine]) -> list[Any]:
    """Return the parameters of `appended`."""
    last = lines[-1]
    return [writer, last.sequence, last.hash, *zip(*lines, strict=True)]


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
