"""Messages that wait to be sent, and those that were given up."""
# ruff: noqa: S608 - statements are put together from constants of this package only

from collections.abc import Mapping
from typing import Any, Final

from ordermesh.notify.v1 import destination_service_pb2 as pb
from svc_notify.adapters.postgres.database import Database
from svc_notify.adapters.postgres.rows import SELECTED, notification_of
from svc_notify.adapters.postgres.users import viewers_of
from svc_notify.domain.notification import Notification, Viewer
from svc_notify.domain.outbox import (
    Dead,
    Delivered,
    Destination,
    Held,
    Message,
    Outcome,
    by_kind,
    permitted,
)
from svc_notify.service.ports import DeadLetter
from svc_notify.service.rule_messages import rule_of

# One message at a time to each destination, the oldest: one that is away delays no other.
CLAIM: Final = """
WITH next AS (
    SELECT DISTINCT ON (w.destination_id) w.message_id, w.due_ns
    FROM notify.outbox w JOIN notify.destinations d USING (destination_id)
    WHERE w.dead_ns = 0 AND w.due_ns <= $1 AND NOT d.paused AND NOT EXISTS (
        SELECT FROM notify.outbox s
        WHERE s.destination_id = w.destination_id AND s.dead_ns = 0 AND s.claimed_until >= now()
    )
    ORDER BY w.destination_id, w.due_ns, w.message_id
), due AS (
    SELECT o.message_id, o.destination_id, o.rule_id
    FROM notify.outbox o JOIN next USING (message_id)
    WHERE o.dead_ns = 0 AND o.claimed_until < now()
    ORDER BY next.due_ns, o.message_id LIMIT $2 FOR UPDATE OF o SKIP LOCKED
)
UPDATE notify.outbox o SET attempts = o.attempts + 1,
    claimed_until = now() + make_interval(secs => $3)
FROM due JOIN notify.destinations d USING (destination_id)
    LEFT JOIN notify.rules r USING (rule_id)
WHERE o.message_id = due.message_id
RETURNING o.message_id, o.rule_name, o.destination_id, o.created_ns, o.due_ns, o.sequences,
    r.body AS rule, o.urgent, o.counts, o.attempts, o.owner, d.user_id IN ('', o.owner) AS open,
    d.body, d.secret
"""
RELEASE: Final = """
UPDATE notify.outbox SET claimed_until = 'epoch' WHERE dead_ns = 0 AND claimed_until > 'epoch'
"""
OF_MESSAGES: Final = f"""
SELECT {SELECTED} FROM notify.notifications n WHERE n.sequence = ANY($1::bigint[])
ORDER BY n.sequence
"""
DELIVERED: Final = "DELETE FROM notify.outbox WHERE message_id = $1 AND attempts = $2"
AGAIN: Final = """
UPDATE notify.outbox SET due_ns = $3, cause = $4, claimed_until = 'epoch'
WHERE message_id = $1 AND attempts = $2 AND dead_ns = 0
"""
HOLD: Final = """
UPDATE notify.outbox SET due_ns = $3, claimed_until = 'epoch'
WHERE message_id = $1 AND attempts = $2 AND dead_ns = 0
"""
DEAD: Final = """
UPDATE notify.outbox SET dead_ns = $3, cause = $4 WHERE message_id = $1 AND attempts = $2
"""
SHOW_STATE: Final = """
UPDATE notify.destinations SET state = $2, cause = $3
WHERE destination_id = $1 AND (state, cause) IS DISTINCT FROM ($2, $3)
"""
# The text of what is for one user only is not for those who see all accounts.
LIST_DEAD: Final = """
SELECT o.message_id, o.destination_id, o.rule_id, o.counts, o.attempts, o.cause, o.created_ns,
    o.dead_ns, coalesce(n.text, '') AS text
FROM notify.outbox o LEFT JOIN notify.notifications n
    ON n.sequence = o.sequences[1] AND n.audience <> 2
WHERE o.dead_ns > 0 AND o.message_id < $1 AND ($2 = '' OR o.destination_id = $2)
ORDER BY o.message_id DESC LIMIT $3
"""
FIND_DEAD: Final = """
SELECT EXISTS (SELECT FROM notify.destinations d WHERE d.destination_id = o.destination_id)
FROM notify.outbox o WHERE o.message_id = $1 AND o.dead_ns > 0 FOR UPDATE OF o
"""
RETRY: Final = """
UPDATE notify.outbox SET dead_ns = 0, due_ns = $2, claimed_until = 'epoch' WHERE message_id = $1
"""
DISCARD: Final = "DELETE FROM notify.outbox WHERE message_id = $1 AND dead_ns > 0"
PRUNE_DEAD: Final = """
DELETE FROM notify.outbox WHERE dead_ns > 0 AND (dead_ns < $1 OR message_id <= (
    SELECT message_id FROM notify.outbox WHERE dead_ns > 0
    ORDER BY message_id DESC OFFSET $2 LIMIT 1
))
"""
WAITING: Final = """
SELECT count(*) FILTER (WHERE dead_ns = 0) AS waiting, count(*) FILTER (WHERE dead_ns > 0) AS dead
FROM notify.outbox
"""
CAUSE_CHARACTERS_MAX: Final = 500


class PostgresOutbox:
    """The port ``Outbox``, and the dead letters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now_ns: int, limit: int, seconds: float) -> list[Message]:
        """Take messages that are due."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(CLAIM, now_ns, limit, seconds)
            wanted = {number for row in rows for number in row["sequences"]}
            found = await connection.fetch(OF_MESSAGES, list(wanted)) if wanted else ()
            owners = await viewers_of(connection, {row["owner"] for row in rows} - {""})
        kept = {row["sequence"]: notification_of(row) for row in found}
        rows = sorted(rows, key=lambda row: (row["due_ns"], row["message_id"]))
        return [_message(row, kept, owners) for row in rows]

    async def release(self) -> None:
        """End the claims of all messages."""
        async with self._database.transaction() as connection:
            await connection.execute(RELEASE)

    async def settle(self, message: Message, outcome: Outcome, due_ns: int, now_ns: int) -> None:
        """Note what became of an attempt; one that was claimed again meanwhile stays as it is."""
        which, to = (message.message_id, message.attempt), message.destination.destination_id
        async with self._database.transaction() as connection:
            if isinstance(outcome, Delivered):
                await connection.execute(DELIVERED, *which)
                await connection.execute(SHOW_STATE, to, pb.DESTINATION_STATE_DELIVERS, "")
                return
            if isinstance(outcome, Held):
                await connection.execute(HOLD, *which, due_ns)
                return
            cause = outcome.cause[:CAUSE_CHARACTERS_MAX]
            if isinstance(outcome, Dead):
                await connection.execute(DEAD, *which, now_ns, cause)
                await connection.execute(SHOW_STATE, to, pb.DESTINATION_STATE_FAILS, cause)
            else:
                await connection.execute(AGAIN, *which, due_ns, cause)
                await connection.execute(SHOW_STATE, to, pb.DESTINATION_STATE_RETRIES, cause)

    async def dead_letters(self, before: str, destination_id: str, limit: int) -> list[DeadLetter]:
        """Return messages that were given up, with lower ids, newest first."""
        async with self._database.read() as connection:
            rows = await connection.fetch(LIST_DEAD, before, destination_id, limit)
        return [
            DeadLetter(
                row["message_id"], row["destination_id"], row["rule_id"], sum(row["counts"]),
                row["text"], row["attempts"], row["cause"], row["created_ns"], row["dead_ns"],
            )
            for row in rows
        ]  # fmt: skip

    async def retry(self, message_id: str, now_ns: int) -> bool | None:
        """Send a dead letter again; False if its destination is gone, None if there is no such."""
        async with self._database.transaction() as connection:
            there: bool | None = await connection.fetchval(FIND_DEAD, message_id)
            if there:
                await connection.execute(RETRY, message_id, now_ns)
            return there

    async def prune(self, before_ns: int, most: int) -> None:
        """Remove dead letters of before a time, and the oldest beyond a number."""
        async with self._database.transaction() as connection:
            await connection.execute(PRUNE_DEAD, before_ns, most)

    async def discard(self, message_id: str) -> None:
        """Remove a dead letter."""
        async with self._database.transaction() as connection:
            await connection.execute(DISCARD, message_id)

    async def counts(self) -> tuple[int, int]:
        """Return the numbers of messages that wait, and of dead letters."""
        async with self._database.read() as connection:
            row = await connection.fetchrow(WAITING)
        return row["waiting"], row["dead"]


def _message(row: Any, kept: Mapping[int, Notification], owners: Mapping[str, Viewer]) -> Message:
    """Return a message as it may be sent now."""
    message = Message(
        row["message_id"],
        _destination(row),
        row["rule_name"],
        row["created_ns"],
        tuple(kept[number] for number in sorted(row["sequences"]) if number in kept),
        by_kind(row["counts"]),
        row["attempts"],
        None if row["urgent"] or row["rule"] is None else rule_of(row["rule"]).quiet,
    )
    if row["open"] and not row["owner"]:
        return message
    return permitted(message, owners.get(row["owner"]) if row["open"] else None)


def _destination(row: Any) -> Destination:
    body = pb.Destination.FromString(row["body"])
    return Destination(row["destination_id"], body.channel, body.name, body.address, row["secret"])
