"""Turns the driver's errors into the order book's: away, or refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from svc_oms.service.ports import StoreRefusedError, StoreUnavailableError

# The database cannot be reached, went away, or says that it will soon.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # The driver's text if a connection broke in the middle of a statement.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.CannotConnectNowError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Run driver calls under the order book's own error names."""
    try:
        yield
    except asyncpg.DataError as error:  # covers both the client's and the server's complaint
        raise StoreRefusedError(str(error)) from error
    except AWAY as error:
        raise StoreUnavailableError(f"database: {error or type(error).__name__}") from error
    except asyncpg.PostgresError as error:
        raise StoreRefusedError(str(error)) from error
