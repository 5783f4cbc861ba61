"""Runs a use case that needs the database, and gives a database that is away its reason."""

from collections.abc import Awaitable
from typing import Final, TypeVar

from mesh.errors import refuse
from mesh.log import get_logger
from svc_marketdata.service.errors import StoreUnavailableError

RETRY_AFTER_S: Final = 1.0

T = TypeVar("T")
_log = get_logger(__name__)


async def answered(work: Awaitable[T]) -> T:
    """Run a use case.

    Raises:
        MeshError: DEPENDENCY_UNAVAILABLE if the database is away.
    """
    try:
        return await work
    except StoreUnavailableError as error:
        _log.warning("database unavailable", cause=repr(error.__cause__ or error))
        raise refuse(
            "DEPENDENCY_UNAVAILABLE",
            f"{error}; live prices go on without it; try again shortly",
            retry_after_s=RETRY_AFTER_S,
            dependency="database",
        ) from error
