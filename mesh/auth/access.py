"""Who may call an rpc: everyone, users with certain roles, or certain services of the mesh."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from mesh.auth.tokens import Principal, TokenVerifier, bearer_token
from mesh.certificates.tls import peer_service
from mesh.errors import refuse

ROLES: Final = frozenset({"VIEWER", "TRADER", "OPERATOR", "AUDITOR", "RISK"})


class Context(Protocol):
    """The part of gRPC's context that this module needs."""

    def invocation_metadata(self) -> Any:
        """Return the headers of the call."""

    def auth_context(self) -> Any:
        """Return the properties of the peer's certificate."""


@dataclass(frozen=True, slots=True)
class Access:
    """The access rule of one rpc. Every caller has a certificate of our authority in any case.

    Attributes:
        roles: If not empty, a token with one of these roles is required.
        services: If not empty, a certificate of one of these services is required; with
            both set, one of the two is enough.
    """

    roles: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()


PUBLIC: Final = Access()


def user(*roles: str) -> Access:
    """Allow users with one of these roles; without roles, every user."""
    unknown = set(roles) - ROLES
    if unknown:
        raise ValueError(f"unknown roles {sorted(unknown)}")
    return Access(roles=frozenset(roles) or ROLES)


def peer(*services: str) -> Access:
    """Allow these services of the mesh, named in their certificates."""
    if not services:
        raise ValueError("name at least one service")
    return Access(services=frozenset(services))


def user_or_peer(*services: str) -> Access:
    """Allow every user, and these services of the mesh without a user."""
    return Access(roles=ROLES, services=peer(*services).services)


async def identify(
    access: Access, context: Context, verifier: TokenVerifier | None, method: str
) -> Principal | None:
    """Return the user of a call, allowed or not; None if the rule requires no user.

    Raises:
        MeshError: UNAUTHENTICATED or TOKEN_EXPIRED; PERMISSION_DENIED for services.
    """
    if access.services:
        service = peer_service(context.auth_context())
        if service in access.services:
            return None
        if not access.roles:
            raise refuse(
                "PERMISSION_DENIED",
                f"only {', '.join(sorted(access.services))} may call {method}, "
                f"not {service or 'a caller without a service certificate'}",
                peer=service,
            )
    if not access.roles:
        return None
    token = bearer_token(context.invocation_metadata())
    if not token or verifier is None:
        raise refuse(
            "UNAUTHENTICATED",
            f'{method} requires the header "authorization: Bearer <access token>"',
        )
    return await verifier.verify(token)


def require_role(access: Access, principal: Principal | None, method: str) -> None:
    """Refuse a user who has none of the required roles.

    Raises:
        MeshError: PERMISSION_DENIED.
    """
    if principal is not None and access.roles.isdisjoint(principal.roles):
        raise refuse(
            "PERMISSION_DENIED",
            f"{method} requires one of the roles {', '.join(sorted(access.roles))}; "
            f"the user has {', '.join(sorted(principal.roles)) or 'none'}",
            roles=",".join(sorted(principal.roles)),
        )
