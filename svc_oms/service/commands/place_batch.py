"""Several new orders in one command: each on its own, or all or none."""

from dataclasses import replace

from mesh.errors import MeshError, refuse, to_rejection
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.domain.commands import PlaceOrder
from svc_oms.domain.order_terms.checks import OrderRefused
from svc_oms.domain.refusal import invalid
from svc_oms.service.codec.order_records import order_message, progress_message
from svc_oms.service.commands.command_batch import CommandBatch, Refused, RolledBackError
from svc_oms.service.commands.idempotency import key_row
from svc_oms.service.errors import refused
from svc_oms.service.ports import IdempotencyRow
from svc_oms.service.submissions import PlaceBatch, Submission, Taken

# Orders of one batch; more are refused by the field rules.
BATCH_ORDERS_MAX = 100


def place_batch(batch: CommandBatch, submission: Submission) -> IdempotencyRow | Taken:
    """Place each order in turn; one result each.

    Raises:
        RolledBackError: The batch is atomic, and an order was refused after others were taken.
    """
    command = submission.command
    assert isinstance(command, PlaceBatch)
    response = order_service_pb2.PlaceBatchResponse()
    placed: dict[str, str] = {}
    sequence, fresh = 0, 0
    refusals: list[Refused] = []
    for order, parent_key in zip(command.orders, command.parent_keys, strict=True):
        key = order.command.idempotency_key
        order.call = submission.call
        result = response.results.add(idempotency_key=key)
        try:
            row, duplicate = _place_one(batch, order, parent_key, placed)
        except (OrderRefused, MeshError) as error:
            refusal = refused(error)
            result.rejection.CopyFrom(to_rejection(refusal))
            refusals.append((order, refusal))
            continue
        result.duplicate = duplicate
        placed[key] = row.order_id
        found = batch.order(row.order_id)
        result.order.CopyFrom(order_message(found, progress_message(found)))
        if not duplicate:
            fresh, sequence = fresh + 1, found.last_sequence
    if command.atomic and refusals:
        refusals += _none(command, response)
        answer = Taken("", 0, 0, False, response.SerializeToString())
        if fresh:
            raise RolledBackError(submission, answer, refusals)
        batch.parts_refused += refusals
        return answer
    batch.parts_refused += refusals
    body = response.SerializeToString()
    if len(refusals) == len(command.orders):
        return Taken("", 0, 0, False, body)
    return key_row(submission, "", sequence, body)


def _place_one(
    batch: CommandBatch, order: Submission, parent_key: str, placed: dict[str, str]
) -> tuple[IdempotencyRow, bool]:
    if parent_key:
        if parent_key not in placed:
            invalid("link.parent_key", parent_key, "the key of an accepted order before this one")
        command = order.command
        assert isinstance(command, PlaceOrder)
        assert command.link is not None
        link = command.link._replace(parent_order_id=placed[parent_key])
        order = replace(order, command=command._replace(link=link))
    decided = batch.decide_one(order)
    assert isinstance(decided, tuple)
    assert not isinstance(decided, Taken), "a new order has a row for its key"
    return decided


def _none(command: PlaceBatch, response: order_service_pb2.PlaceBatchResponse) -> list[Refused]:
    """Turn the orders placed so far into refusals: another order of the batch was refused."""
    spoilt: list[Refused] = []
    for order, result in zip(command.orders, response.results, strict=True):
        if result.HasField("order") and not result.duplicate:
            result.ClearField("order")
            other = refuse(
                "OBJECT_STATE",
                "not placed, because another order of the same atomic batch was refused",
            )
            result.rejection.CopyFrom(to_rejection(other))
            spoilt.append((order, other))
    return spoilt
