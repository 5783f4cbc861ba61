"""OrderService: commands to the worker, reads from the store, streams of the logs."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from mesh.auth.access import Access, user
from mesh.auth.tokens import Principal
from mesh.rpc.call import Call
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.type.v1 import stream_pb2
from svc_oms.api.orders import order_requests as requests
from svc_oms.api.orders.go_flat import go_flat
from svc_oms.api.orders.order_reads import OrderReads, accounts_of
from svc_oms.api.orders.show_routing import show_routing
from svc_oms.service.codec.parked_messages import statement_message
from svc_oms.service.commands.worker import CommandWorker
from svc_oms.service.directory.user_names import person_of
from svc_oms.service.errors import (
    account_not_found,
    invalid_field,
    reaching_database,
)
from svc_oms.service.parked.statements import Statements
from svc_oms.service.ports.parked_ports import StatementFilter
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.routing_books import RoutingBooks
from svc_oms.service.streams.order_stream import OrderStream, StreamParts
from svc_oms.service.submissions import Submission, Taken
from svc_oms.service.way.order_way import OrderWays

SERVICE = "ordermesh.oms.v1.OrderService"
ACCESS: dict[str, Access] = {
    "Place": user("TRADER"),
    "PlaceBatch": user("TRADER"),
    # RISK for every account, TRADER for its own; never the person who placed the order.
    "Approve": user("TRADER", "RISK"),
    "Decline": user("TRADER", "RISK"),
    "Replace": user("TRADER"),
    "Cancel": user("TRADER"),
    "CancelAll": user("TRADER"),
    "Pause": user("TRADER"),
    "Resume": user("TRADER"),
    "Resolve": user("RISK"),
    "ListStatements": user(),
    "ConfirmStatement": user("RISK"),
    "DeclineStatement": user("RISK"),
    "GoFlat": user("TRADER", "RISK"),
    # Each account's reads decide whose orders the caller may see.
    "Get": user(),
    "ShowOrder": user(),
    "ShowRouting": user(),
    "List": user(),
    "Watch": user(),
}

Make = Callable[[Any, Principal, requests.Reply], Submission]

PAGE_ORDERS_DEFAULT = 100


class OrderServicer:
    """See the comments in order_service.proto."""

    def __init__(
        self,
        streams: StreamParts,
        worker: CommandWorker,
        market: Market,
        statements: Statements,
        ways: OrderWays,
        books: RoutingBooks,
        reads: OrderReads,
    ) -> None:
        self._streams = streams
        self._ways = ways
        self._books = books
        self._statements = statements
        self._store = streams.store
        self._reads = reads
        self._worker = worker
        self._market = market

    async def _submitted(self, make: Make, request: Any, call: Call) -> Taken:
        self._streams.readiness.require()
        return await self._worker.ask(lambda reply: make(request, call.user, reply), call)

    async def _books_of(self, *orders: order_service_pb2.PlaceRequest) -> None:
        """Wait for the books by which routed orders are decided, if one is not here yet."""
        await self._books.ready(requests.routed_keys(orders, self._market))

    async def Place(  # noqa: N802
        self, request: order_service_pb2.PlaceRequest, call: Call
    ) -> order_service_pb2.PlaceResponse:
        """Accept a new order."""
        await self._books_of(request)
        taken = await self._submitted(requests.place, request, call)
        return order_service_pb2.PlaceResponse(order=_order(taken), duplicate=taken.duplicate)

    async def PlaceBatch(  # noqa: N802
        self, request: order_service_pb2.PlaceBatchRequest, call: Call
    ) -> order_service_pb2.PlaceBatchResponse:
        """Accept several new orders."""
        await self._books_of(*request.orders)
        taken = await self._submitted(requests.place_batch, request, call)
        response = order_service_pb2.PlaceBatchResponse.FromString(taken.body)
        response.duplicate = taken.duplicate
        return response

    async def Approve(  # noqa: N802
        self, request: order_service_pb2.ApproveRequest, call: Call
    ) -> order_service_pb2.ApproveResponse:
        """Approve a held order."""
        taken = await self._submitted(requests.approve, request, call)
        return order_service_pb2.ApproveResponse(order=_order(taken), duplicate=taken.duplicate)

    async def Decline(  # noqa: N802
        self, request: order_service_pb2.DeclineRequest, call: Call
    ) -> order_service_pb2.DeclineResponse:
        """End a held order."""
        taken = await self._submitted(requests.decline, request, call)
        return order_service_pb2.DeclineResponse(order=_order(taken), duplicate=taken.duplicate)

    async def Replace(  # noqa: N802
        self, request: order_service_pb2.ReplaceRequest, call: Call
    ) -> order_service_pb2.ReplaceResponse:
        """Request other terms from the venue."""
        taken = await self._submitted(requests.replace, request, call)
        return order_service_pb2.ReplaceResponse(order=_order(taken), duplicate=taken.duplicate)

    async def Cancel(  # noqa: N802
        self, request: order_service_pb2.CancelRequest, call: Call
    ) -> order_service_pb2.CancelResponse:
        """Request a cancel from the venue."""
        taken = await self._submitted(requests.cancel, request, call)
        return order_service_pb2.CancelResponse(order=_order(taken), duplicate=taken.duplicate)

    async def CancelAll(  # noqa: N802
        self, request: order_service_pb2.CancelAllRequest, call: Call
    ) -> order_service_pb2.CancelAllResponse:
        """Request a cancel of everything in scope."""
        taken = await self._submitted(requests.cancel_all, request, call)
        return order_service_pb2.CancelAllResponse.FromString(taken.body)

    async def Pause(  # noqa: N802
        self, request: order_service_pb2.PauseRequest, call: Call
    ) -> order_service_pb2.PauseResponse:
        """Pause a TWAP or POV order."""
        taken = await self._submitted(requests.pause, request, call)
        return order_service_pb2.PauseResponse(order=_order(taken), duplicate=taken.duplicate)

    async def Resume(  # noqa: N802
        self, request: order_service_pb2.ResumeRequest, call: Call
    ) -> order_service_pb2.ResumeResponse:
        """Let a paused order go on."""
        taken = await self._submitted(requests.resume, request, call)
        return order_service_pb2.ResumeResponse(order=_order(taken), duplicate=taken.duplicate)

    async def Resolve(  # noqa: N802
        self, request: order_service_pb2.ResolveRequest, call: Call
    ) -> order_service_pb2.ResolveResponse:
        """Apply a person's statement of what the venue has."""
        taken = await self._submitted(requests.resolve, request, call)
        if not taken.order_id:
            # Kept for a second person.
            response = order_service_pb2.ResolveResponse.FromString(taken.body)
            response.duplicate = taken.duplicate
            return response
        return order_service_pb2.ResolveResponse(order=_order(taken), duplicate=taken.duplicate)

    async def ListStatements(  # noqa: N802
        self, request: order_service_pb2.ListStatementsRequest, call: Call
    ) -> order_service_pb2.ListStatementsResponse:
        """Return a page of statements."""
        wanted = StatementFilter(
            accounts_of("", call.user),
            request.order_id,
            request.waiting_only,
            request.before_statement_id,
            request.page_size or PAGE_ORDERS_DEFAULT,
        )
        with reaching_database():
            rows = await self._statements.page(wanted)
        now_ns = self._streams.clock.now_ns()
        return order_service_pb2.ListStatementsResponse(
            statements=[statement_message(row, now_ns) for row in rows]
        )

    async def ConfirmStatement(  # noqa: N802
        self, request: order_service_pb2.ConfirmStatementRequest, call: Call
    ) -> order_service_pb2.ConfirmStatementResponse:
        """Confirm another person's statement, and apply it."""
        with self._streams.readiness.reaching():
            row = await self._statements.require(request.statement_id)
            stated = order_service_pb2.ResolveRequest.FromString(row.request)
            taken = await self._worker.ask(
                lambda reply: requests.confirmed(row, stated, call.user, reply), call
            )
            row = await self._statements.require(request.statement_id)
        return order_service_pb2.ConfirmStatementResponse(
            statement=statement_message(row, self._streams.clock.now_ns()), order=_order(taken)
        )

    async def DeclineStatement(  # noqa: N802
        self, request: order_service_pb2.DeclineStatementRequest, call: Call
    ) -> order_service_pb2.DeclineStatementResponse:
        """Decline a statement."""
        with self._streams.readiness.reaching():
            row = await self._statements.decline(
                request.statement_id, person_of(call.user), request.reason
            )
        return order_service_pb2.DeclineStatementResponse(
            statement=statement_message(row, self._streams.clock.now_ns())
        )

    async def GoFlat(  # noqa: N802
        self, request: order_service_pb2.GoFlatRequest, call: Call
    ) -> order_service_pb2.GoFlatResponse:
        """Cancel open orders, close positions, report what remains."""
        self._streams.readiness.require()
        return await go_flat(self._store, self._worker, self._market, request, call)

    async def Get(self, request: order_service_pb2.GetRequest, call: Call) -> bytes:  # noqa: N802
        """Return one order and its executions, as a GetResponse."""
        with reaching_database():
            return await self._reads.get(request, call.user)

    async def ShowOrder(  # noqa: N802
        self, request: order_service_pb2.ShowOrderRequest, call: Call
    ) -> order_service_pb2.ShowOrderResponse:
        """Return the whole way of an order."""
        at = request.at if request.HasField("at") else None
        now_ns = self._streams.clock.now_ns()
        with reaching_database():
            return await self._ways.show(request.id, at, call.user, now_ns)

    async def ShowRouting(  # noqa: N802
        self, request: order_service_pb2.ShowRoutingRequest, call: Call
    ) -> order_service_pb2.ShowRoutingResponse:
        """Return the proof of how a routed order was executed."""
        with reaching_database():
            return await show_routing(self._store, request, call.user)

    async def List(self, request: order_service_pb2.ListRequest, call: Call) -> bytes:  # noqa: N802
        """Return a page of orders, newest first, as a ListResponse."""
        with reaching_database():
            return await self._reads.list_orders(request, call.user)

    async def Watch(  # noqa: N802
        self, request: order_service_pb2.WatchRequest, call: Call
    ) -> AsyncIterator[bytes]:
        """Stream the logs of accounts."""
        stream = open_stream(self._streams, request, call)
        with reaching_database():
            async for frame in stream.frames():
                if frame:
                    yield frame


def open_stream(
    streams: StreamParts, request: order_service_pb2.WatchRequest, call: Call
) -> OrderStream:
    """Check the reader's rights, and open the stream.

    Raises:
        MeshError: ACCOUNT_NOT_ALLOWED, INVALID_FIELD, DEPENDENCY_UNAVAILABLE.
    """
    wanted = watched_accounts(request, call.user)
    streams.readiness.require()
    return OrderStream(streams, wanted, request.heartbeat_s, call)


def watched_accounts(
    request: order_service_pb2.WatchRequest, reader: Principal
) -> Sequence[tuple[str, stream_pb2.Cursor | None]]:
    """Return the requested accounts, each with its cursor."""
    wanted: dict[str, stream_pb2.Cursor | None] = {}
    for item in request.accounts:
        reader.require_view(item.account_id)
        if item.account_id in wanted:
            raise invalid_field("accounts", f"{item.account_id} twice", "each account once")
        wanted[item.account_id] = item.cursor if item.HasField("cursor") else None
    if not wanted:
        wanted = dict.fromkeys(sorted(reader.accounts))
    if not wanted:
        raise account_not_found("")
    return list(wanted.items())


def _order(taken: Taken) -> order_pb2.Order:
    return order_pb2.Order.FromString(taken.body)
