"""However a link ends, its session notices and dials again: no task ends silently."""

import asyncio
from typing import Any

import pytest

from svc_gateway.adapters.links.streams import GrpcStream
from svc_gateway.service.ports import LinkBrokenError
from svc_gateway.service.together import until_one_ends


class CancelledCall:
    """A call that was cancelled: gRPC raises CancelledError in every task that uses it."""

    async def read(self) -> Any:
        """As of a cancelled call."""
        raise asyncio.CancelledError

    async def write(self, _request: Any) -> None:
        """As of a cancelled call."""
        raise asyncio.CancelledError

    async def done_writing(self) -> None:
        """As of a cancelled call."""
        raise asyncio.CancelledError


class SilentCall(CancelledCall):
    """A call on which nothing comes."""

    async def read(self) -> Any:
        """Wait."""
        await asyncio.Event().wait()


@pytest.mark.parametrize("use", ["receive", "send"])
async def test_a_cancelled_call_is_a_broken_link(use: str) -> None:
    stream: GrpcStream[str, str] = GrpcStream(CancelledCall(), "the link")
    with pytest.raises(LinkBrokenError, match="the link was cancelled"):
        await (stream.receive() if use == "receive" else stream.send("frame"))


async def test_a_cancelled_call_can_be_finished() -> None:
    stream: GrpcStream[str, str] = GrpcStream(CancelledCall(), "the link")
    async with asyncio.timeout(5) as limit:
        await stream.finish()
    assert not limit.expired()


async def test_a_cancelled_task_ends() -> None:
    stream: GrpcStream[str, str] = GrpcStream(SilentCall(), "the link")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await stream.receive()


async def _fails() -> None:
    raise TimeoutError


async def _is_cancelled() -> None:
    raise asyncio.CancelledError


async def test_a_part_that_is_cancelled_ends_the_link_and_not_the_session() -> None:
    """After a freeze both happen in one turn: the silence of the OMS, and the end of the call."""
    with pytest.raises(TimeoutError):
        await until_one_ends(_is_cancelled(), _fails(), asyncio.Event().wait())
    with pytest.raises(LinkBrokenError):
        await until_one_ends(_is_cancelled(), asyncio.Event().wait())
