"""What happens around every rpc, in one wrapper instead of a chain of interceptors.

Order: log context, deadline, access, field rules, the handler; then an error is sent
to the caller, and the call is counted by its code. One wrapper costs one stack frame per
call and one per stream item, whatever it does.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, NoReturn

import grpc
import grpc.aio
from google.protobuf.message import Message

from kernel.clock import Clock
from kernel.ulid import new_ulid
from mesh.auth.access import Access, identify, require_role
from mesh.auth.tokens import Principal, TokenVerifier
from mesh.errors import MeshError, abort_arguments, refuse
from mesh.log import current_call, get_logger
from mesh.rpc.call import Call, DrainEvent
from mesh.rpc.user_limits import OpenPerUser
from mesh.rpc.validation import validate
from mesh.telemetry import counter, gauge, histogram

# Limit of a unary call whose client set no deadline.
UNARY_TIME_MAX_S: Final = 30.0
# Before the deadline of a client: without an answer by then, the refusal says what is not known.
# gRPC's own DEADLINE_EXCEEDED says nothing. Seconds.
ANSWER_MARGIN_S: Final = 0.05
# With less time left, no work begins.
DEADLINE_LEFT_MIN_S: Final = 0.002
# A stream of requests must send its first one within this time after it was admitted. Seconds.
FIRST_REQUEST_MAX_S: Final = 10.0

RefusalHook = Callable[[Call, Message | None, MeshError], Awaitable[None]]
"""Called with call, request and refusal before a refusal is sent to the caller.

The request is None in streams of requests; the principal of the call is None if the user
is not known. Not called for refusals that are already recorded. An exception of the hook is
logged and changes nothing for the caller.
"""

_log = get_logger(__name__)
# Names and labels of the metrics that gRPC servers of other languages export.
_RPC = ["grpc_type", "grpc_service", "grpc_method"]
_calls = counter("grpc_server_handled", "Finished calls by their status", [*_RPC, "grpc_code"])
_seconds = histogram(
    "grpc_server_handling_seconds", "Seconds from request to answer of unary calls", _RPC
)
_streams = gauge("grpc_server_streams_open", "Streams open now", _RPC)


@dataclass
class ServerParts:
    """What all handlers of a server share."""

    clock: Clock
    verifier: TokenVerifier | None
    stream_age_max_s: float
    user_calls: OpenPerUser
    user_streams: OpenPerUser
    drain: DrainEvent = field(default_factory=DrainEvent)
    # Spreads the ends of streams; not used for secrets.
    rng: random.Random = field(default_factory=random.Random)
    on_refused: RefusalHook | None = None
    on_admitted: Callable[[Call], None] | None = None


@dataclass(frozen=True)
class Rpc:
    """One rpc of a servicer: its name, who may call it, and its handler."""

    method: str
    access: Access
    validates: bool
    handler: Callable[..., Any]


class _Measured:
    """Counts finished calls of one rpc, and their time; looks labels up once.

    An rpc that was never called has no series: a scrape is made on the event loop.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels
        self._children: dict[str, Any] = {}
        self._observe: Callable[[float], None] | None = None

    def add(self, code: str) -> None:
        child = self._children.get(code)
        if child is None:
            child = self._children[code] = _calls.labels(*self._labels, code)
        child.inc()

    def took(self, seconds: float) -> None:
        if self._observe is None:
            self._observe = _seconds.labels(*self._labels).observe
        self._observe(seconds)


def _labels(rpc: Rpc, kind: str) -> tuple[str, str, str]:
    """Return type, service and method of an rpc as its metrics name them."""
    _, service, method = rpc.method.split("/")
    return kind, service, method


def unary_handler(rpc: Rpc, parts: ServerParts) -> Callable[[Any, Any], Awaitable[Message | bytes]]:
    """Wrap ``async def Place(self, request, call) -> response``."""
    measured = _Measured(_labels(rpc, "unary"))
    count, observe = measured.add, measured.took

    async def answer(_: object, context: Any) -> Message | bytes:
        begun = perf_counter()
        request: Message | Unreadable | None = None
        call = Call(rpc.method, context, drain=parts.drain)
        current_call.set(call)
        code = "CANCELLED"
        counted: Principal | None = None
        try:
            request = await _only_request(context)
            left_s = _begin_deadline(call, parts.clock, UNARY_TIME_MAX_S)
            await _admit(rpc, call, parts)
            parts.user_calls.enter(call.principal)
            counted = call.principal
            checked = _checked(request, rpc)
            limit_s = UNARY_TIME_MAX_S if left_s is None else _answer_in_s(left_s)
            response = await _within_limit(rpc.handler(checked, call), limit_s)
            code = "OK"
        except Exception as error:  # noqa: BLE001  # every fault is sent to the caller and logged
            refusal = _refusal_of(error, call, parts.clock)
            code = refusal.rule.code.name
            await _run_refusal_hook(parts, call, request, refusal)
            await _abort(context, refusal)
        else:
            return response
        finally:
            parts.user_calls.leave(counted)
            count(code)
            observe(perf_counter() - begun)

    return answer


def stream_handler(
    rpc: Rpc, parts: ServerParts, *, request_streams: bool
) -> Callable[[Any, Any], AsyncIterator[Message | bytes]]:
    """Wrap an async generator ``Watch(self, request, call)`` or ``Flow(self, requests, call)``."""
    labels = _labels(rpc, "bidi_stream" if request_streams else "server_stream")
    count, open_now = _Measured(labels).add, _streams.labels(*labels)

    async def answer(requests: Any, context: Any) -> AsyncIterator[Message | bytes]:
        revocations = None if parts.verifier is None else parts.verifier.revocations
        call = Call(rpc.method, context, drain=parts.drain, revocations=revocations)
        current_call.set(call)
        code = "CANCELLED"
        counted: Principal | None = None
        request: Message | Unreadable | None = None
        open_now.inc()
        try:
            if not request_streams:
                request = await _only_request(context)
            _begin_deadline(call, parts.clock, None)
            await _admit(rpc, call, parts)
            parts.user_streams.enter(call.principal)
            counted = call.principal
            if call.principal is not None or not rpc.access.services:
                call.limit_stream(parts.clock.now_ns(), parts.stream_age_max_s, parts.rng)
            argument: Any
            if request_streams:
                # The caller learns that it was admitted, and Envoy stops waiting for the request.
                await context.send_initial_metadata(())
                argument = _readable(requests, rpc)
            else:
                argument = _checked(request, rpc)
            async with aclosing(rpc.handler(argument, call)) as responses:
                async for response in responses:
                    yield response
            code = "OK"
        except Exception as error:  # noqa: BLE001  # every fault is sent to the caller and logged
            refusal = _refusal_of(error, call, parts.clock)
            code = refusal.rule.code.name
            await _run_refusal_hook(parts, call, request, refusal)
            await _abort(context, refusal)
        finally:
            parts.user_streams.leave(counted)
            open_now.dec()
            count(code)

    return answer


class Unreadable:
    """Bytes that the parser could not read as the rpc's request type; refused here."""

    def __init__(self, type_name: str, size: int) -> None:
        self.type_name = type_name
        self.size = size


async def _admit(rpc: Rpc, call: Call, parts: ServerParts) -> None:
    if parts.on_refused is not None:
        _ = call.origin  # read now, because a refusal may be written after the call ended
    # The user is set before the role is checked, so that a refusal names the user.
    call.principal = await identify(rpc.access, call.context, parts.verifier, rpc.method)
    require_role(rpc.access, call.principal, rpc.method)
    if parts.on_admitted is not None:
        parts.on_admitted(call)


async def _only_request(context: Any) -> Message | Unreadable | None:
    """Read the one request of a call; None if the call ended without one."""
    request: Any = await context.read()
    if request is not grpc.aio.EOF:
        return request  # type: ignore[no-any-return]  # what the parser made
    if context.cancelled():
        raise asyncio.CancelledError
    return None


async def _readable(requests: AsyncIterator[Message], rpc: Rpc) -> AsyncIterator[Message]:
    stream = aiter(requests)
    first = await _first_of(stream)
    if first is None:
        return
    yield _checked(first, rpc)
    async for request in stream:
        yield _checked(request, rpc)


def _checked(request: Message | Unreadable | None, rpc: Rpc) -> Message:
    if request is None:
        raise refuse(
            "INVALID_FIELD",
            f"the call of {rpc.method} ended before one whole request had arrived",
            expected="one request",
        )
    if isinstance(request, Unreadable):
        raise refuse(
            "INVALID_FIELD",
            f"the request of {rpc.method}, {request.size} bytes, is not a {request.type_name}",
            value=f"{request.size} bytes",
            expected=f"a serialised {request.type_name}",
        )
    if rpc.validates:
        validate(request)
    return request


async def _first_of(requests: AsyncIterator[Message]) -> Message | None:
    try:
        async with asyncio.timeout(FIRST_REQUEST_MAX_S):
            return await anext(requests, None)
    except TimeoutError:
        raise refuse(
            "DEADLINE_TOO_SHORT",
            f"the stream sent no request within {FIRST_REQUEST_MAX_S:.0f} s; nothing was started",
            limit_s=FIRST_REQUEST_MAX_S,
        ) from None


async def _run_refusal_hook(
    parts: ServerParts, call: Call, request: Message | Unreadable | None, refusal: MeshError
) -> None:
    hook = parts.on_refused
    if hook is None or refusal.recorded:
        return
    try:
        await hook(call, None if isinstance(request, Unreadable) else request, refusal)
    except Exception:  # noqa: BLE001  # the caller gets the refusal in any case
        _log.exception("a refusal could not be recorded", rpc=call.method, reason=refusal.reason)


def _begin_deadline(call: Call, clock: Clock, limit_s: float | None) -> float | None:
    """Set the deadline; return the seconds the client left, None if it set no deadline."""
    left_s: float | None = call.context.time_remaining()
    if left_s is None:
        if limit_s is not None:
            call.deadline = clock.monotonic() + limit_s
        return None
    if left_s < DEADLINE_LEFT_MIN_S:
        raise refuse(
            "DEADLINE_TOO_SHORT",
            f"only {left_s * 1000:.1f} ms were left when the call arrived; nothing was started",
            left_ms=f"{left_s * 1000:.1f}",
        )
    call.deadline = clock.monotonic() + left_s
    return left_s


def _answer_in_s(left_s: float) -> float:
    """Return when to answer, so that the answer arrives before the client's deadline."""
    return max(left_s - ANSWER_MARGIN_S, left_s / 2)


async def _within_limit(answer: Awaitable[Message | bytes], limit_s: float) -> Message | bytes:
    try:
        async with asyncio.timeout(limit_s) as limit:
            return await answer
    except TimeoutError:
        if not limit.expired():
            raise
        raise refuse(
            "COMMAND_OUTCOME_UNKNOWN",
            f"no answer within {limit_s:.3g} s; it is not known whether the call took "
            "effect: repeat it with the same idempotency key, and the answer says so",
            limit_s=f"{limit_s:.3g}",
        ) from None


def _refusal_of(error: Exception, call: Call, clock: Clock) -> MeshError:
    """Turn a handler's exception into the refusal for the caller; log internal faults."""
    if isinstance(error, MeshError):
        return error
    if isinstance(error, grpc.aio.AbortError):
        raise error
    incident = new_ulid(clock.now_ns())
    _log.error(
        "a call failed because of an internal fault",
        incident=incident,
        rpc=call.method,
        exc_info=error,
    )
    return refuse(
        "INTERNAL",
        f"internal fault, incident {incident}; details are in the log of the service",
        incident=incident,
    )


async def _abort(context: Any, refusal: MeshError) -> NoReturn:
    code, text, trailing = abort_arguments(refusal)
    await context.abort(code, text, trailing)
    raise AssertionError("abort always raises")


class NoSuchRpc(grpc.GenericRpcHandler):  # type: ignore[misc] # grpc has no types
    """Refuses every rpc that no other handler has; to be added last.

    The library refuses them too, with UNIMPLEMENTED and no details.
    """

    def service(self, handler_call_details: Any) -> Any:
        """Return a handler for any rpc."""
        refusal = refuse("RPC_NOT_FOUND", f"there is no rpc {handler_call_details.method!r} here")

        async def refuse_it(_requests: object, context: Any) -> None:
            await _abort(context, refusal)

        return grpc.stream_stream_rpc_method_handler(refuse_it)
