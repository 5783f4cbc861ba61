"""Routing on PostgreSQL: records of decisions, and venues that are out."""

from collections.abc import Sequence

import asyncpg
from typing_extensions import override

from svc_oms.adapters.postgres.columns import FROM_US
from svc_oms.adapters.postgres.errors import translated
from svc_oms.adapters.postgres.logs.audit_log_store import AuditConnection
from svc_oms.service.ports import Record, WriteSet
from svc_oms.service.ports.routing_ports import RoutingStore
from svc_oms.service.ports.rows.routing_rows import RoutingDecisionRow, RoutingVenueRow

_US = "(extract(epoch from {}) * 1000000)::int8"

DECISIONS = f"""
SELECT order_id, number, account_id, {_US.format("decided_at")}, record, record_hash, read_after
FROM oms.routing_decisions WHERE order_id = $1 AND number > $2 ORDER BY number LIMIT $3
"""  # noqa: S608 - constants of this file

CHILDREN = """
SELECT body FROM oms.orders
WHERE account_id = $1 AND group_id = $2 AND group_id <> '' AND order_id <> $2
    AND created_sequence > $3 AND created_sequence <= $4
ORDER BY created_sequence, order_id
"""

VENUES = f"""
SELECT venue_mic, {_US.format("out_until")}, text, {_US.format("out_since")}, rejects,
    coalesce({_US.format("put_back_at")}, 0)
FROM oms.routing_venues
"""  # noqa: S608

WRITE_DECISIONS = f"""
INSERT INTO oms.routing_decisions (order_id, number, account_id, decided_at, record, record_hash,
    read_after)
SELECT order_id, number, account_id, {FROM_US.format("decided_at_us")}, record, record_hash,
    read_after
FROM unnest($1::text[], $2::int4[], $3::text[], $4::int8[], $5::bytea[], $6::bytea[], $7::int8[])
    AS rows (order_id, number, account_id, decided_at_us, record, record_hash, read_after)
"""  # noqa: S608

WRITE_VENUES = f"""
INSERT INTO oms.routing_venues AS known (venue_mic, out_until, text, out_since, rejects)
SELECT venue_mic, {FROM_US.format("out_until_us")}, text, {FROM_US.format("out_since_us")}, rejects
FROM unnest($1::text[], $2::int8[], $3::text[], $4::int8[], $5::int4[])
    AS rows (venue_mic, out_until_us, text, out_since_us, rejects)
ON CONFLICT (venue_mic) DO UPDATE SET out_until = excluded.out_until, text = excluded.text,
    out_since = excluded.out_since, rejects = excluded.rejects
-- What another replica has counted before a person put the venue back takes it out no more.
WHERE excluded.out_since > greatest(known.out_since, known.put_back_at)
"""  # noqa: S608

_BACK_AT = f"greatest({FROM_US.format('$2::int8')}, out_since + interval '1 microsecond')"
"""Later than it was taken out, also by the clock of the replica that did."""
PUT_BACK = f"""
UPDATE oms.routing_venues SET out_until = {_BACK_AT}, put_back_at = {_BACK_AT}
WHERE venue_mic = $1 AND out_until > {FROM_US.format("$2::int8")}
RETURNING venue_mic
"""  # noqa: S608


async def write(connection: asyncpg.Connection, writes: WriteSet) -> None:
    """Write what the decisions of a batch bring; nothing for a batch without any."""
    if writes.routing_decisions:
        rows = zip(*writes.routing_decisions, strict=True)
        await connection.execute(WRITE_DECISIONS, *rows)
    if writes.routing_venues:
        mics, until, texts, since, rejects, _ = zip(*writes.routing_venues, strict=True)
        await connection.execute(WRITE_VENUES, mics, until, texts, since, rejects)


class PostgresRoutingStore(RoutingStore):
    """Reads what routing has stored, and puts venues back."""

    def __init__(self, pool: asyncpg.Pool, write_pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._write_pool = write_pool

    @override
    async def decisions(
        self, order_id: str, after_number: int, limit: int
    ) -> list[RoutingDecisionRow]:
        with translated():
            rows = await self._pool.fetch(DECISIONS, order_id, after_number, limit)
        return [RoutingDecisionRow(*row) for row in rows]

    @override
    async def children(
        self, account_id: str, order_id: str, after_sequence: int, until_sequence: int
    ) -> list[bytes]:
        with translated():
            rows = await self._pool.fetch(
                CHILDREN, account_id, order_id, after_sequence, until_sequence
            )
        return [row[0] for row in rows]

    @override
    async def venues(self) -> Sequence[RoutingVenueRow]:
        with translated():
            rows = await self._pool.fetch(VENUES)
        return [RoutingVenueRow(*row) for row in rows]

    @override
    async def put_back(self, venue_mic: str, at_us: int, record: Record) -> bool:
        with translated():
            async with self._write_pool.acquire() as connection, connection.transaction():
                done = await connection.fetchval(PUT_BACK, venue_mic, at_us) is not None
                if done:
                    await record(AuditConnection(connection))
        return done
