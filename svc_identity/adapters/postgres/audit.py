"""The audit log in PostgreSQL."""

from dataclasses import asdict
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from svc_identity.adapters.postgres.tables import audit_log
from svc_identity.domain.audit import ADMIN_ACTS, Act, AuditEntry
from svc_identity.service.ports import AuditFilter

KEYS_LOCK: Final = 0x4F4D_4B59  # one replica at a time records the signing keys; "OMKY"
# Acts that are counted at a time.
ACTS_MAX: Final = 1_000

_FIELDS: Final = tuple(AuditEntry.__dataclass_fields__)


class PostgresAudit:
    """The log, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, entry: AuditEntry) -> None:
        """Append an entry."""
        row = asdict(entry) | {"act": entry.act.value}
        await self._connection.execute(sa.insert(audit_log).values(row))

    async def page(self, wanted: AuditFilter) -> list[AuditEntry]:
        """Read a page, newest first."""
        column = audit_log.c
        conditions = [
            condition
            for given, condition in (
                (wanted.from_ns, column.at_ns >= wanted.from_ns),
                (wanted.until_ns, column.at_ns < wanted.until_ns),
                (wanted.username, column.username == wanted.username),
                (wanted.acts, column.act.in_(wanted.acts)),
                (wanted.before_entry_id, column.entry_id < wanted.before_entry_id),
            )
            if given
        ]
        rows = await self._connection.execute(
            sa.select(*(column[name] for name in _FIELDS))
            .where(*conditions)
            .order_by(column.entry_id.desc())
            .limit(wanted.limit)
        )
        return [AuditEntry(**{**row._mapping, "act": Act(row.act)}) for row in rows]  # noqa: SLF001  public

    async def keys_locked(self) -> list[tuple[Act, str]]:
        """Read the acts about signing keys, oldest first; nobody else can until the end."""
        await self._connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": KEYS_LOCK}
        )
        rows = await self._connection.execute(
            sa.select(audit_log.c.act, audit_log.c.detail)
            .where(audit_log.c.act.in_((Act.KEY_USED.value, Act.KEY_GONE.value)))
            .order_by(audit_log.c.number)
        )
        return [(Act(row.act), row.detail) for row in rows]

    async def acts_after(self, number: int | None) -> tuple[int, list[Act]]:
        """Read the acts of users after a number, and the number of the last; None: only that."""
        if number is None:
            newest = await self._connection.scalar(sa.select(sa.func.max(audit_log.c.number)))
            return newest or 0, []
        rows = (
            await self._connection.execute(
                sa.select(audit_log.c.number, audit_log.c.act)
                .where(
                    audit_log.c.number > number,
                    audit_log.c.act.in_([act.value for act in ADMIN_ACTS]),
                )
                .order_by(audit_log.c.number)
                .limit(ACTS_MAX)
            )
        ).all()
        return (rows[-1].number if rows else number), [Act(row.act) for row in rows]
