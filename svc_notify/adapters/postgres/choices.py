"""Rules and destinations: what people have chosen, in versions."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any, Final

from ordermesh.notify.v1 import destination_service_pb2, rule_pb2
from svc_notify.adapters.postgres.database import Database
from svc_notify.service.choices import KeyReusedError

Rule = rule_pb2.Rule
Destination = destination_service_pb2.Destination

LOCK: Final = "SELECT pg_advisory_xact_lock(1330466371)"  # changes take turns; "OMNC"
OF_KEY: Final = "SELECT digest, object_id FROM notify.keys WHERE user_id = $1 AND key = $2"
PUT_KEY: Final = """
INSERT INTO notify.keys (user_id, key, digest, object_id, at_ns) VALUES ($1, $2, $3, $4, $5)
"""
LOG: Final = """
INSERT INTO notify.changes (kind, object_id, version, by_user, at_ns, body)
VALUES ($1, $2, $3, $4, $5, $6)
"""
RULES: Final = """
SELECT body FROM notify.rules WHERE firm OR owner = $1 ORDER BY rule_id
"""
RULE: Final = "SELECT body FROM notify.rules WHERE rule_id = $1 AND (firm OR owner = $2)"
COUNT_RULES: Final = """
SELECT count(*) FROM notify.rules WHERE firm = $1 AND (firm OR owner = $2)
"""
PUT_RULE: Final = """
INSERT INTO notify.rules (rule_id, version, owner, firm, body) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (rule_id) DO UPDATE SET version = excluded.version, owner = excluded.owner,
    body = excluded.body
"""
REMOVE_RULE: Final = "DELETE FROM notify.rules WHERE rule_id = $1"
WAS_RULE: Final = """
SELECT EXISTS (SELECT FROM notify.changes WHERE kind = 'rule' AND object_id = $1 AND by_user = $2)
"""
_SELECT: Final = "SELECT body, state, cause FROM notify.destinations"
DESTINATIONS: Final = f"{_SELECT} ORDER BY destination_id"
DESTINATION: Final = f"{_SELECT} WHERE destination_id = $1"
OPEN_TO: Final = """
SELECT destination_id FROM notify.destinations
WHERE destination_id = ANY($1::text[]) AND user_id IN ('', $2)
"""
PUT_DESTINATION: Final = """
INSERT INTO notify.destinations AS d (destination_id, version, user_id, paused, body, secret)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (destination_id) DO UPDATE SET version = excluded.version, user_id = excluded.user_id,
    paused = excluded.paused, body = excluded.body,
    secret = CASE excluded.secret WHEN '' THEN d.secret ELSE excluded.secret END
"""
REMOVE_DESTINATION: Final = "DELETE FROM notify.destinations WHERE destination_id = $1"
GIVE_UP: Final = """
UPDATE notify.outbox SET dead_ns = $2, cause = 'its destination was removed'
WHERE destination_id = $1 AND dead_ns = 0
"""
# Notes that a FIX session is down stay: they end when it is up.
PRUNES: Final = (
    "DELETE FROM notify.keys WHERE at_ns < $1",
    "DELETE FROM notify.once WHERE at_ns < $1 AND key NOT LIKE 'down/%'",
)
PRUNE_PACES: Final = """
DELETE FROM notify.paces p
WHERE NOT EXISTS (SELECT FROM notify.rules r WHERE r.rule_id = p.rule_id)
    OR NOT EXISTS (SELECT FROM notify.destinations d WHERE d.destination_id = p.destination_id)
"""
ALL_RULES: Final = "SELECT body FROM notify.rules ORDER BY rule_id"


class PostgresChoices:
    """The port ``Choices``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rules(self, user_id: str) -> list[Rule]:
        """Return the rules of a user and of the firm."""
        async with self._database.read() as connection:
            return [Rule.FromString(row["body"]) for row in await connection.fetch(RULES, user_id)]

    async def destinations(self) -> list[Destination]:
        """Return all destinations, with their states."""
        async with self._database.read() as connection:
            return [_destination(row) for row in await connection.fetch(DESTINATIONS)]

    async def prune(self, before_ns: int) -> None:
        """Remove idempotency keys and notes of before a time, and paces of what was removed."""
        async with self._database.transaction() as connection:
            for statement in PRUNES:
                await connection.execute(statement, before_ns)
            await connection.execute(PRUNE_PACES)

    @asynccontextmanager
    async def changing(self) -> AsyncIterator["PostgresChanging"]:
        """Change rules or destinations in one transaction; one at a time, over all replicas."""
        async with self._database.transaction() as connection:
            await connection.execute(LOCK)
            yield PostgresChanging(connection)


class PostgresChanging:
    """The port ``Changing``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def made(self, user_id: str, key: str, digest: bytes) -> str:
        """Return the object that a key has made or changed; empty for a new key.

        Raises:
            KeyReusedError: The key was used for another request.
        """
        row = await self._connection.fetchrow(OF_KEY, user_id, key)
        if row is None:
            return ""
        if row["digest"] != digest:
            raise KeyReusedError
        return str(row["object_id"])

    async def keep_key(
        self, user_id: str, key: str, digest: bytes, object_id: str, now_ns: int
    ) -> None:
        """Note what a key made."""
        await self._connection.execute(PUT_KEY, user_id, key, digest, object_id, now_ns)

    async def rule(self, rule_id: str, user_id: str) -> Rule | None:
        """Return a rule of the firm or of this user."""
        body = await self._connection.fetchval(RULE, rule_id, user_id)
        return None if body is None else Rule.FromString(body)

    async def was_rule(self, rule_id: str, user_id: str) -> bool:
        """Return whether this user has had, or has set, such a rule."""
        return bool(await self._connection.fetchval(WAS_RULE, rule_id, user_id))

    async def count_rules(self, user_id: str, *, firm: bool) -> int:
        """Return how many rules the firm, or this user, has."""
        return int(await self._connection.fetchval(COUNT_RULES, firm, user_id))

    async def open_to(self, user_id: str, destination_ids: Collection[str]) -> set[str]:
        """Return which of the destinations rules of a user may name; empty user: the firm's."""
        rows = await self._connection.fetch(OPEN_TO, list(destination_ids), user_id)
        return {row["destination_id"] for row in rows}

    async def put_rule(self, rule: Rule, by: str, now_ns: int) -> None:
        """Store a version of a rule."""
        body = rule.SerializeToString()
        await self._connection.execute(
            PUT_RULE, rule.rule_id, rule.version, rule.owner, rule.firm, body
        )
        await self._log("rule", rule.rule_id, rule.version, by, now_ns, body)

    async def remove_rule(self, rule: Rule, by: str, now_ns: int) -> None:
        """Remove a rule."""
        await self._connection.execute(REMOVE_RULE, rule.rule_id)
        await self._log("rule", rule.rule_id, rule.version + 1, by, now_ns, b"")

    async def destination(self, destination_id: str) -> Destination | None:
        """Return a destination with its state."""
        row = await self._connection.fetchrow(DESTINATION, destination_id)
        return None if row is None else _destination(row)

    async def count_destinations(self) -> int:
        """Return how many there are."""
        return len(await self._connection.fetch(DESTINATIONS))

    async def put_destination(self, one: Destination, secret: str, by: str, now_ns: int) -> None:
        """Store a version of a destination; without a secret it keeps the one it has."""
        body = one.SerializeToString()
        await self._connection.execute(
            PUT_DESTINATION, one.destination_id, one.version, one.user_id, one.paused, body, secret
        )
        await self._log("destination", one.destination_id, one.version, by, now_ns, body)

    async def rules_naming(self, destination_id: str) -> list[Rule]:
        """Return the rules that send to a destination."""
        rows = await self._connection.fetch(ALL_RULES)
        rules = [Rule.FromString(row["body"]) for row in rows]
        return [rule for rule in rules if destination_id in rule.destination_ids]

    async def remove_destination(self, one: Destination, by: str, now_ns: int) -> None:
        """Remove a destination; what waits for it becomes dead letters."""
        await self._connection.execute(GIVE_UP, one.destination_id, now_ns)
        await self._connection.execute(REMOVE_DESTINATION, one.destination_id)
        await self._log("destination", one.destination_id, one.version + 1, by, now_ns, b"")

    async def _log(
        self, kind: str, object_id: str, version: int, by: str, now_ns: int, body: bytes
    ) -> None:
        await self._connection.execute(LOG, kind, object_id, version, by, now_ns, body)


def _destination(row: Any) -> Destination:
    found = Destination.FromString(row["body"])
    found.state, found.cause = row["state"], row["cause"]
    return found
