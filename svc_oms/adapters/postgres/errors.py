"""Turns the driver's errors into the order book's: unavailable, with the cause, or refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from svc_oms.service.ports import StoreRefusedError, StoreUnavailableError

# The database cannot be reached, went away, says that it will soon, or lacks what it needs.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # The driver's text if a connection broke in the middle of a statement.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.CannotConnectNowError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    # The order book is being restored: its tables are gone, or others than a moment ago.
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.InternalServerError,
)


# What a person can act on, by the error's class; the first that matches counts. Everything else
# of AWAY cannot be reached.
CAUSES: tuple[tuple[type[Exception], str], ...] = (
    (asyncpg.DiskFullError, "has no disk space left"),
    (asyncpg.OutOfMemoryError, "is out of memory"),
    (asyncpg.TooManyConnectionsError, "has no connection free"),
    (asyncpg.InsufficientResourcesError, "lacks a resource"),
    (asyncpg.PostgresSystemError, "cannot read or write its files"),
    (asyncpg.ReadOnlySQLTransactionError, "is read-only"),
    (asyncpg.AdminShutdownError, "is being shut down"),
    (asyncpg.CrashShutdownError, "ended because one of its processes failed"),
    (asyncpg.CannotConnectNowError, "is starting or stopping"),
    (asyncpg.QueryCanceledError, "cancelled the statement"),
    (asyncpg.TransactionRollbackError, "rolled the transaction back"),
    (asyncpg.InvalidSchemaNameError, "has no order book"),
    (asyncpg.UndefinedTableError, "lacks a table of the order book"),
    (asyncpg.UndefinedFunctionError, "lacks a function of the order book"),
    (asyncpg.InvalidCachedStatementError, "has other tables than before"),
    (asyncpg.InternalServerError, "failed on the statement"),
    (TimeoutError, "did not answer in time"),
)
# After one of these during a commit nobody knows whether it took effect: the answer was lost. Any
# other error is the database's own answer, and means that it did not.
ANSWER_LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.StatementCompletionUnknownError,
)


def away(error: Exception, *, committing: bool = False) -> StoreUnavailableError:
    """Return an error of AWAY as the order book's own, with its cause in words."""
    cause = next((words for kind, words in CAUSES if isinstance(error, kind)), "cannot be reached")
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate:
        cause += f" (SQLSTATE {sqlstate})"
    return StoreUnavailableError(
        f"database {cause}: {error or type(error).__name__}",
        cause,
        outcome_unknown=committing and isinstance(error, ANSWER_LOST),
    )


@contextmanager
def translated(*, committing: bool = False) -> Iterator[None]:
    """Run driver calls under the order book's own error names."""
    try:
        yield
    except asyncpg.DataError as error:  # covers both the client's and the server's complaint
        raise StoreRefusedError(str(error)) from error
    except AWAY as error:
        raise away(error, committing=committing) from error
    except asyncpg.PostgresError as error:
        raise StoreRefusedError(str(error)) from error
