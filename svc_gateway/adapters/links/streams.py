"""The gRPC side of the links: one bidirectional stream each, errors as LinkBrokenError."""

import contextlib
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from mesh.streams.peer_call import CallEndedError, PeerCall
from svc_gateway.service.ports import LinkBrokenError

# How long the peer has to end a stream that we have finished. Seconds.
FINISH_S = 2.0

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")


class GrpcStream(Generic[RequestT, ResponseT]):
    """A stream to another service, as `service.ports.Stream` describes it."""

    def __init__(self, call: Any, name: str) -> None:
        self._call: PeerCall[RequestT, ResponseT] = PeerCall(call)
        self._name = name

    async def send(self, request: RequestT) -> None:
        """Send a frame; waits while the peer does not read."""
        with self._as_broken_link():
            await self._call.send(request)

    async def receive(self) -> ResponseT:
        """Return the next frame."""
        with self._as_broken_link():
            return await self._call.receive()

    async def finish(self) -> None:
        """End our side, and wait a moment for the peer to end the stream."""
        await self._call.finish(FINISH_S)

    async def close(self) -> None:
        """End it."""
        self._call.cancel()

    @contextlib.contextmanager
    def _as_broken_link(self) -> Iterator[None]:
        try:
            yield
        except CallEndedError as error:
            raise LinkBrokenError(f"{self._name} ended with {error}") from error
