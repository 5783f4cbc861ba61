"""The limits of a client; each has a name and a unit."""

from dataclasses import dataclass

from ordermesh_rpc.backoff import BASE_S, CAP_S


@dataclass(frozen=True)
class ClientSettings:
    """Times of a client, in seconds.

    Attributes:
        attempt_timeout_s: One attempt of a unary call; then no answer counts as lost.
        heartbeat_s: Between heartbeats that streams ask for, 1 to 60. Two and a half of them
            without a frame end a connection.
        backoff_base_s: Bound of the second delay between attempts; the first is 0.
        backoff_cap_s: No delay is longer, unless the mesh asks for it.
    """

    attempt_timeout_s: float = 10.0
    heartbeat_s: int = 5
    backoff_base_s: float = BASE_S
    backoff_cap_s: float = CAP_S

    @property
    def silence_s_max(self) -> float:
        """No frame for this long, heartbeats included: the connection is dead."""
        return 2.5 * self.heartbeat_s
