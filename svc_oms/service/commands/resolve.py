"""The command Resolve: a person's statement about an order, and its fills.

A statement of a value above the limit for one person becomes a row that waits for a second
person. The confirmation is the same command again, decided anew on the order as it is then.
"""

from collections.abc import Collection
from decimal import Decimal

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_S, NS_PER_US, to_us
from kernel.ulid import new_ulid
from mesh.errors import refuse
from ordermesh.oms.v1 import order_pb2, order_service_pb2, parked_service_pb2, statement_pb2
from svc_oms.domain.commands import ResolveOrder
from svc_oms.domain.events import OrderExecuted, Stamp
from svc_oms.domain.model import Execution, Order
from svc_oms.domain.order import decide_resolve
from svc_oms.domain.reports.resolve import Known, statement_value
from svc_oms.service.audit.audit_log import action
from svc_oms.service.codec.order_records import execution_row, found_execution
from svc_oms.service.codec.values import timestamp
from svc_oms.service.commands.command_batch import CommandBatch
from svc_oms.service.commands.idempotency import key_row
from svc_oms.service.errors import invalid_field, needs_another
from svc_oms.service.ports import IdempotencyRow
from svc_oms.service.ports.parked_ports import SettledWrite, StatementRow
from svc_oms.service.submissions import Submission

# A statement lapses if no second person confirms it within this time. Seconds.
STATEMENT_LIFE_S = 86_400
PROPOSED = statement_pb2.STATEMENT_STATE_PROPOSED
CONFIRMED = statement_pb2.STATEMENT_STATE_CONFIRMED
OPEN = parked_service_pb2.PARKED_STATE_OPEN
APPLIED = parked_service_pb2.PARKED_STATE_APPLIED


def resolved_executions(command: ResolveOrder) -> Collection[str]:
    """Return the executions a person names."""
    return [found.exec_id for found in command.executions]


def settled(command: ResolveOrder) -> tuple[int, str]:
    """Return the parked message and the statement that a command settles."""
    return command.parked_id, command.statement_id


def resolve(batch: CommandBatch, submission: Submission) -> IdempotencyRow:
    """Apply a person's statement of what the venue has, or keep it for a second person."""
    command = submission.command
    assert isinstance(command, ResolveOrder)
    before = batch.order(command.order_id)
    statement = _waiting(batch, command) if command.statement_id else None
    if command.parked_id:
        _check_parked(batch, command, before)
    known: dict[str, list[Execution]] = {}
    for exec_id in resolved_executions(command):
        rows = batch.executions.get((before.order_id, exec_id), [])
        known[exec_id] = [found for row in rows if (found := found_execution(row)) is not None]
    if before.routing is not None:
        raise refuse(
            "OBJECT_STATE",
            f"order {before.order_id} is routed: no venue has it; name one of its children",
            "order_id",
            order_id=before.order_id,
        )
    _check_number(batch, command, before)
    now_ns, parts = batch.changes.now_ns, batch.parts
    gone = parts.venues.is_gone(before.venue_mic, now_ns, parts.answer_age_max_s)
    events = decide_resolve(before, command, known, now_ns, venue_gone=gone)
    if statement is None:
        value = _value(batch, command, before, known)
        limit = batch.parts.statement_value_alone_max
        if limit is not None and (value is None or value > limit):
            return _propose(batch, submission, before, value)
    stamp = Stamp(
        occurred_at_ns=batch.changes.now_ns,
        actor=command.actor,
        idempotency_key=command.idempotency_key,
    )
    order = batch.changes.add(before.account_id, before, events, stamp)
    first = order.last_sequence - len(events) + 1
    for sequence, event in enumerate(events, first):
        if isinstance(event, OrderExecuted):
            row = execution_row(event.execution, sequence, "F")
            rows = batch.executions[before.order_id, row.exec_id]
            row = row._replace(part=len(rows) + 1)
            rows.append(row)
            batch.changes.writes.executions.append(row)
    if order.venue_order_id != before.venue_order_id:
        named = order.venue_mic, order.venue_order_id, order.order_id
        batch.changes.writes.venue_order_ids.append(named)
    batch.moved(before, order, events)
    _settle(batch, command, before, statement)
    return key_row(submission, order.order_id, order.last_sequence)


def _check_number(batch: CommandBatch, command: ResolveOrder, order: Order) -> None:
    """Refuse the OrderID(37) of another open order."""
    for other in batch.having.get((order.venue_mic, command.venue_order_id), ()):
        if other.order_id != order.order_id:
            raise invalid_field(
                "venue_order_id",
                command.venue_order_id,
                f"one that no other order has: open order {other.order_id} has it",
            )


def _check_parked(batch: CommandBatch, command: ResolveOrder, order: Order) -> None:
    row = batch.parked.get(command.parked_id)
    if row is None:
        raise refuse(
            "OBJECT_NOT_FOUND",
            f"there is no parked message {command.parked_id}",
            "parked_id",
            parked_id=command.parked_id,
        )
    if row.state != OPEN:
        name = parked_service_pb2.ParkedState.Name(row.state).removeprefix("PARKED_STATE_")
        raise refuse(
            "OBJECT_STATE",
            f"parked message {command.parked_id} is {name}; it should be OPEN",
            "parked_id",
            parked_id=command.parked_id,
            state=name,
        )
    if row.order_id not in {"", order.order_id}:
        raise invalid_field(
            "parked_id", command.parked_id, f"one of order {order.order_id}, not of {row.order_id}"
        )


def _value(
    batch: CommandBatch, command: ResolveOrder, order: Order, known: Known
) -> Decimal | None:
    reference = batch.parts.market.reference_price(order.instrument_id)
    return statement_value(order, command, known, reference)


def _propose(
    batch: CommandBatch, submission: Submission, order: Order, value: Decimal | None
) -> IdempotencyRow:
    """Keep a statement for a second person."""
    command = submission.command
    assert isinstance(command, ResolveOrder)
    now_ns = batch.changes.now_ns
    expires_ns = now_ns + STATEMENT_LIFE_S * NS_PER_S
    statement = statement_pb2.Statement(
        statement_id=new_ulid(now_ns),
        order_id=order.order_id,
        account_id=order.account_id,
        state=PROPOSED,
        text=_words(command),
        reason=command.reason,
        value="" if value is None else plain(value),
        currency=order.currency,
        stated_by=command.actor,
        stated_by_name=command.actor_name,
        stated_at=timestamp(now_ns),
        expires_at=timestamp(expires_ns),
        parked_id=command.parked_id,
    )
    row = StatementRow(
        statement.statement_id,
        order.order_id,
        order.account_id,
        PROPOSED,
        to_us(expires_ns),
        _request(command).SerializeToString(deterministic=True),
        statement.SerializeToString(),
    )
    batch.changes.writes.statements.append(row)
    _record(batch, command, order, "Resolve", f"stated, waits for a second person: {row_text(row)}")
    body = order_pb2.Order.FromString(batch.body(order))
    response = order_service_pb2.ResolveResponse(order=body, statement=statement)
    return key_row(submission, "", order.last_sequence, response.SerializeToString())


def _words(command: ResolveOrder) -> str:
    fills = ", ".join(
        f"{plain(one.quantity)} at {plain(one.price)} (ExecID(17) {one.exec_id})"
        for one in command.executions
    )
    words = f"the venue has it {command.holds.name}"
    if command.replaced:
        words += ", replaced"
    return f"{words}; executions: {fills or 'none'}"


def _request(command: ResolveOrder) -> order_service_pb2.ResolveRequest:
    """Return the request of a statement, for its confirmation."""
    request = order_service_pb2.ResolveRequest(
        idempotency_key=command.idempotency_key,
        order_id=command.order_id,
        venue_holds=command.holds.value,  # type: ignore[arg-type] # by number
        replaced=command.replaced,
        venue_order_id=command.venue_order_id,
        reason=command.reason,
        parked_id=command.parked_id,
    )
    for one in command.executions:
        found = request.executions.add(
            exec_id=one.exec_id, quantity=plain(one.quantity), price=plain(one.price)
        )
        if one.venue_time_ns:
            found.venue_time.CopyFrom(timestamp(one.venue_time_ns))
    return request


def _waiting(batch: CommandBatch, command: ResolveOrder) -> StatementRow:
    """Return the statement that is confirmed, if it waits for this person."""
    row = batch.statements.get(command.statement_id)
    if row is None:
        raise statement_not_found(command.statement_id)
    statement = statement_pb2.Statement.FromString(row.body)
    check_waiting(row, batch.changes.now_ns)
    if statement.stated_by == command.actor:
        raise needs_another(
            (statement.stated_by, statement.stated_by_name),
            f"made statement {row.statement_id}",
            "confirm",
            "statement_id",
            statement_id=row.statement_id,
            stated_by=statement.stated_by,
        )
    return row


def statement_not_found(statement_id: str) -> Exception:
    """Refuse a statement that does not exist."""
    return refuse(
        "OBJECT_NOT_FOUND",
        f"there is no statement {statement_id}",
        "statement_id",
        statement_id=statement_id,
    )


def check_waiting(row: StatementRow, now_ns: int) -> None:
    """Refuse with OBJECT_STATE unless a statement waits for its second person."""
    state = row.state
    if state == PROPOSED:
        if row.expires_at_us * NS_PER_US > now_ns:
            return
        state = statement_pb2.STATEMENT_STATE_EXPIRED
    name = statement_pb2.StatementState.Name(state).removeprefix("STATEMENT_STATE_")
    raise refuse(
        "OBJECT_STATE",
        f"statement {row.statement_id} is {name}; it should be PROPOSED",
        "statement_id",
        statement_id=row.statement_id,
        state=name,
    )


def decided(row: StatementRow, state: int, who: tuple[str, str], now_ns: int) -> StatementRow:
    """Return a statement as a person decided it."""
    statement = statement_pb2.Statement.FromString(row.body)
    statement.state = state  # type: ignore[assignment] # by number
    statement.decided_by, statement.decided_by_name = who
    statement.decided_at.CopyFrom(timestamp(now_ns))
    return row._replace(state=state, body=statement.SerializeToString())


def row_text(row: StatementRow) -> str:
    """Return a statement in words, for the audit log."""
    statement = statement_pb2.Statement.FromString(row.body)
    value = f"{statement.value} {statement.currency}" if statement.value else "not known"
    return f"{statement.text}; value {value}; reason: {statement.reason}"


def _settle(
    batch: CommandBatch, command: ResolveOrder, order: Order, statement: StatementRow | None
) -> None:
    """Settle what the statement was made for, and record it."""
    writes, now_ns = batch.changes.writes, batch.changes.now_ns
    if command.parked_id:
        # Its person is the one who made it effective; the statement names the other one.
        writes.settled.append(
            SettledWrite(
                command.parked_id,
                APPLIED,
                to_us(now_ns),
                command.actor,
                command.actor_name,
                command.reason,
                order.account_id,
                order.order_id,
            )
        )
        row = batch.parked[command.parked_id]
        batch.parked[command.parked_id] = row._replace(state=APPLIED)
    text = f"{_words(command)}; reason: {command.reason}"
    name = "Resolve"
    if statement is not None:
        who = command.actor, command.actor_name
        after = decided(statement, CONFIRMED, who, now_ns)
        writes.statements.append(after)
        batch.statements[after.statement_id] = after
        text, name = row_text(after), "ConfirmStatement"
    _record(batch, command, order, name, text)


def _record(batch: CommandBatch, command: ResolveOrder, order: Order, name: str, text: str) -> None:
    entry = action(
        batch.changes.now_ns,
        command.actor,
        name,
        text,
        account_id=order.account_id,
        statement_id=command.statement_id,
        parked_id=command.parked_id or "",
    )
    batch.changes.writes.audit.append(
        entry._replace(order_id=order.order_id, actor_name=command.actor_name)
    )
