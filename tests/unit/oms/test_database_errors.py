"""What the database cannot do is said by its cause, and what is not known after a commit too."""

import asyncpg
import pytest

from svc_oms.adapters.postgres.errors import translated
from svc_oms.service.errors import database_away
from svc_oms.service.ports import StoreRefusedError, StoreUnavailableError

# The error; words of the cause; whether the outcome of a commit that ends so is unknown.
CASES = [
    (asyncpg.DiskFullError("could not extend file"), "no disk space left (SQLSTATE 53100)", False),
    (asyncpg.OutOfMemoryError("x"), "out of memory (SQLSTATE 53200)", False),
    (asyncpg.TooManyConnectionsError("x"), "no connection free (SQLSTATE 53300)", False),
    (asyncpg.ConfigurationLimitExceededError("x"), "lacks a resource (SQLSTATE 53400)", False),
    (asyncpg.InsufficientResourcesError("x"), "lacks a resource (SQLSTATE 53000)", False),
    (asyncpg.PostgresSystemError("x"), "read or write its files (SQLSTATE 58000)", False),
    (asyncpg.PostgresIOError("x"), "read or write its files (SQLSTATE 58030)", False),
    (asyncpg.ReadOnlySQLTransactionError("x"), "is read-only (SQLSTATE 25006)", False),
    (asyncpg.AdminShutdownError("x"), "is being shut down (SQLSTATE 57P01)", True),
    (asyncpg.CrashShutdownError("x"), "processes failed (SQLSTATE 57P02)", True),
    (asyncpg.CannotConnectNowError("x"), "starting or stopping (SQLSTATE 57P03)", False),
    (asyncpg.QueryCanceledError("x"), "cancelled the statement (SQLSTATE 57014)", False),
    (asyncpg.SerializationError("x"), "rolled the transaction back (SQLSTATE 40001)", False),
    (asyncpg.DeadlockDetectedError("x"), "rolled the transaction back (SQLSTATE 40P01)", False),
    (asyncpg.StatementCompletionUnknownError("x"), "(SQLSTATE 40003)", True),
    (asyncpg.TransactionResolutionUnknownError("x"), "(SQLSTATE 08007)", True),
    (asyncpg.ConnectionDoesNotExistError("x"), "cannot be reached (SQLSTATE 08003)", True),
    (asyncpg.InvalidSchemaNameError("x"), "has no order book (SQLSTATE 3F000)", False),
    (asyncpg.UndefinedTableError("x"), "lacks a table of the order book", False),
    (asyncpg.UndefinedFunctionError("x"), "lacks a function of the order book", False),
    (asyncpg.InvalidCachedStatementError("x"), "has other tables than before", False),
    (asyncpg.InternalServerError("could not open relation with OID 7"), "(SQLSTATE XX000)", False),
    (TimeoutError(), "did not answer in time", True),
    (ConnectionRefusedError(111, "Connection refused"), "cannot be reached", True),
    (asyncpg.InterfaceError("connection is closed"), "cannot be reached", True),
    (asyncpg.InternalClientError("got result for unknown protocol state"), "reached", True),
]
IDS = [type(error).__name__ for error, _, _ in CASES]


@pytest.mark.parametrize(("error", "words", "unknown"), CASES, ids=IDS)
def test_each_error_has_its_cause(error: Exception, words: str, unknown: bool) -> None:
    with pytest.raises(StoreUnavailableError) as caught, translated():
        raise error
    assert words in caught.value.cause
    assert not caught.value.outcome_unknown, "nothing was being committed"
    refusal = database_away(caught.value)
    assert refusal.reason == "DEPENDENCY_UNAVAILABLE"
    assert words in refusal.text
    with pytest.raises(StoreUnavailableError) as caught, translated(committing=True):
        raise error
    assert caught.value.outcome_unknown is unknown
    refusal = database_away(caught.value)
    assert refusal.reason == ("COMMAND_OUTCOME_UNKNOWN" if unknown else "DEPENDENCY_UNAVAILABLE")
    assert words in refusal.text
    assert refusal.retry_after_s


@pytest.mark.parametrize(
    "error",
    [asyncpg.DataError("x"), asyncpg.UniqueViolationError("x"), asyncpg.CheckViolationError("x")],
)
def test_data_that_the_database_refuses_is_not_a_matter_of_time(error: Exception) -> None:
    with pytest.raises(StoreRefusedError), translated(committing=True):
        raise error
