"""Runs a use case, and gives its refusals and a database that is away their reasons."""

from collections.abc import Awaitable
from typing import Final, TypeVar

from mesh.errors import refuse
from mesh.log import get_logger
from svc_identity.api.mapping import refusal_to_error
from svc_identity.domain.errors import Refused, SessionEndedError
from svc_identity.service.ports import StoreUnavailableError

RETRY_AFTER_S: Final = 1.0

T = TypeVar("T")
log = get_logger(__name__)


async def answered(work: Awaitable[T]) -> T:
    """Run a use case.

    Raises:
        MeshError: What it refuses; DEPENDENCY_UNAVAILABLE if the database is away.
    """
    try:
        return await work
    except Refused as refused:
        if isinstance(refused, SessionEndedError) and refused.cause is not None:
            log.warning("session ended", cause=refused.cause.value, session_id=refused.session_id)
        raise refusal_to_error(refused) from refused
    except StoreUnavailableError as error:
        log.warning("database unavailable", cause=repr(error.__cause__))
        raise refuse(
            "DEPENDENCY_UNAVAILABLE",
            "the user database is not available; try again shortly",
            retry_after_s=RETRY_AFTER_S,
            dependency="database",
        ) from error
