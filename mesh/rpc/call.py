"""The call a handler answers."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, Final

from kernel.nanoseconds import NS_PER_S
from mesh.auth.revocations import Revocations
from mesh.auth.tokens import Principal
from mesh.certificates.tls import peer_service
from ordermesh.type.v1 import stream_pb2

# A stream ends this long before its token expires, so that the reader can resume in time.
TOKEN_END_MARGIN_NS: Final = 30 * NS_PER_S
# A random part of the maximum age, up to this share, is subtracted so that streams do not all end
# at once.
AGE_JITTER: Final = 0.2
NEVER_NS: Final = 2**63 - 1
# The service whose x-forwarded-for header is trusted.
EDGE: Final = "envoy"
ADDRESS_CHARACTERS_MAX: Final = 64


class DrainEvent(asyncio.Event):
    """Set when the process begins to stop; it then also makes the calls that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: dict[Callable[[], None], None] = {}

    def join(self, call: Callable[[], None]) -> None:
        """Call this when the process begins to stop, or now if it has begun."""
        self._calls[call] = None
        if self.is_set():
            call()

    def leave(self, call: Callable[[], None]) -> None:
        """Do not call it."""
        self._calls.pop(call, None)

    def set(self) -> None:
        """Set the event, and make the calls that joined."""
        super().set()
        for call in tuple(self._calls):
            call()


class Call:
    """One call.

    Attributes:
        method: "/ordermesh.oms.v1.OrderService/Place".
        principal: The user; None on rpcs for services or for everyone.
        deadline: Clock.monotonic() by which the answer is due, None for streams without one.
        context: The context of gRPC.
        drain: Set when the process begins to stop.
        ends_at_ns: When a stream must end; NEVER_NS for streams between services.
        ends_cause: Why it ends then: expiry of the token, or age of the stream.
        revocations: The list of revoked tokens; None where no token is verified.
    """

    __slots__ = (
        "_origin",
        "_peer",
        "context",
        "deadline",
        "drain",
        "ends_at_ns",
        "ends_cause",
        "method",
        "principal",
        "revocations",
    )

    def __init__(
        self,
        method: str,
        context: Any,
        principal: Principal | None = None,
        deadline: float | None = None,
        drain: DrainEvent | None = None,
        ends_at_ns: int = NEVER_NS,
        ends_cause: stream_pb2.DrainCause = stream_pb2.DRAIN_CAUSE_MAX_AGE,
        peer: str | None = None,
        revocations: Revocations | None = None,
    ) -> None:
        self.method = method
        self.context = context
        self.principal = principal
        self.deadline = deadline
        self.drain = drain or DrainEvent()
        self.ends_at_ns = ends_at_ns
        self.ends_cause = ends_cause
        self.revocations = revocations
        self._peer = peer
        self._origin: str | None = None

    @property
    def peer(self) -> str:
        """The calling service, from its certificate: "envoy", "svc-gateway"."""
        if self._peer is None:
            self._peer = peer_service(self.context.auth_context())
        return self._peer

    @property
    def is_revoked(self) -> bool:
        """Whether the user's token was revoked after the call was admitted."""
        if self.revocations is None or self.principal is None:
            return False
        return self.revocations.covers(self.principal)

    @property
    def origin(self) -> str:
        """Origin of the call: the calling service and the address of the client.

        For calls through Envoy the address is the one Envoy saw, the last of x-forwarded-for.
        Must be read for the first time while the handler runs, and is cached: reading gRPC's
        context of a call that has ended is a segmentation fault.
        """
        if self._origin is None:
            address = str(self.context.peer())
            if self.peer == EDGE:
                for key, value in self.context.invocation_metadata() or ():
                    if key == "x-forwarded-for":
                        address = str(value).rpartition(",")[2].strip()
            self._origin = f"{self.peer} {address[:ADDRESS_CHARACTERS_MAX]}".strip()
        return self._origin

    @property
    def user(self) -> Principal:
        """The user; set on every rpc whose access rule requires one."""
        assert self.principal is not None, f"{self.method} has no user"
        return self.principal

    def log_fields(self) -> dict[str, str]:
        """Return the fields a log line adds for the call."""
        fields = {"rpc": self.method}
        if self.principal is not None:
            fields["subject"] = self.principal.subject
        return fields

    def limit_stream(self, now_ns: int, age_max_s: float, rng: random.Random) -> None:
        """Set when and why a user's stream ends: STREAMS.md rule 9."""
        age_s = age_max_s * (1 - AGE_JITTER * rng.random())
        self.ends_at_ns = now_ns + int(age_s * NS_PER_S)
        self.ends_cause = stream_pb2.DRAIN_CAUSE_MAX_AGE
        if self.principal is not None:
            token_end_ns = self.principal.expires_at_ns - TOKEN_END_MARGIN_NS
            if token_end_ns < self.ends_at_ns:
                self.ends_at_ns = token_end_ns
                self.ends_cause = stream_pb2.DRAIN_CAUSE_TOKEN_EXPIRY
