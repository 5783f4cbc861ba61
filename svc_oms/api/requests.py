"""From requests that passed their field rules to commands."""

from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256

from google.protobuf.message import Message

from mesh.auth import Principal
from mesh.errors import MeshError, refuse
from ordermesh.oms.v1 import order_flow_service_pb2, order_service_pb2
from svc_oms.domain.commands import (
    CancelOrder,
    FoundExecution,
    PlaceOrder,
    ReplaceOrder,
    ResolveOrder,
)
from svc_oms.domain.model import OrderType, Side, VenueHolds
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.service.codec.values import nanoseconds, terms_value
from svc_oms.service.submissions import CancelAll, CommandKind, EveryAccount, Outcome, Submission

Reply = Callable[[Outcome], None]

_NOBODY: frozenset[str] = frozenset()


def body_hash(request: Message) -> bytes:
    """Hash a request in canonical form: equal requests, however they were encoded."""
    return sha256(request.SerializeToString(deterministic=True)).digest()


def _tradable(user: Principal) -> frozenset[str]:
    return user.accounts if "TRADER" in user.roles else _NOBODY


def place(request: order_service_pb2.PlaceRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of a new order.

    Raises:
        MeshError: ACCOUNT_NOT_ALLOWED, UNSUPPORTED_ORDER_CHARACTERISTIC.
    """
    user.require_trade(request.account_id)
    if request.HasField("link"):
        raise refuse(
            "UNSUPPORTED_ORDER_CHARACTERISTIC",
            "link is set: linked orders are not offered yet; leave it out",
            "link",
        )
    command = PlaceOrder(
        idempotency_key=request.idempotency_key,
        account_id=request.account_id,
        instrument_id=request.instrument_id,
        side=Side(request.side),
        type=OrderType(request.type),
        terms=terms_value(request.terms),
        actor=user.subject,
        regulatory=(
            request.regulatory.SerializeToString(deterministic=True)
            if request.HasField("regulatory")
            else b""
        ),
        client_note=request.client_note,
    )
    return Submission(CommandKind.PLACE, command, user.accounts, body_hash(request), reply)


def replace(request: order_service_pb2.ReplaceRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of a change."""
    command = ReplaceOrder(
        idempotency_key=request.idempotency_key,
        order_id=request.order_id,
        terms=terms_value(request.terms),
        actor=user.subject,
        expected_version=request.expected_version,
    )
    return Submission(CommandKind.REPLACE, command, _tradable(user), body_hash(request), reply)


def cancel(request: order_service_pb2.CancelRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of a cancel."""
    command = CancelOrder(request.idempotency_key, request.order_id, user.subject)
    return Submission(CommandKind.CANCEL, command, _tradable(user), body_hash(request), reply)


def resolve(request: order_service_pb2.ResolveRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of a person's word; RISK is bound to no account."""
    command = ResolveOrder(
        idempotency_key=request.idempotency_key,
        order_id=request.order_id,
        holds=VenueHolds(request.venue_holds),
        actor=user.subject,
        reason=request.reason,
        executions=tuple(
            FoundExecution(
                found.exec_id,
                Quantity(Decimal(found.quantity)),
                Price(Decimal(found.price)),
                nanoseconds(found.venue_time),
            )
            for found in request.executions
        ),
        replaced=request.replaced,
        venue_order_id=request.venue_order_id,
    )
    return Submission(CommandKind.RESOLVE, command, EveryAccount(), body_hash(request), reply)


def cancel_all(
    request: order_service_pb2.CancelAllRequest, user: Principal, reply: Reply
) -> Submission:
    """Make a submission of a cancel of everything in scope.

    Raises:
        MeshError: ACCOUNT_NOT_ALLOWED.
    """
    user.require_trade(request.account_id)
    command = CancelAll(
        idempotency_key=request.idempotency_key,
        account_id=request.account_id,
        instrument_id=request.instrument_id,
        side=request.side,
        actor=user.subject,
    )
    return Submission(CommandKind.CANCEL_ALL, command, user.accounts, body_hash(request), reply)


def flow_command(
    command: order_flow_service_pb2.FlowCommand, user: Principal, reply: Reply
) -> Submission:
    """Make a submission of a command in a flow.

    Raises:
        MeshError: as the command's own maker, or INVALID_FIELD when there is none.
    """
    match command.WhichOneof("command"):
        case "place":
            return place(command.place, user, reply)
        case "replace":
            return replace(command.replace, user, reply)
        case "cancel":
            return cancel(command.cancel, user, reply)
        case _:
            raise MeshError(
                "INVALID_FIELD",
                "command is not set; it should be one of place, replace, cancel",
                "command",
                {"field": "command", "value": "", "expected": "place, replace or cancel"},
            )
