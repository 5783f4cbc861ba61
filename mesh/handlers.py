"""What happens around every rpc, in one wrapper instead of a chain of interceptors.

Order: log context, access, deadline, field rules, the handler; then the error is
told, and the call is counted under its code. One wrapper costs one frame a call and
one a stream item, whatever it does.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, NoReturn

import grpc
import grpc.aio
from google.protobuf.message import Message

from mesh.access import Access, authorise
from mesh.auth import TokenVerifier
from mesh.call import Call
from mesh.clock import Clock
from mesh.errors import MeshError, abort_arguments, refuse
from mesh.ids import new_ulid
from mesh.log import current_call, get_logger
from mesh.telemetry import counter, gauge, histogram
from mesh.validation import validate

# A unary call whose client set no deadline.
UNARY_TIME_MAX_S: Final = 30.0
# Less than this left: no work is begun.
DEADLINE_LEFT_MIN_S: Final = 0.002

_log = get_logger(__name__)
_calls = counter("rpc_calls", "Finished calls", ["rpc", "code"])
_seconds = histogram("rpc_seconds", "Time from request to answer of unary calls", ["rpc"])
_streams = gauge("rpc_streams_open", "Streams open now", ["rpc"])


@dataclass
class ServerParts:
    """What all handlers of a server share."""

    clock: Clock
    verifier: TokenVerifier | None
    stream_age_max_s: float
    drain: asyncio.Event = field(default_factory=asyncio.Event)
    # Spreads the ends of streams; nothing secret comes of it.
    rng: random.Random = field(default_factory=random.Random)


@dataclass(frozen=True)
class Rpc:
    """One rpc of a servicer: how it is called, by whom, and what answers."""

    method: str
    access: Access
    validates: bool
    handler: Callable[..., Any]


class _CodeCounter:
    """Counts finished calls of one rpc; looks a label up once per code."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._children: dict[str, Any] = {}

    def add(self, code: str) -> None:
        child = self._children.get(code)
        if child is None:
            child = self._children[code] = _calls.labels(self._method, code)
        child.inc()


def unary_handler(rpc: Rpc, parts: ServerParts) -> Callable[[Any, Any], Awaitable[Message]]:
    """Wrap ``async def Place(self, request, call) -> response``."""
    count, observe = _CodeCounter(rpc.method).add, _seconds.labels(rpc.method).observe

    async def answer(request: Message, context: Any) -> Message:
        begun = perf_counter()
        call = Call(rpc.method, context, drain=parts.drain)
        current_call.set(call)
        code = "CANCELLED"
        try:
            left_s = _begin_deadline(call, parts.clock, UNARY_TIME_MAX_S)
            call.principal = await authorise(rpc.access, context, parts.verifier, rpc.method)
            if rpc.validates:
                validate(request)
            if left_s is not None:
                response: Message = await rpc.handler(request, call)
            else:
                response = await _within_limit(rpc.handler(request, call))
            code = "OK"
        except Exception as error:  # noqa: BLE001  # every fault is told and logged
            refusal = _refusal_of(error, call, parts.clock)
            code = refusal.rule.code.name
            await _abort(context, refusal)
        else:
            return response
        finally:
            count(code)
            observe(perf_counter() - begun)

    return answer


def stream_handler(
    rpc: Rpc, parts: ServerParts, *, request_streams: bool
) -> Callable[[Any, Any], AsyncIterator[Message | bytes]]:
    """Wrap an async generator ``Watch(self, request, call)`` or ``Flow(self, requests, call)``."""
    count, open_now = _CodeCounter(rpc.method).add, _streams.labels(rpc.method)

    async def answer(request: Any, context: Any) -> AsyncIterator[Message | bytes]:
        call = Call(rpc.method, context, drain=parts.drain)
        current_call.set(call)
        code = "CANCELLED"
        open_now.inc()
        try:
            _begin_deadline(call, parts.clock, None)
            call.principal = await authorise(rpc.access, context, parts.verifier, rpc.method)
            if call.principal is not None or not rpc.access.services:
                call.limit_stream(parts.clock.now_ns(), parts.stream_age_max_s, parts.rng)
            argument = request
            if rpc.validates and request_streams:
                argument = _validated(request)
            elif rpc.validates:
                validate(request)
            async with aclosing(rpc.handler(argument, call)) as responses:
                async for response in responses:
                    yield response
            code = "OK"
        except Exception as error:  # noqa: BLE001  # every fault is told and logged
            refusal = _refusal_of(error, call, parts.clock)
            code = refusal.rule.code.name
            await _abort(context, refusal)
        finally:
            open_now.dec()
            count(code)

    return answer


async def _validated(requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
    async for request in requests:
        validate(request)
        yield request


def _begin_deadline(call: Call, clock: Clock, limit_s: float | None) -> float | None:
    """Note the deadline; give the seconds the client left, None if it set none."""
    left_s: float | None = call.context.time_remaining()
    if left_s is None:
        if limit_s is not None:
            call.deadline = clock.monotonic() + limit_s
        return None
    if left_s < DEADLINE_LEFT_MIN_S:
        raise refuse(
            "DEADLINE_TOO_SHORT",
            f"{left_s * 1000:.1f} ms were left when the call arrived; nothing was begun",
            left_ms=f"{left_s * 1000:.1f}",
        )
    call.deadline = clock.monotonic() + left_s
    return left_s


async def _within_limit(answer: Awaitable[Message]) -> Message:
    try:
        async with asyncio.timeout(UNARY_TIME_MAX_S):
            return await answer
    except TimeoutError:
        raise refuse(
            "DEADLINE_TOO_SHORT",
            f"no answer within {UNARY_TIME_MAX_S:.0f} s; whether it took effect is not known: "
            "repeat with the same idempotency key",
            limit_s=UNARY_TIME_MAX_S,
        ) from None


def _refusal_of(error: Exception, call: Call, clock: Clock) -> MeshError:
    """Turn what a handler raised into what the caller is told; our faults are logged here."""
    if isinstance(error, MeshError):
        return error
    if isinstance(error, grpc.aio.AbortError):
        raise error
    incident = new_ulid(clock.now_ns())
    _log.error("a call failed by our fault", incident=incident, rpc=call.method, exc_info=error)
    return refuse(
        "INTERNAL",
        f"a fault of ours, incident {incident}; the log of the service tells more",
        incident=incident,
    )


async def _abort(context: Any, refusal: MeshError) -> NoReturn:
    code, text, trailing = abort_arguments(refusal)
    await context.abort(code, text, trailing)
    raise AssertionError("abort always raises")
