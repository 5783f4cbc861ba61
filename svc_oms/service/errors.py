"""Refusals that several packages of the service use."""

from collections.abc import Iterator
from contextlib import contextmanager

from mesh.errors import MeshError, refuse
from mesh.names import called
from svc_oms.domain.refusal import OrderRefused, wrong
from svc_oms.service.ports import StoreUnavailableError


def order_not_found(order_id: str) -> MeshError:
    """Refuse a command or query on an order that does not exist or is not the caller's."""
    return refuse(
        "ORDER_NOT_FOUND",
        f"order_id is {order_id!r}: there is no such order among your accounts",
        "order_id",
        order_id=order_id,
    )


def account_not_found(account_id: str) -> MeshError:
    """Refuse a command for an account that does not exist."""
    return refuse(
        "ACCOUNT_NOT_ALLOWED",
        f"account_id is {account_id!r}: the order book has no such account of yours",
        "account_id",
        account_id=account_id,
    )


def key_reused(key: str) -> MeshError:
    """Refuse a known key that came with another request."""
    return refuse(
        "IDEMPOTENCY_KEY_REUSED",
        f"idempotency_key {key!r} was used for another request; use a new key for a new intent",
        "idempotency_key",
        idempotency_key=key,
    )


def needs_another(
    person: tuple[str, str], did: str, verb: str, field: str, **metadata: str
) -> MeshError:
    """Refuse a decision by the person whose proposal it is about.

    Args:
        person: Id and name of the person.
        did: What the person did: "proposed override 01J...".
        verb: What another person must do.
        field: The field of the request that names the proposal.
        metadata: Every value the text names, next to the person's id as `proposed_by`.
    """
    return MeshError(
        "SECOND_PERSON_REQUIRED",
        f"{called(*person)} {did}: another person must {verb} it",
        field,
        {"proposed_by": person[0], **metadata},
    )


@contextmanager
def reaching_database() -> Iterator[None]:
    """Turn a failure of the database in the block into the refusal of the call."""
    try:
        yield
    except StoreUnavailableError as error:
        raise database_away(error) from error


def database_away(error: StoreUnavailableError) -> MeshError:
    """Refuse because of the database, and say why; and if so, that the outcome is not known."""
    if error.outcome_unknown:
        return refuse(
            "COMMAND_OUTCOME_UNKNOWN",
            f"the order book's database {error.cause} while the command was committed: it is not "
            "known whether it was taken; repeat it with the same idempotency_key, and the answer "
            "says so",
            retry_after_s=1.0,
            dependency="database",
            cause=error.cause,
        )
    return refuse(
        "DEPENDENCY_UNAVAILABLE",
        f"the order book's database {error.cause}; repeat with the same idempotency_key, "
        "and the answer says whether the command was taken",
        retry_after_s=1.0,
        dependency="database",
        cause=error.cause,
    )


def book_not_open(why: str) -> MeshError:
    """Refuse because this replica has not opened the order book."""
    return refuse(
        "DEPENDENCY_UNAVAILABLE",
        f"the order book is not open: {why}; nothing was taken",
        retry_after_s=1.0,
        dependency="database",
        cause=why,
    )


def queue_full(limit: int) -> MeshError:
    """Refuse because the queue of commands is full."""
    return refuse(
        "OVERLOADED",
        f"{limit} commands are waiting already; nothing was taken",
        retry_after_s=0.5,
        limit=limit,
    )


def invalid_field(field: str, value: object, expected: str) -> MeshError:
    """Refuse a field: what it was and what it should be, as in the domain."""
    return refused(wrong(field, str(value), expected))


def refused(error: OrderRefused | MeshError) -> MeshError:
    """Return a refusal as the error for the caller."""
    if isinstance(error, MeshError):
        return error
    return MeshError(error.reason, error.text, error.field, dict(error.metadata))
