"""What the servicers share: the caller as a viewer, refusals, and a database that is away."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from typing import Final, NamedTuple, Protocol, TypeVar

from mesh.errors import MeshError, refuse
from mesh.rpc.call import Call
from svc_notify.domain.notification import Viewer, viewer
from svc_notify.service.choices import Changing, Choices, KeyReusedError
from svc_notify.service.ports import StoreUnavailableError

RETRY_AFTER_S: Final = 1.0

T = TypeVar("T")


@asynccontextmanager
async def reaching() -> AsyncIterator[None]:
    """Give a database that is away its reason.

    Raises:
        MeshError: DEPENDENCY_UNAVAILABLE.
    """
    try:
        yield
    except StoreUnavailableError as error:
        raise refuse(
            "DEPENDENCY_UNAVAILABLE",
            f"{error}; try again shortly",
            retry_after_s=RETRY_AFTER_S,
            dependency="database",
        ) from error


async def answered(work: Awaitable[T]) -> T:
    """Run a use case; see `reaching`."""
    async with reaching():
        return await work


def viewer_of(call: Call) -> Viewer:
    """Return the caller, and what it may see now."""
    return viewer(call.user.subject, call.user.roles, call.user.accounts)


def not_found(field: str, value: str, what: str) -> MeshError:
    """Refuse an id that stands for nothing the caller may see."""
    return refuse(
        "OBJECT_NOT_FOUND", f"{field} was {value!r}: there is no such {what}", field, value=value
    )


def stale(field: str, version: int, present: int) -> MeshError:
    """Refuse a change of an older version."""
    return refuse(
        "STALE_VERSION",
        f"{field} was {version}; the present version is {present}: read it, and change it again",
        field,
        value=version,
        expected=present,
    )


def key_reused(key: str) -> MeshError:
    """Refuse a key that stands for another request."""
    return refuse(
        "IDEMPOTENCY_KEY_REUSED",
        f"idempotency_key {key!r} stands for another request; expected a new key",
        "idempotency_key",
    )


@asynccontextmanager
async def changing(key: str) -> AsyncIterator[None]:
    """Give the refusals of a change with a key."""
    async with reaching():
        try:
            yield
        except KeyReusedError as error:
            raise key_reused(key) from error


class Keyed(NamedTuple):
    """One change with an idempotency key, in its transaction."""

    change: Changing
    made: str
    """The object that the key has made or changed; empty for a new key."""
    keep: Callable[[str, int], Awaitable[None]]
    """Notes the object that the key made, and when."""


class Keyable(Protocol):
    """A request with an idempotency key."""

    idempotency_key: str

    def SerializeToString(self, *, deterministic: bool) -> bytes:  # noqa: N802  its name
        """Return its bytes."""


@asynccontextmanager
async def keyed(choices: Choices, request: Keyable, by: str) -> AsyncIterator[Keyed]:
    """Begin a change that a request with an idempotency key asks for.

    Raises:
        MeshError: IDEMPOTENCY_KEY_REUSED, DEPENDENCY_UNAVAILABLE.
    """
    key = request.idempotency_key
    digest = sha256(request.SerializeToString(deterministic=True)).digest()
    async with changing(key), choices.changing() as change:
        made = await change.made(by, key, digest)
        yield Keyed(change, made, partial(change.keep_key, by, key, digest))
