"""What a service says of PostgreSQL when it cannot use it."""

import asyncpg
import pytest

from mesh.postgres.pool import AWAY, PoolOwner, PostgresPool

MIGRATE = "python -m svc_any.admin migrate"
PLAIN = PoolOwner("svc-any", MIGRATE, RuntimeError)
GRANTED = PoolOwner("svc-any", MIGRATE, RuntimeError, "does not let our role read")
NOT_MIGRATED = f"is not migrated: run `{MIGRATE}`"
CASES = [
    (asyncpg.DiskFullError, "has no disk space left"),
    (asyncpg.TooManyConnectionsError, "lacks a resource"),
    (asyncpg.ReadOnlySQLTransactionError, "is read-only"),
    (asyncpg.CannotConnectNowError, "is starting or stopping"),
    (asyncpg.LockNotAvailableError, "has a table that somebody else has locked"),
    (asyncpg.UndefinedTableError, NOT_MIGRATED),
    (asyncpg.InvalidSchemaNameError, NOT_MIGRATED),
    (asyncpg.InvalidPasswordError, "refuses our role or password"),
    (TimeoutError, "did not answer in time"),
    (ConnectionRefusedError, "cannot be reached"),
    (asyncpg.ConnectionDoesNotExistError, "cannot be reached"),
]


@pytest.mark.parametrize(("kind", "text"), CASES, ids=[kind.__name__ for kind, _ in CASES])
def test_a_database_that_cannot_be_used_has_a_cause_in_words(kind, text):
    assert PLAIN.cause(kind("")) == text
    assert GRANTED.cause(kind("")) == text


@pytest.mark.parametrize("kind", AWAY)
def test_no_error_of_a_database_that_is_away_is_ours(kind):
    assert PLAIN.cause(kind(""))


@pytest.mark.parametrize("kind", [asyncpg.UniqueViolationError, asyncpg.UndefinedColumnError])
def test_an_error_of_ours_has_no_cause(kind):
    assert PLAIN.cause(kind("")) is None
    assert GRANTED.cause(kind("")) is None


def test_a_missing_right_is_a_cause_only_for_a_service_that_says_which():
    error = asyncpg.InsufficientPrivilegeError("")
    assert GRANTED.cause(error) == "does not let our role read"
    assert PLAIN.cause(error) is None


async def test_without_a_database_every_use_is_refused():
    pool = PostgresPool("", PLAIN)
    await pool.open()
    assert not pool.configured
    with pytest.raises(RuntimeError, match="ORDERMESH_DATABASE_URL"):
        async with pool.transaction():
            pass
    await pool.close()
