"""Refusals that several packages of the service use."""

from mesh.errors import MeshError, refuse
from svc_oms.domain.refusal import OrderRefused, wrong


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


def database_away() -> MeshError:
    """Refuse because the database is away; the outcome may be open."""
    return refuse(
        "DEPENDENCY_UNAVAILABLE",
        "the order book's database cannot be reached; repeat with the same idempotency_key, "
        "and the answer says whether the command was taken",
        retry_after_s=1.0,
        dependency="database",
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
