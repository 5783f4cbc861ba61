"""Writes notifications: one transaction at a time, over all replicas."""
# ruff: noqa: S608 - statements are put together from constants of this package only

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from eventlog.logs import Log, Position
from svc_notify.adapters.postgres.database import SCHEMA, Database
from svc_notify.adapters.postgres.rows import COLUMNS, row_of
from svc_notify.adapters.postgres.users import viewers_of
from svc_notify.domain.notification import Notification, Viewer
from svc_notify.domain.outbox import SHOWN_MAX, Collected
from svc_notify.domain.rules import Pace, Rule
from svc_notify.service.ports import Doubt, PaceKey, PositionMovedError
from svc_notify.service.rule_messages import rule_of

LOCK_FEED: Final = "SELECT last_sequence FROM notify.feed FOR UPDATE"
POSITIONS: Final = "SELECT log, log_number, hash FROM notify.positions"
BEGIN: Final = """
INSERT INTO notify.positions (log, log_number, hash) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING 1
"""
ADVANCE: Final = """
UPDATE notify.positions SET log_number = $2, hash = $3 WHERE log = $1 AND log_number = $4
RETURNING 1
"""
MOVE_FEED: Final = "UPDATE notify.feed SET last_sequence = $1"
NOTED: Final = "SELECT key FROM notify.once WHERE key = ANY($1::text[])"
NOTE: Final = """
INSERT INTO notify.once (key, at_ns) SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING
"""
FORGET: Final = "DELETE FROM notify.once WHERE key = ANY($1::text[])"
OPEN_DOUBT: Final = """
INSERT INTO notify.deadlines
    (order_id, account_id, instrument_id, venue_mic, since_ns, due_ns, text)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (order_id) DO NOTHING
"""
END_DOUBTS: Final = "DELETE FROM notify.deadlines WHERE order_id = ANY($1::text[])"
HAS_DUE: Final = "SELECT EXISTS (SELECT FROM notify.deadlines WHERE due_ns <= $1)"
TAKE_DUE: Final = """
DELETE FROM notify.deadlines WHERE due_ns <= $1
RETURNING order_id, account_id, instrument_id, venue_mic, since_ns, text
"""
RULES: Final = "SELECT rule_id, version, owner, firm, body FROM notify.rules ORDER BY rule_id"
PACES: Final = """
SELECT rule_id, destination_id, urgent, hour_ns, messages FROM notify.paces
WHERE rule_id = ANY($1::text[])
"""
PUT: Final = f"""
INSERT INTO notify.outbox AS o (message_id, rule_id, rule_name, destination_id, urgent, created_ns,
    due_ns, sequences, counts, owner)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (rule_id, destination_id, urgent) WHERE attempts = 0 AND dead_ns = 0 DO UPDATE SET
    sequences = (o.sequences || excluded.sequences)[1:{SHOWN_MAX}],
    counts = ARRAY(SELECT a + b FROM unnest(o.counts, excluded.counts) AS n (a, b))
RETURNING message_id = $1
"""
PUT_PACE: Final = """
INSERT INTO notify.paces (rule_id, destination_id, urgent, hour_ns, messages)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (rule_id, destination_id, urgent) DO UPDATE
SET hour_ns = excluded.hour_ns, messages = excluded.messages
"""


class PostgresNotifications:
    """The port ``NotificationStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def positions(self) -> dict[Log, Position]:
        """Return how far each log is read."""
        async with self._database.read() as connection:
            rows = await connection.fetch(POSITIONS)
        return {Log(row["log"]): Position(row["log_number"], row["hash"]) for row in rows}

    async def has_due_doubts(self, now_ns: int) -> bool:
        """Return whether orders have been in doubt for too long."""
        async with self._database.read() as connection:
            return bool(await connection.fetchval(HAS_DUE, now_ns))

    @asynccontextmanager
    async def writing(self) -> AsyncIterator["PostgresWriting"]:
        """Write notifications in one transaction."""
        async with self._database.transaction() as connection:
            yield PostgresWriting(connection, int(await connection.fetchval(LOCK_FEED)))


class PostgresWriting:
    """The port ``Writing``."""

    def __init__(self, connection: Any, last_sequence: int) -> None:
        self._connection = connection
        self.last_sequence = last_sequence

    async def advance(self, log: Log, before: Position | None, after: Position) -> None:
        """Note how far a log is read."""
        if before is None:
            moved = await self._connection.fetchval(BEGIN, log, *after)
        else:
            moved = await self._connection.fetchval(ADVANCE, log, *after, before.log_number)
        if not moved:
            raise PositionMovedError(log)

    async def add(self, notifications: Sequence[Notification]) -> None:
        """Store notifications."""
        await self._connection.copy_records_to_table(
            "notifications",
            schema_name=SCHEMA,
            columns=COLUMNS,
            records=[row_of(one) for one in notifications],
        )
        self.last_sequence = notifications[-1].sequence
        await self._connection.execute(MOVE_FEED, self.last_sequence)

    async def noted(self, keys: Collection[str]) -> set[str]:
        """Return which of these keys are noted."""
        return {row["key"] for row in await self._connection.fetch(NOTED, list(keys))}

    async def note(self, keys: Collection[str], now_ns: int) -> None:
        """Note keys."""
        await self._connection.execute(NOTE, list(keys), now_ns)

    async def forget(self, keys: Collection[str]) -> None:
        """End the notes of keys."""
        await self._connection.execute(FORGET, list(keys))

    async def doubt(self, opened: Sequence[Doubt], after_ns: int, known: Collection[str]) -> None:
        """Note orders that are in doubt, and orders whose state is known."""
        if known:
            await self._connection.execute(END_DOUBTS, list(known))
        if opened:
            await self._connection.executemany(
                OPEN_DOUBT,
                [(*one[:5], one.since_ns + after_ns, one.text) for one in opened],
            )

    async def due_doubts(self, now_ns: int) -> list[Doubt]:
        """Take the doubts that are due."""
        return [Doubt(*row) for row in await self._connection.fetch(TAKE_DUE, now_ns)]

    async def rules_with_destinations(self) -> list[Rule]:
        """Return the rules that send somewhere."""
        rules = [rule_of(row["body"]) for row in await self._connection.fetch(RULES)]
        return [rule for rule in rules if rule.destinations]

    async def viewers(self, user_ids: Collection[str]) -> dict[str, Viewer]:
        """Return what users may see now."""
        return await viewers_of(self._connection, user_ids)

    async def paces(self, rule_ids: Collection[str]) -> dict[PaceKey, Pace]:
        """Return the paces of rules, by rule, destination and urgency."""
        rows = await self._connection.fetch(PACES, list(rule_ids))
        return {
            (rule_id, destination_id, urgent): Pace(*pace)
            for rule_id, destination_id, urgent, *pace in rows
        }

    async def put(
        self, message_id: str, collected: Collected, now_ns: int, due_ns: int, pace: Pace
    ) -> bool:
        """Add to the message that waits for a rule and destination, or make it."""
        rule, to = collected.rule, collected.destination_id
        made = await self._connection.fetchval(
            PUT, message_id, rule.rule_id, rule.name, to, collected.urgent, now_ns, due_ns,
            list(collected.sequences), list(collected.counts), "" if rule.firm else rule.owner,
        )  # fmt: skip
        if made:
            await self._connection.execute(PUT_PACE, rule.rule_id, to, collected.urgent, *pace)
        return bool(made)
