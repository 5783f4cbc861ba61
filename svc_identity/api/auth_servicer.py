"""AuthService. Its rpcs require no access token, because they issue them."""

from collections.abc import Mapping
from typing import Final

from kernel.ulid import new_ulid
from mesh.log import get_logger
from mesh.rpc.server import PUBLIC, Access, Call
from ordermesh.identity.v1 import auth_service_pb2 as pb
from svc_identity.api.answering import answered
from svc_identity.api.mapping import tokens_to_proto, user_to_proto
from svc_identity.service.login import LoginParts, login
from svc_identity.service.refresh import logout, refresh

SERVICE_NAME: Final = "ordermesh.identity.v1.AuthService"
ACCESS: Final[Mapping[str, Access]] = {
    "Login": PUBLIC,
    "Refresh": PUBLIC,
    "Logout": PUBLIC,
    "GetJwks": PUBLIC,
}
EDGE_PEER: Final = "envoy"
ADDRESS_CHARACTERS_MAX: Final = 45  # an IPv6 address as text

log = get_logger(__name__)


class AuthServicer:
    """Login, refresh, logout and the public keys."""

    def __init__(self, using: LoginParts, jwks_json: str) -> None:
        self._parts = using
        self._jwks_json = jwks_json

    async def Login(self, request: pb.LoginRequest, call: Call) -> pb.LoginResponse:  # noqa: N802
        """Open a session for a user name and a password."""
        session_id = new_ulid(self._parts.clock.now_ns())
        grant = await answered(
            login(self._parts, request.username, request.password, caller_address(call), session_id)
        )
        log.info("login", user_id=grant.user.user_id, session_id=session_id)
        return pb.LoginResponse(tokens=tokens_to_proto(grant), user=user_to_proto(grant.user))

    async def Refresh(self, request: pb.RefreshRequest, call: Call) -> pb.RefreshResponse:  # noqa: N802
        """Exchange a refresh token for the next one."""
        grant = await answered(refresh(self._parts, request.refresh_token, caller_address(call)))
        return pb.RefreshResponse(tokens=tokens_to_proto(grant), user=user_to_proto(grant.user))

    async def Logout(self, request: pb.LogoutRequest, call: Call) -> pb.LogoutResponse:  # noqa: N802
        """End a session."""
        await answered(logout(self._parts, request.refresh_token, caller_address(call)))
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
