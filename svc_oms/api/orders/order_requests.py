"""From requests that passed their field rules to commands."""

from collections.abc import Callable, Container, Iterable
from decimal import Decimal
from hashlib import sha256

from google.protobuf.message import Message

from kernel.side import Side
from mesh.auth.tokens import Principal
from mesh.names import called
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import order_flow_service_pb2, order_pb2, order_service_pb2, statement_pb2
from svc_oms.domain.commands import (
    ApproveOrder,
    CancelOrder,
    DeclineOrder,
    FoundExecution,
    PauseOrder,
    PlaceOrder,
    ReplaceOrder,
    ResolveOrder,
)
from svc_oms.domain.model import Link, OrderType, Routing, VenueHolds
from svc_oms.domain.numbers import Price, Quantity
from svc_oms.service.codec.values import link_value, routing_value, terms_value
from svc_oms.service.errors import invalid_field
from svc_oms.service.ports.parked_ports import StatementRow
from svc_oms.service.reference.market import Market
from svc_oms.service.submissions import (
    EVERY_ACCOUNT,
    CancelAll,
    Command,
    CommandKind,
    Outcome,
    PlaceBatch,
    Submission,
)

Reply = Callable[[Outcome], None]

_NOBODY: frozenset[str] = frozenset()
# By number. The field rules refuse other numbers; a call of the class takes three times as long.
_SIDES = {side.value: side for side in Side}
_TYPES = {type_.value: type_ for type_ in OrderType}


def body_hash(request: Message) -> bytes:
    """Hash a request in canonical form: equal requests, however they were encoded."""
    return sha256(request.SerializeToString(deterministic=True)).digest()


def _submission(
    kind: CommandKind, command: Command, accounts: Container[str], request: Message, reply: Reply
) -> Submission:
    return Submission(kind, command, accounts, body_hash(request), reply, request=request)


def _tradable(user: Principal) -> frozenset[str]:
    return user.accounts if "TRADER" in user.roles else _NOBODY


def place(request: order_service_pb2.PlaceRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of a new order.

    Raises:
        MeshError: ACCOUNT_NOT_ALLOWED, UNSUPPORTED_ORDER_CHARACTERISTIC.
    """
    user.require_trade(request.account_id)
    if request.link.parent_key:
        raise invalid_field(
            "link.parent_key", request.link.parent_key, "empty; it names an order of the same batch"
        )
    return _place(request, user, reply)


def routed_keys(orders: Iterable[order_service_pb2.PlaceRequest], market: Market) -> set[str]:
    """Return the keys of the instruments that requests route."""
    return {_routed_key(order, market) for order in orders if order.HasField("routing")} - {""}


def _routed_key(request: order_service_pb2.PlaceRequest, market: Market) -> str:
    currencies = {listing.currency for listing in market.listings(request.isin)}
    currency = request.currency or (currencies.pop() if len(currencies) == 1 else "")
    return f"{request.isin}/{currency}" if market.listings(request.isin, currency) else ""


def _routing(request: order_service_pb2.PlaceRequest, path: str) -> Routing | None:
    if request.HasField("routing"):
        return routing_value(request.routing)
    if not request.instrument_id:
        raise invalid_field(
            f"{path}instrument_id", "", "the listing, or routing, isin and currency instead"
        )
    for field in ("isin", "currency"):
        if getattr(request, field):
            given = getattr(request, field)
            raise invalid_field(f"{path}{field}", given, "empty, because routing is not set")
    return None


def _place(
    request: order_service_pb2.PlaceRequest, user: Principal, reply: Reply, path: str = ""
) -> Submission:
    command = PlaceOrder(
        idempotency_key=request.idempotency_key,
        account_id=request.account_id,
        instrument_id=request.instrument_id,
        side=_SIDES[request.side],
        type=_TYPES[request.type],
        terms=terms_value(request.terms),
        actor=user.subject,
        regulatory=(
            request.regulatory.SerializeToString(deterministic=True)
            if request.HasField("regulatory")
            else b""
        ),
        link=_link(request.link, path) if request.HasField("link") else None,
        client_note=request.client_note,
        hold_for_approval=request.hold_for_approval,
        reduce_only=request.reduce_only,
        isin=request.isin,
        currency=request.currency,
        routing=_routing(request, path),
    )
    return _submission(CommandKind.PLACE, command, user.accounts, request, reply)


def _link(message: order_pb2.OrderLink, path: str) -> Link:
    if not message.kind:
        raise invalid_field(f"{path}link.kind", "", "one of OCO, OTO, BRACKET")
    return link_value(message)


def place_batch(
    request: order_service_pb2.PlaceBatchRequest, user: Principal, reply: Reply
) -> Submission:
    """Make a submission of several new orders.

    Raises:
        MeshError: ACCOUNT_NOT_ALLOWED, INVALID_FIELD.
    """
    user.require_trade(request.account_id)
    keys = {request.idempotency_key}
    for index, order in enumerate(request.orders):
        if order.account_id != request.account_id:
            raise invalid_field(
                f"orders[{index}].account_id",
                order.account_id,
                f"{request.account_id}, as the batch has",
            )
        if order.idempotency_key in keys:
            raise invalid_field(
                f"orders[{index}].idempotency_key",
                order.idempotency_key,
                "a key no other order of the batch has, nor the batch itself",
            )
        keys.add(order.idempotency_key)
        if order.link.parent_key and order.link.parent_order_id:
            raise invalid_field(
                f"orders[{index}].link.parent_key",
                order.link.parent_key,
                "empty, because parent_order_id is set",
            )
    command = PlaceBatch(
        idempotency_key=request.idempotency_key,
        account_id=request.account_id,
        orders=tuple(
            _place(order, user, _unheard, f"orders[{index}].")
            for index, order in enumerate(request.orders)
        ),
        parent_keys=tuple(order.link.parent_key for order in request.orders),
        atomic=request.atomic,
        actor=user.subject,
    )
    return _submission(CommandKind.PLACE_BATCH, command, user.accounts, request, reply)


def _unheard(_outcome: Outcome) -> None:
    """Ignore the reply of an order in a batch: its result is in the batch's."""


def approve(request: order_service_pb2.ApproveRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of a second person's approval."""
    command = ApproveOrder(
        request.idempotency_key, request.order_id, user.subject, request.expected_version
    )
    return _submission(CommandKind.APPROVE, command, _approvable(user), request, reply)


def decline(request: order_service_pb2.DeclineRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of a second person's refusal to approve."""
    command = DeclineOrder(request.idempotency_key, request.order_id, user.subject, request.text)
    return _submission(CommandKind.DECLINE, command, _approvable(user), request, reply)


def _approvable(user: Principal) -> Container[str]:
    return EVERY_ACCOUNT if "RISK" in user.roles else _tradable(user)


def replace(request: order_service_pb2.ReplaceRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of a change."""
    command = ReplaceOrder(
        idempotency_key=request.idempotency_key,
        order_id=request.order_id,
        terms=terms_value(request.terms),
        actor=user.subject,
        expected_version=request.expected_version,
    )
    return _submission(CommandKind.REPLACE, command, _tradable(user), request, reply)


def cancel(request: order_service_pb2.CancelRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of a cancel."""
    command = CancelOrder(request.idempotency_key, request.order_id, user.subject)
    return _submission(CommandKind.CANCEL, command, _tradable(user), request, reply)


def pause(request: order_service_pb2.PauseRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of a pause."""
    command = PauseOrder(request.idempotency_key, request.order_id, user.subject, paused=True)
    return _submission(CommandKind.PAUSE, command, _tradable(user), request, reply)


def resume(request: order_service_pb2.ResumeRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of the end of a pause."""
    command = PauseOrder(request.idempotency_key, request.order_id, user.subject, paused=False)
    return _submission(CommandKind.RESUME, command, _tradable(user), request, reply)


def resolve(request: order_service_pb2.ResolveRequest, user: Principal, reply: Reply) -> Submission:
    """Make a submission of a person's statement; RISK is bound to no account."""
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
                from_timestamp(found.venue_time),
            )
            for found in request.executions
        ),
        replaced=request.replaced,
        venue_order_id=request.venue_order_id,
        parked_id=request.parked_id,
        actor_name=user.username,
    )
    return _submission(CommandKind.RESOLVE, command, EVERY_ACCOUNT, request, reply)


def confirmed(
    row: StatementRow,
    request: order_service_pb2.ResolveRequest,
    user: Principal,
    reply: Reply,
) -> Submission:
    """Make a submission of another person's statement, which this user confirms."""
    submission = resolve(request, user, reply)
    statement = statement_pb2.Statement.FromString(row.body)
    first = called(statement.stated_by, statement.stated_by_name)
    assert isinstance(submission.command, ResolveOrder)
    submission.command = submission.command._replace(
        # No client's key can have a ~ in it.
        idempotency_key=f"~statement~{row.statement_id}",
        statement_id=row.statement_id,
        reason=f"{request.reason} (stated by {first})",
    )
    return submission


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
    return _submission(CommandKind.CANCEL_ALL, command, user.accounts, request, reply)


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
            raise invalid_field("command", "", "one of place, replace, cancel")
