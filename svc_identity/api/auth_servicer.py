"""AuthService. Its rpcs require no access token, because they issue them."""

from collections.abc import Awaitable, Mapping
from typing import Final, TypeVar

from kernel.ulid import new_ulid
from mesh.errors import refuse
from mesh.log import get_logger
from mesh.server import PUBLIC, Access, Call
from ordermesh.identity.v1 import auth_service_pb2 as pb
from svc_identity.api.mapping import refusal_to_error, tokens_to_proto, user_to_proto
from svc_identity.domain.errors import Refused, SessionEndedError
from svc_identity.service.login import LoginParts, login
from svc_identity.service.ports import StoreUnavailableError
from svc_identity.service.refresh import logout, refresh

SERVICE_NAME: Final = "ordermesh.identity.v1.AuthService"
ACCESS: Final[Mapping[str, Access]] = {
    "Login": PUBLIC,
    "Refresh": PUBLIC,
    "Logout": PUBLIC,
    "GetJwks": PUBLIC,
}
EDGE_PEER: Final = "envoy"
RETRY_AFTER_S: Final = 1.0
ADDRESS_CHARACTERS_MAX: Final = 45  # an IPv6 address as text

T = TypeVar("T")
log = get_logger(__name__)


class AuthServicer:
    """Login, refresh, logout and the public keys."""

    def __init__(self, using: LoginParts, jwks_json: str) -> None:
        self._parts = using
        self._jwks_json = jwks_json

    async def Login(self, request: pb.LoginRequest, call: Call) -> pb.LoginResponse:  # noqa: N802
        """Open a session for a user name and a password."""
        session_id = new_ulid(self._parts.clock.now_ns())
        grant = await _answer(
            login(self._parts, request.username, request.password, caller_address(call), session_id)
        )
        log.info("login", user_id=grant.user.user_id, session_id=session_id)
        return pb.LoginResponse(tokens=tokens_to_proto(grant), user=user_to_proto(grant.user))

    async def Refresh(self, request: pb.RefreshRequest, call: Call) -> pb.RefreshResponse:  # noqa: N802
        """Exchange a refresh token for the next one."""
        grant = await _answer(refresh(self._parts, request.refresh_token, caller_address(call)))
        return pb.RefreshResponse(tokens=tokens_to_proto(grant), user=user_to_proto(grant.user))

    async def Logout(self, request: pb.LogoutRequest, call: Call) -> pb.LogoutResponse:  # noqa: N802
        """End a session."""
        await _answer(logout(self._parts, request.refresh_token, caller_address(call)))
        return pb.LogoutResponse()

    async def GetJwks(self, _request: pb.GetJwksRequest, _: Call) -> pb.GetJwksResponse:  # noqa: N802
        """Return the public keys of tokens."""
        return pb.GetJwksResponse(jwks_json=self._jwks_json)


def caller_address(call: Call) -> str:
    """Return the address of a caller, for throttling.

    For calls through Envoy it is the last of x-forwarded-for, which Envoy itself added,
    whatever the caller sent before it. Any other peer is its own address.
    """
    if call.peer != EDGE_PEER:
        return f"peer {call.peer}"
    for key, value in call.context.invocation_metadata() or ():
        if key == "x-forwarded-for":
            return str(value).rpartition(",")[2].strip()[:ADDRESS_CHARACTERS_MAX]
    return EDGE_PEER


async def _answer(work: Awaitable[T]) -> T:
    """Run a use case; raise its refusals with their reasons."""
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
