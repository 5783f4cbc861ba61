"""The gRPC side of the links: one bidirectional stream each, errors as LinkBrokenError."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import grpc

from svc_gateway.service.ports import LinkBrokenError

# How long the peer has to end a stream that we have finished. Seconds.
FINISH_S = 2.0

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")


class GrpcStream(Generic[RequestT, ResponseT]):
    """A stream to another service, as `service.ports.Stream` describes it."""

    def __init__(self, call: Any, name: str) -> None:
        self._call = call
        self._name = name

    async def send(self, request: RequestT) -> None:
        """Send a frame; waits while the peer does not read."""
        try:
            with self._only_the_task():
                await self._call.write(request)
        except grpc.aio.AioRpcError as error:
            raise self._broken(error) from error
        except (grpc.aio.UsageError, asyncio.InvalidStateError) as error:  # it has ended
            raise await self._ended() from error

    async def receive(self) -> ResponseT:
        """Return the next frame."""
        try:
            with self._only_the_task():
                frame = await self._call.read()
        except grpc.aio.AioRpcError as error:
            raise self._broken(error) from error
        except (grpc.aio.UsageError, asyncio.InvalidStateError) as error:
            raise await self._ended() from error
        if frame is grpc.aio.EOF:
            raise await self._ended()
        return frame  # type: ignore[no-any-return]

    @contextlib.contextmanager
    def _only_the_task(self) -> Iterator[None]:
        """Let CancelledError pass only if this task was cancelled.

        gRPC raises it in every task that uses a call which was cancelled. Such a task would end as
        if somebody had wanted that, and nobody would dial again.

        Raises:
            LinkBrokenError: The call was cancelled, and not this task.
        """
        try:
            yield
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise LinkBrokenError(f"{self._name} was cancelled") from None

    async def finish(self) -> None:
        """End our side, and wait a moment for the peer to end the stream."""
        with contextlib.suppress(LinkBrokenError, TimeoutError, grpc.aio.AioRpcError):
            async with asyncio.timeout(FINISH_S):
                with self._only_the_task():
                    await self._call.done_writing()
                while True:
                    await self.receive()

    async def close(self) -> None:
        """End it."""
        self._call.cancel()

    async def _ended(self) -> LinkBrokenError:
        code, details = await self._call.code(), await self._call.details()
        return LinkBrokenError(f"{self._name} ended with {code.name}: {details}")

    def _broken(self, error: grpc.aio.AioRpcError) -> LinkBrokenError:
        return LinkBrokenError(f"{self._name}: {error.code().name}: {error.details()}")
