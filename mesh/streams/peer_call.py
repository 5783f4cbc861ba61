"""A bidirectional call to another service: whoever reads or writes learns why it ended.

gRPC keeps the status of a call where two parts may write it. A message that is under way when
the peer ends the call fails after the status has come, and replaces it with INTERNAL, "Internal
error from Core"; a later message raises InvalidStateError, which has no status at all. So the
status is taken in the moment in which the call ends.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any, Generic, TypeVar

import grpc

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")


class CallEndedError(Exception):
    """The call ended; the peer ended it with this status, unless the code is CANCELLED.

    Attributes:
        code: Its status; OK if the peer had nothing more to send.
        details: What the peer said of it.
    """

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(f"{code.name}: {details}")
        self.code = code
        self.details = details


class PeerCall(Generic[RequestT, ResponseT]):
    """A call that is read and written message by message."""

    def __init__(self, call: Any) -> None:
        """Take over a call that has just been made: ``PeerCall(stub.Feed())``."""
        self._call = call
        self._end: CallEndedError | None = None
        call.add_done_callback(self._note_end)

    async def send(self, request: RequestT) -> None:
        """Send a message; waits while the peer does not read.

        Raises:
            CallEndedError: The call has ended.
        """
        with self._only_the_task():
            try:
                await self._call.write(request)
            except (grpc.aio.AioRpcError, grpc.aio.UsageError, asyncio.InvalidStateError) as error:
                raise await self._ended() from error

    async def receive(self) -> ResponseT:
        """Return the next message.

        Raises:
            CallEndedError: The call has ended.
        """
        with self._only_the_task():
            try:
                message = await self._call.read()
            except (grpc.aio.AioRpcError, grpc.aio.UsageError, asyncio.InvalidStateError) as error:
                raise await self._ended() from error
            if message is grpc.aio.EOF:
                raise await self._ended()
        return message  # type: ignore[no-any-return]

    async def finish(self, seconds: float) -> None:
        """End our side, and wait so long for the peer to end the call."""
        with contextlib.suppress(CallEndedError, TimeoutError, grpc.aio.AioRpcError):
            async with asyncio.timeout(seconds):
                with self._only_the_task():
                    await self._call.done_writing()
                while True:
                    await self.receive()

    def cancel(self) -> None:
        """End it at once."""
        self._call.cancel()

    def _note_end(self, call: Any) -> None:
        self._end = CallEndedError(_at_once(call.code()), _at_once(call.details()) or "")

    async def _ended(self) -> CallEndedError:
        await self._call.code()  # until it has ended
        if self._end is None or _is_of_a_message(self._end):
            self._note_end(self._call)
        assert self._end is not None
        return self._end

    @contextlib.contextmanager
    def _only_the_task(self) -> Iterator[None]:
        """Let CancelledError pass only if this task was cancelled.

        gRPC raises it in every task that uses a call which was cancelled. Such a task would end as
        if somebody had wanted that, and nobody would dial again.
        """
        try:
            yield
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise CallEndedError(grpc.StatusCode.CANCELLED, "the call was cancelled") from None


def _is_of_a_message(end: CallEndedError) -> bool:
    """Return whether the status is that of a message that failed before the peer's status came."""
    return end.code is grpc.StatusCode.INTERNAL and end.details == "Internal error from Core"


def _at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine that has nothing to wait for, as of a call that ended."""
    try:
        coroutine.send(None)
    except StopIteration as returned:
        return returned.value
    coroutine.close()
    raise asyncio.InvalidStateError("the call has not ended")
