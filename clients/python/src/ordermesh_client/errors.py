"""What can go wrong between a program and the mesh."""

from typing import Final

import grpc

from ordermesh_rpc.refusals import read_refusal

# Without a reason of ours these are about the way to the mesh, not about the request:
# a killed Envoy shows as INTERNAL (stream reset), a killed service as UNKNOWN.
LOST: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.DATA_LOSS,
    }
)


class MeshRefusedError(Exception):
    """The mesh refused: reason, text, field and the gRPC status name."""

    def __init__(
        self,
        code: str,
        reason: str,
        text: str,
        metadata: dict[str, str],
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.reason = reason
        self.text = text
        self.metadata = metadata
        self.retry_after_s = retry_after_s

    @property
    def retryable(self) -> bool:
        """The same request with the same key may work later."""
        return self.metadata.get("retry_class") == "RETRYABLE"


class MeshUnreachableError(Exception):
    """Nobody answers at the edge."""


class NotLoggedInError(Exception):
    """There is no login, or it has ended."""


def refused_error(error: grpc.RpcError) -> MeshRefusedError | MeshUnreachableError:
    """Turn a failed call into what a program catches."""
    refusal = read_refusal(error)
    if not refusal.reason and refusal.code in LOST:
        return MeshUnreachableError(f"the mesh does not answer ({refusal.text})")
    return MeshRefusedError(
        refusal.code.name,
        refusal.reason or refusal.code.name,
        refusal.text,
        refusal.metadata,
        refusal.retry_after_s,
    )
