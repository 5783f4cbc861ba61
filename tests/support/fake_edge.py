"""A stand-in for the edge and the services, whose every answer a test can choose."""

# ruff: noqa: N802  # handlers are named as the rpcs are

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from mesh.errors import MeshError, abort_arguments, refuse
from mesh.timestamps import to_timestamp
from meshctl.stack.home import Home
from ordermesh.identity.v1 import auth_service_pb2 as identity
from ordermesh.identity.v1 import auth_service_pb2_grpc as identity_grpc
from ordermesh.identity.v1 import identity_audit_service_pb2
from ordermesh.marketdata.v1 import (
    instrument_pb2,
    instrument_service_pb2,
    instrument_service_pb2_grpc,
    market_data_pb2,
    market_data_service_pb2,
    market_data_service_pb2_grpc,
    reference_data_service_pb2,
)
from ordermesh.oms.v1 import (
    audit_service_pb2,
    kill_switch_service_pb2,
    limit_service_pb2,
    order_pb2,
    order_service_pb2_grpc,
    parked_service_pb2,
    recovery_service_pb2,
    routing_service_pb2,
    session_service_pb2,
)
from ordermesh.oms.v1 import order_service_pb2 as oms
from tests.support.scripted_rpcs import scripted_service

CONTROLS = (
    kill_switch_service_pb2.DESCRIPTOR.services_by_name["KillSwitchService"],
    limit_service_pb2.DESCRIPTOR.services_by_name["LimitService"],
    recovery_service_pb2.DESCRIPTOR.services_by_name["RecoveryService"],
    routing_service_pb2.DESCRIPTOR.services_by_name["RoutingService"],
    session_service_pb2.DESCRIPTOR.services_by_name["SessionService"],
    audit_service_pb2.DESCRIPTOR.services_by_name["AuditService"],
    parked_service_pb2.DESCRIPTOR.services_by_name["ParkedService"],
    identity_audit_service_pb2.DESCRIPTOR.services_by_name["IdentityAuditService"],
    reference_data_service_pb2.DESCRIPTOR.services_by_name["ReferenceDataService"],
)
LISTINGS = ("ASML.SIMA", "ASML.SIMB", "SAP.SIMA")


def snapshot_of(sequence: int, account: str = "ACC-ALICE") -> oms.WatchResponse:
    """Return the end of an order stream's snapshot: events go on after this sequence."""
    cursor = {"epoch": "epoch", "sequence": sequence}
    return oms.WatchResponse(items=[{"snapshot_complete": {"channel": account, "cursor": cursor}}])


class FakeEdge(
    identity_grpc.AuthServiceServicer,
    order_service_pb2_grpc.OrderServiceServicer,
    instrument_service_pb2_grpc.InstrumentServiceServicer,
    market_data_service_pb2_grpc.MarketDataServiceServicer,
):
    """Answers like a mesh with one trader, alice, and an order book of a dict.

    Attributes:
        requests: Every request by rpc name.
        faults: Put refusals or gRPC codes here by rpc name; each is used up once.
        watches: Scripts of order streams: each a function from the request to frames.
        answers: The fields of what rpcs of the controls answer, by "LimitService/SetLimit".
        real: Functions that add services which are real ones.
        tokens_made: Counts logins and refreshes; the newest token alone is accepted.
        token_life_s: Life of the next token.
        refresh_came: A refresh has its tokens; its answer goes out when `refresh_answers` is set.
    """

    def __init__(self) -> None:
        self.requests: dict[str, list[Any]] = {}
        self.faults: dict[str, list[MeshError | grpc.StatusCode]] = {}
        self.watches: list[Callable[[Any], AsyncIterator[Any]]] = []
        self.orders: dict[str, order_pb2.Order] = {}
        self.answers: dict[str, Any] = {}
        self.tokens_made = 0
        self.token_life_s = 900.0
        self.refresh_came, self.refresh_answers = asyncio.Event(), asyncio.Event()
        self.refresh_answers.set()
        self.port = 0
        self.real: list[Callable[[grpc.aio.Server], None]] = []
        self._server: grpc.aio.Server | None = None

    async def start(self, tls: Path, port: int = 0) -> None:
        """Listen with the edge's certificate."""
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        identity_grpc.add_AuthServiceServicer_to_server(self, server)
        order_service_pb2_grpc.add_OrderServiceServicer_to_server(_Orders(self), server)
        instrument_service_pb2_grpc.add_InstrumentServiceServicer_to_server(
            _Instruments(self), server
        )
        market_data_service_pb2_grpc.add_MarketDataServiceServicer_to_server(_Prices(self), server)
        handlers = [scripted_service(one, self.note, self.answers) for one in CONTROLS]
        server.add_generic_rpc_handlers(handlers)
        for add in self.real:
            add(server)
        pair = ((tls / "edge.key").read_bytes(), (tls / "edge.pem").read_bytes())
        address = f"127.0.0.1:{port}"
        self.port = server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
        await server.start()
        self._server = server

    async def stop(self) -> None:
        """Vanish, calls and all."""
        if self._server is not None:
            await self._server.stop(None)
            self._server = None

    def home(self, folder: Path, tls: Path) -> Home:
        """Make a home folder that leads here."""
        home = Home(folder)
        home.create()
        (home.tls / "ca.pem").write_bytes((tls / "ca.pem").read_bytes())
        home.state_file.write_text(json.dumps({"ports": {"edge_tls": self.port}}))
        users = {"alice": {"password": "right", "accounts": ["ACC-ALICE"]}}
        home.users_file.write_text(json.dumps(users))
        return home

    async def note(self, name: str, request: Any, context: Any, *, user: bool = True) -> None:
        """Keep a request; abort if a fault waits or the token is not the newest."""
        self.requests.setdefault(name, []).append(request)
        if self.faults.get(name):
            fault = self.faults[name].pop(0)
            if isinstance(fault, MeshError):
                await context.abort(*abort_arguments(fault))
            await context.abort(fault, "fault of the test")
        wanted = f"Bearer access-{self.tokens_made}"
        if user and ("authorization", wanted) not in (context.invocation_metadata() or ()):
            await context.abort(*abort_arguments(refuse("TOKEN_EXPIRED", "refresh")))

    def tokens(self) -> identity.TokenPair:
        """Make the next pair."""
        self.tokens_made += 1
        return identity.TokenPair(
            access_token=f"access-{self.tokens_made}",
            refresh_token=f"refresh-{self.tokens_made}",
            access_expires_at=to_timestamp(int((time.time() + self.token_life_s) * 1e9)),
            refresh_expires_at=to_timestamp(int((time.time() + 9e4) * 1e9)),
        )

    user = identity.User(user_id="1", username="alice", accounts=["ACC-ALICE"])

    async def Login(self, request, context):
        await self.note("Login", request, context, user=False)
        if request.password != "right":
            await context.abort(*abort_arguments(refuse("BAD_CREDENTIALS", "wrong password")))
        self.user = identity.User(user_id="1", username=request.username, accounts=["ACC-ALICE"])
        return identity.LoginResponse(tokens=self.tokens(), user=self.user)

    async def Refresh(self, request, context):
        await self.note("Refresh", request, context, user=False)
        if request.refresh_token != f"refresh-{self.tokens_made}":
            await context.abort(*abort_arguments(refuse("UNAUTHENTICATED", "used up")))
        made = self.tokens()
        self.refresh_came.set()
        await self.refresh_answers.wait()
        return identity.RefreshResponse(tokens=made, user=self.user)

    async def Logout(self, request, context):
        await self.note("Logout", request, context, user=False)
        return identity.LogoutResponse()


def _in_state(name: str, answer: Callable[..., Any], state: int) -> Callable[..., Any]:
    """Answer an rpc with the order that is asked for, in a state."""

    async def handle(self, request, context):
        await self.edge.note(name, request, context)
        known = next(o for o in self.edge.orders.values() if o.order_id == request.order_id)
        order = order_pb2.Order()
        order.CopyFrom(known)
        order.progress.state = state
        return answer(order=order)

    return handle


class _Orders(order_service_pb2_grpc.OrderServiceServicer):
    def __init__(self, edge: FakeEdge) -> None:
        self.edge = edge

    async def ShowOrder(self, request, context):
        await self.edge.note("OrderService/ShowOrder", request, context)
        return oms.ShowOrderResponse(**self.edge.answers["OrderService/ShowOrder"])

    async def ShowRouting(self, request, context):
        await self.edge.note("ShowRouting", request, context)
        return oms.ShowRoutingResponse(**self.edge.answers["ShowRouting"].pop(0))

    async def Place(self, request, context):
        known = self._place(request)
        await self.edge.note("Place", request, context)
        return oms.PlaceResponse(order=known)

    async def PlaceBatch(self, request, context):
        await self.edge.note("PlaceBatch", request, context)
        if "PlaceBatch" in self.edge.answers:
            return oms.PlaceBatchResponse(**self.edge.answers["PlaceBatch"])
        return oms.PlaceBatchResponse(
            results=[
                {"idempotency_key": one.idempotency_key, "order": self._place(one)}
                for one in request.orders
            ]
        )

    def _place(self, request):
        known = self.edge.orders.get(request.idempotency_key)
        if known is None:
            # Kept before a fault strikes: the answer is lost, not the order.
            number = len(self.edge.orders) + 1
            held = request.hold_for_approval
            known = self.edge.orders[request.idempotency_key] = order_pb2.Order(
                order_id=f"ORDER-{number}",
                account_id=request.account_id,
                instrument_id=request.instrument_id,
                side=request.side,
                type=request.type,
                terms=request.terms,
                link=request.link,
                progress={"state": f"ORDER_STATE_{'HELD' if held else 'PENDING_NEW'}"},
                waits_for=order_pb2.WAITS_FOR_APPROVAL if held else None,
                last_sequence=number,
            )
            known.progress.version = 1
        return known

    _get = _in_state("Get", oms.GetResponse, order_pb2.ORDER_STATE_NEW)

    async def Get(self, request, context):
        if "Get" not in self.edge.answers:
            return await self._get(request, context)
        await self.edge.note("Get", request, context)
        return oms.GetResponse(**self.edge.answers["Get"][request.order_id])

    Replace = _in_state("Replace", oms.ReplaceResponse, order_pb2.ORDER_STATE_PENDING_REPLACE)
    Approve = _in_state("Approve", oms.ApproveResponse, order_pb2.ORDER_STATE_PENDING_NEW)
    Decline = _in_state("Decline", oms.DeclineResponse, order_pb2.ORDER_STATE_REJECTED)
    Pause = _in_state("Pause", oms.PauseResponse, order_pb2.ORDER_STATE_SUSPENDED)
    Resume = _in_state("Resume", oms.ResumeResponse, order_pb2.ORDER_STATE_NEW)
    Cancel = _in_state("Cancel", oms.CancelResponse, order_pb2.ORDER_STATE_PENDING_CANCEL)

    async def GoFlat(self, request, context):
        await self.edge.note("GoFlat", request, context)
        return oms.GoFlatResponse(**self.edge.answers.get("GoFlat", {"flat": True}))

    async def Resolve(self, request, context):
        await self.edge.note("Resolve", request, context)
        if "Resolve" in self.edge.answers:
            return oms.ResolveResponse(**self.edge.answers["Resolve"])
        order = order_pb2.Order(order_id=request.order_id)
        order.progress.state = order_pb2.ORDER_STATE_FILLED
        order.progress.cum_quantity = "100"
        return oms.ResolveResponse(order=order)

    async def ListStatements(self, request, context):
        await self.edge.note("ListStatements", request, context)
        return oms.ListStatementsResponse(**self.edge.answers["ListStatements"])

    async def ConfirmStatement(self, request, context):
        await self.edge.note("ConfirmStatement", request, context)
        return oms.ConfirmStatementResponse(**self.edge.answers["ConfirmStatement"])

    async def DeclineStatement(self, request, context):
        await self.edge.note("DeclineStatement", request, context)
        return oms.DeclineStatementResponse(**self.edge.answers["DeclineStatement"])

    async def List(self, request, context):
        await self.edge.note("List", request, context)
        if "List" in self.edge.answers:
            return oms.ListResponse(**self.edge.answers["List"].pop(0))
        return oms.ListResponse(orders=self.edge.orders.values())

    async def Watch(self, request, context):
        await self.edge.note("Watch", request, context)
        script = self.edge.watches.pop(0)
        async for frame in script(request):
            yield frame


class _Instruments(instrument_service_pb2_grpc.InstrumentServiceServicer):
    def __init__(self, edge: FakeEdge) -> None:
        self.edge = edge

    async def List(self, request, context):
        await self.edge.note("Instruments", request, context)
        found = [name for name in LISTINGS if request.text in name]
        return instrument_service_pb2.ListResponse(
            instruments=[
                instrument_pb2.Instrument(
                    instrument_id=name,
                    symbol=name.partition(".")[0],
                    venue_mic=name.partition(".")[2],
                    simulated=True,
                    lot_size="1",
                )
                for name in found
            ]
        )

    async def GetCalendar(self, request, context):
        await self.edge.note("GetCalendar", request, context)
        return instrument_service_pb2.GetCalendarResponse(name=request.venue_mic, time_zone="UTC")


class _Prices(market_data_service_pb2_grpc.MarketDataServiceServicer):
    def __init__(self, edge: FakeEdge) -> None:
        self.edge = edge

    async def Watch(self, request, context):
        await self.edge.note("Quotes", request, context)
        for number, name in enumerate(request.subscription.instrument_ids, 1):
            update = market_data_pb2.MarketDataUpdate(
                instrument_id=name, sequence=number, quote={"bid_price": "99", "ask_price": "101"}
            )
            yield market_data_service_pb2.WatchResponse(items=[{"update": update}])
