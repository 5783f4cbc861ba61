"""Who may call an rpc: anybody, users of certain roles, or certain services of the mesh."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from mesh.auth import Principal, TokenVerifier, bearer_token
from mesh.errors import refuse
from mesh.tls import peer_service

ROLES: Final = frozenset({"VIEWER", "TRADER", "OPERATOR", "AUDITOR", "RISK"})


class Context(Protocol):
    """What of gRPC's context this needs."""

    def invocation_metadata(self) -> Any:
        """Give the headers of the call."""

    def auth_context(self) -> Any:
        """Give what TLS knows of the peer."""


@dataclass(frozen=True, slots=True)
class Access:
    """The rule of one rpc. Whoever calls has a certificate of our authority in any case.

    Attributes:
        roles: A token with one of these roles is needed, if not empty.
        services: A certificate of one of these services is needed, if not empty; with
            roles as well, either will do.
    """

    roles: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()


PUBLIC: Final = Access()


def user(*roles: str) -> Access:
    """Allow users with one of these roles; with none given, every user."""
    unknown = set(roles) - ROLES
    if unknown:
        raise ValueError(f"there are no roles {sorted(unknown)}")
    return Access(roles=frozenset(roles) or ROLES)


def peer(*services: str) -> Access:
    """Allow these services of the mesh, by the name in their certificate."""
    if not services:
        raise ValueError("name at least one service")
    return Access(services=frozenset(services))


def user_or_peer(*services: str) -> Access:
    """Allow every user, and these services of the mesh without one."""
    return Access(roles=ROLES, services=peer(*services).services)


async def identify(
    access: Access, context: Context, verifier: TokenVerifier | None, method: str
) -> Principal | None:
    """Give the user behind a call, allowed or not; None where the rule asks for no user.

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
                f"{method} is for {', '.join(sorted(access.services))}, "
                f"not for {service or 'a caller without a service certificate'}",
                peer=service,
            )
    if not access.roles:
        return None
    token = bearer_token(context.invocation_metadata())
    if not token or verifier is None:
        raise refuse(
            "UNAUTHENTICATED", f'{method} needs the header "authorization: Bearer <access token>"'
        )
    return await verifier.verify(token)


def require_role(access: Access, principal: Principal | None, method: str) -> None:
    """Refuse a user who has none of the roles.

    Raises:
        MeshError: PERMISSION_DENIED.
    """
    if principal is not None and access.roles.isdisjoint(principal.roles):
        raise refuse(
            "PERMISSION_DENIED",
            f"{method} is for the roles {', '.join(sorted(access.roles))}, "
            f"not for {', '.join(sorted(principal.roles)) or 'none'}",
            roles=",".join(sorted(principal.roles)),
        )
