"""OrderFlowService: commands in, results and events out, over one stream."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mesh.auth.access import Access, user
from mesh.errors import MeshError, refuse, to_rejection
from mesh.rpc.call import Call
from mesh.rpc.validation import validate
from ordermesh.oms.v1 import order_flow_service_pb2 as flow_pb2
from svc_oms.api.orders import order_requests as requests
from svc_oms.api.orders.order_service import open_stream
from svc_oms.service.audit.refusal_entries import call_refusal, is_refusal
from svc_oms.service.audit.refusal_log import RefusalLog
from svc_oms.service.commands.worker import CommandWorker
from svc_oms.service.disconnect.flow_guards import FlowGuards, Guard, Wish
from svc_oms.service.errors import database_away, invalid_field
from svc_oms.service.ports import StoreUnavailableError
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.routing_books import RoutingBooks
from svc_oms.service.streams.order_stream import OrderStream, StreamParts
from svc_oms.service.submissions import Outcome, Taken

SERVICE = "ordermesh.oms.v1.OrderFlowService"
ACCESS: dict[str, Access] = {"Flow": user()}

# Commands of one flow without result; then its requests are not read until some have one.
IN_FLIGHT_COMMANDS_MAX = 2000
# Commands of one frame.
_COMMANDS_MAX = 500


@dataclass(frozen=True, slots=True)
class FlowParts:
    """What an order flow uses."""

    streams: StreamParts
    worker: CommandWorker
    guards: FlowGuards
    refusal_log: RefusalLog
    market: Market
    books: RoutingBooks


class OrderFlowServicer:
    """See the comments in order_flow_service.proto."""

    def __init__(self, parts: FlowParts) -> None:
        self._parts = parts

    async def Flow(  # noqa: N802
        self, frames: AsyncIterator[flow_pb2.FlowRequest], call: Call
    ) -> AsyncIterator[bytes]:
        """Work commands and stream events."""
        first = await anext(frames, None)
        if first is None or not first.HasField("open"):
            raise invalid_field("open", "", "set in the first frame, which opens the flow")
        validate(first.open)
        stream = self._stream(first.open, call)
        flow = _Flow(self._parts, stream, call)
        # The server counts as the one who ended a flow, unless the end comes from outside.
        by_server = False
        reader: asyncio.Task[None] | None = None
        try:
            await flow.arm(first.open)
            reader = asyncio.create_task(flow.read(first, frames))
            async for frame in stream.frames():
                out = frame + flow.results()
                if out:
                    yield out
                flow.check()
        except StoreUnavailableError as error:
            by_server = True
            raise database_away(error) from error
        except MeshError as error:
            by_server = error.reason == "DRAINING"
            rest = flow.results()
            if rest:
                yield rest
            raise
        finally:
            if reader is not None:
                reader.cancel()
            flow.lost(by_server=by_server)

    def _stream(self, opened: flow_pb2.FlowOpen, call: Call) -> OrderStream:
        if not opened.results_only:
            return open_stream(self._parts.streams, opened.watch, call)
        self._parts.streams.readiness.require()
        return OrderStream(self._parts.streams, (), opened.watch.heartbeat_s, call)


class _Flow:
    """The commands of one flow."""

    def __init__(self, parts: FlowParts, stream: OrderStream, call: Call) -> None:
        self._parts = parts
        self._stream = stream
        self._call = call
        self._out = flow_pb2.FlowResponse()
        self._in_flight = 0
        self._room = asyncio.Event()
        self._failure: MeshError | None = None
        self._guard: Guard | None = None
        # A reference is kept, because the event loop keeps none.
        self._recording: set[asyncio.Task[None]] = set()

    async def arm(self, opened: flow_pb2.FlowOpen) -> None:
        """Guard the flow if it or its accounts require it, before its first command is read."""
        wish = None
        if opened.HasField("cancel_on_disconnect"):
            wanted = opened.cancel_on_disconnect
            wish = Wish(wanted.grace_s, wanted.session_name)
        self._guard = await self._parts.guards.arm(self._call.user, wish)
        if self._guard is not None:
            self._guard.gone = self._guard_gone
            self._tell_guard(self._guard, armed=True)

    def lost(self, *, by_server: bool) -> None:
        """Mark the flow as ended; if it still has a guard, the grace begins."""
        if self._guard is not None:
            self._parts.guards.lost(self._guard, by_server=by_server)

    def _guard_gone(self) -> None:
        self._guard = None
        self._failure = refuse(
            "OBJECT_STATE",
            "this flow was considered lost and its orders are being cancelled; open another",
            "open.cancel_on_disconnect",
        )
        self._stream.wake.set()

    async def _disarm(self) -> None:
        guard = self._guard
        if guard is None:
            raise refuse(
                "OBJECT_STATE",
                "disarm is true, but the flow has no guard: it was not asked for, or is disarmed",
                "disarm",
                value="true",
                expected="false",
            )
        try:
            await self._parts.guards.disarm(guard)
        except StoreUnavailableError as error:
            raise database_away(error) from error
        self._guard = None
        self._tell_guard(guard, armed=False)
        self._stream.wake.set()

    def _tell_guard(self, guard: Guard, *, armed: bool) -> None:
        row = guard.row
        self._out.guard.armed = armed
        self._out.guard.grace_s = row.grace_s
        self._out.guard.session_name = row.session_name
        del self._out.guard.account_ids[:]
        self._out.guard.account_ids.extend(row.account_ids)
        self._out.guard.resumed = armed and guard.resumed

    async def read(
        self, first: flow_pb2.FlowRequest, frames: AsyncIterator[flow_pb2.FlowRequest]
    ) -> None:
        """Submit the commands of every frame."""
        try:
            await self._submit_all(first)
            async for frame in frames:
                await self._submit_all(frame)
        except MeshError as error:
            self._failure = error
            self._stream.wake.set()

    def check(self) -> None:
        """Raise what ended the reading, if it was the client's fault."""
        if self._failure is not None:
            raise self._failure

    async def _submit_all(self, frame: flow_pb2.FlowRequest) -> None:
        commands = frame.commands
        if len(commands) > _COMMANDS_MAX:
            expected = f"at most {_COMMANDS_MAX} items"
            raise invalid_field("commands", f"{len(commands)} items", expected)
        while self._in_flight + len(commands) > IN_FLIGHT_COMMANDS_MAX:
            self._room.clear()
            await self._room.wait()
        self._in_flight += len(commands)
        placed = [one.place for one in commands if one.WhichOneof("command") == "place"]
        keys = requests.routed_keys(placed, self._parts.market)
        if keys:
            # Only this flow waits, because commands are executed in order.
            await self._parts.books.ready(keys)
        for command in commands:
            self._submit(command)
        if frame.disarm:
            await self._disarm()

    def _submit(self, command: flow_pb2.FlowCommand) -> None:
        number = command.correlation_id

        def reply(outcome: Outcome) -> None:
            if isinstance(outcome, MeshError) and is_refusal(outcome):
                task = asyncio.create_task(self._refused(command, outcome))
                self._recording.add(task)
                task.add_done_callback(self._recording.discard)
            else:
                self._done(number, outcome)

        try:
            validate(command)
            self._parts.streams.readiness.require()
            submission = requests.flow_command(command, self._call.user, reply)
            submission.call = self._call
            self._parts.worker.submit(submission)
        except MeshError as error:
            reply(error)

    async def _refused(self, command: flow_pb2.FlowCommand, error: MeshError) -> None:
        """Record a refusal that the worker has not recorded; then answer the caller."""
        kind = command.WhichOneof("command")
        request = getattr(command, kind) if kind else None
        entry = call_refusal(
            self._parts.streams.clock.now_ns(), self._call, request, error, kind or "nothing"
        )
        await self._parts.refusal_log.refused(entry, request)
        self._done(command.correlation_id, error)

    def _done(self, number: int, outcome: Outcome) -> None:
        self._in_flight -= 1
        self._room.set()
        result = self._out.results.add(correlation_id=number)
        if isinstance(outcome, Taken):
            accepted = result.accepted
            accepted.order_id = outcome.order_id
            accepted.state = outcome.state  # type: ignore[assignment] # by number
            accepted.sequence = outcome.sequence
            accepted.duplicate = outcome.duplicate
        else:
            result.refused.CopyFrom(to_rejection(outcome))
        self._stream.wake.set()

    def results(self) -> bytes:
        """Return the results since the last call, serialised; empty if there are none."""
        if not self._out.results and not self._out.HasField("guard"):
            return b""
        frame = self._out.SerializeToString()
        self._out = flow_pb2.FlowResponse()
        return frame
