"""A bidirectional gRPC call whose end a test places between two steps of those who use it."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
from grpc.aio import AioRpcError, Metadata

CORE_FAULT = (grpc.StatusCode.INTERNAL, "Internal error from Core")


class EndingCall:
    """A call as ``grpc.aio`` makes it, that ends when a test says so.

    Args:
        end: The status with which the peer ends it.
        when: "before": before anything is sent; "under way": while the first message is sent, so
            that gRPC replaces the status; "late": the message fails before the status comes.
    """

    def __init__(self, end: tuple[grpc.StatusCode, str], when: str) -> None:
        self._end = end
        self._when = when
        self._status: tuple[grpc.StatusCode, str] | None = None
        self._ended = asyncio.Event()
        self._callbacks: list[Callable[[Any], None]] = []
        if when == "before":
            self._set_status(end)

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """Call it at the end, or now if the call has ended."""
        if self._status is None:
            self._callbacks.append(callback)
        else:
            callback(self)

    async def write(self, _message: Any) -> None:
        """Fail as gRPC does."""
        if self._status is not None:
            raise asyncio.InvalidStateError("RPC already finished.")
        first, then = self._end, CORE_FAULT
        if self._when == "late":
            first, then = then, first
        self._set_status(first)
        self._set_status(then)
        raise AioRpcError(*CORE_FAULT[:1], Metadata(), Metadata(), CORE_FAULT[1])

    async def read(self) -> Any:
        """Wait for the end, and raise what stands as status then."""
        await self._ended.wait()
        raise AioRpcError(await self.code(), Metadata(), Metadata(), await self.details())

    async def code(self) -> grpc.StatusCode:
        """Return the status as gRPC has it now; waits for the first one."""
        await self._ended.wait()
        assert self._status is not None
        return self._status[0]

    async def details(self) -> str:
        """Return what the peer said."""
        await self._ended.wait()
        assert self._status is not None
        return self._status[1]

    def cancel(self) -> None:
        """Do nothing: it has ended."""

    def _set_status(self, status: tuple[grpc.StatusCode, str]) -> None:
        self._status = status
        self._ended.set()
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)
