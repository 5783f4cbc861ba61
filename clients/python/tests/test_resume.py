"""A stream over broken connections, without a mesh: frames and failures from a list."""

import contextlib

import grpc
import grpc.aio
import pytest

from ordermesh.oms.v1 import event_pb2, order_service_pb2
from ordermesh.type.v1 import stream_pb2
from ordermesh_client import MeshRefusedError, MeshUnreachableError
from ordermesh_client.resume import resumed
from ordermesh_rpc.backoff import Backoff


class Call:
    """One connection: gives its frames, then fails or ends."""

    def __init__(self, *script):
        self.script = list(script)
        self.cancelled = False

    async def read(self):
        step = self.script.pop(0) if self.script else grpc.aio.EOF
        if isinstance(step, Exception):
            raise step
        return step

    def cancel(self):
        self.cancelled = True


class Login:
    """Counts refreshes."""

    def __init__(self, *faults):
        self.refreshes = 0
        self.faults = list(faults)

    async def refresh(self):
        self.refreshes += 1
        if self.faults:
            raise self.faults.pop(0)


class DoneError(Exception):
    """Nothing is left to read."""


def frame(*items):
    return order_service_pb2.WatchResponse(items=items)


def event(sequence):
    return frame({"event": {"sequence": sequence}})


def lost(code=grpc.StatusCode.UNAVAILABLE):
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details="gone")


async def read(*calls, login=None):
    """Read until no connection is left; events by number, gaps by kind, the rest by name."""
    left, seen = list(calls), []

    async def open_stream():
        if not left:
            raise DoneError
        step = left.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def gap_item(gap):
        return event_pb2.OrderStreamItem(gap=gap)

    stream = resumed(open_stream, login or Login(), gap_item, lambda: 5, Backoff(base=0.0))
    with contextlib.suppress(DoneError):
        async for item in stream:
            kind = item.WhichOneof("item")
            if kind == "gap":
                assert item.gap.since.nanos == 5
                kind = stream_pb2.GapKind.Name(item.gap.kind).removeprefix("GAP_KIND_")
            seen.append(item.event.sequence if kind == "event" else kind)
    assert all(call.cancelled for call in calls if isinstance(call, Call))
    return seen


async def test_a_break_shows_as_a_gap_that_ends_with_the_next_item():
    seen = await read(Call(event(1), lost()), lost(), Call(event(2)))
    assert seen == [1, "LINK_DOWN", "LINK_UP", 2, "LINK_DOWN"]


async def test_a_drain_is_no_gap():
    drained = Call(event(1), frame({"drain": {"cause": 2}}), lost())
    assert await read(drained, Call(event(2))) == [1, "drain", 2, "LINK_DOWN"]


async def test_a_token_that_is_no_longer_taken_is_refreshed_once():
    login = Login(MeshUnreachableError("not now"))
    expired = lost(grpc.StatusCode.UNAUTHENTICATED)
    assert await read(Call(expired), Call(event(1)), login=login) == [
        "LINK_DOWN",
        "LINK_UP",
        1,
        "LINK_DOWN",
    ]
    assert login.refreshes == 1
    with pytest.raises(MeshRefusedError):
        await read(Call(expired), Call(expired))


@pytest.mark.parametrize("code", [grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.NOT_FOUND])
async def test_what_another_attempt_cannot_change_is_raised(code):
    with pytest.raises(MeshRefusedError) as caught:
        await read(Call(lost(code)), Call(event(1)))
    assert caught.value.code == code.name


async def test_a_refusal_that_may_pass_is_tried_again():
    busy = MeshRefusedError("UNAVAILABLE", "DRAINING", "later", {"retry_class": "RETRYABLE"})
    assert await read(busy, Call(event(1))) == ["LINK_DOWN", "LINK_UP", 1, "LINK_DOWN"]
    never = MeshRefusedError("INVALID_ARGUMENT", "INVALID_FIELD", "no", {})
    with pytest.raises(MeshRefusedError):
        await read(never)
