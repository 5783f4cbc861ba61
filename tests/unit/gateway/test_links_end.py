"""However a link ends, its session notices and dials again: no task ends silently."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from ordermesh_rpc.backoff import Backoff
from svc_gateway.adapters.links.streams import GrpcStream
from svc_gateway.service.ports import LinkBrokenError
from svc_gateway.service.together import RedialError, keep_linked, until_one_ends
from tests.support.clock import ManualClock


class CancelledCall:
    """A call that was cancelled: gRPC raises CancelledError in every task that uses it."""

    def add_done_callback(self, _callback: Any) -> None:
        """Do nothing: its status is of no interest."""

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
    with pytest.raises(LinkBrokenError, match="the link ended with CANCELLED"):
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


async def test_a_session_opens_links_until_it_stops_and_logs_a_repeated_cause_once() -> None:
    ends = [LinkBrokenError("away"), LinkBrokenError("away"), TimeoutError(), RedialError("lost")]
    opened = []

    async def one_link() -> None:
        opened.append(ends.pop(0))
        raise opened[-1]

    backoff = Backoff(cap_s=0)
    with capture_logs() as logs:
        await keep_linked(one_link, "s", backoff, ManualClock(), lambda: not ends)
    assert len(opened) == 4
    assert [(line["log_level"], line["event"], line["why"]) for line in logs] == [
        ("warning", "link ended", "away"),
        ("debug", "link ended", "away"),
        ("warning", "link ended", "timed out"),
        ("warning", "link anew", "lost"),
    ]
    assert {line["session_id"] for line in logs} == {"s"}
