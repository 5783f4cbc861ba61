"""OrderService.ShowRouting: a routed order, its children, and the records of the decisions."""

from collections.abc import Sequence
from hashlib import sha256

from kernel.nanoseconds import NS_PER_US
from kernel.ulid import valid_ulid
from mesh.auth.tokens import Principal
from mesh.errors import refuse
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.domain.events import RoutingDecided
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.codec.values import timestamp
from svc_oms.service.errors import order_not_found
from svc_oms.service.ports import OrderStore
from svc_oms.service.ports.rows.routing_rows import RoutingDecisionRow

# Decisions of one answer; after_number reads on.
DECISIONS_MAX = 200
# Bytes of their records; one decision is in each answer. What gRPC takes is 4 MiB, and 200
# decisions may have 16 children each.
RECORDS_BYTES_MAX = 1024 * 1024
# Events of the order that are searched for the hashes of its decisions, the newest.
EVENTS_READ_MAX = 5_000
SEQUENCE_MAX = 2**63 - 1


async def show_routing(
    store: OrderStore, request: order_service_pb2.ShowRoutingRequest, reader: Principal
) -> order_service_pb2.ShowRoutingResponse:
    """Return how a routed order was executed.

    Raises:
        MeshError: ORDER_NOT_FOUND, OBJECT_STATE.
        StoreUnavailableError: Nothing was read.
    """
    row = await store.order(request.order_id) if valid_ulid(request.order_id) else None
    if row is None or not reader.may_view(row.account_id):
        raise order_not_found(request.order_id)
    order = order_pb2.Order.FromString(row.body)
    group_id = order.link.group_id
    if order.link.kind != order_pb2.ORDER_LINK_KIND_ROUTED:
        raise refuse(
            "OBJECT_STATE",
            f"order {request.order_id} is not routed: it names {order.instrument_id}",
            "order_id",
            order_id=request.order_id,
        )
    routing = store.routing()
    rows = await routing.decisions(group_id, request.after_number, DECISIONS_MAX + 1)
    page = _page(rows)
    more = len(page) < len(rows)
    # After the decisions: a child of one of them is there, too.
    placed = await routing.children(row.account_id, group_id, *_sequences(rows, len(page)))
    stored = await store.order(group_id)
    if stored is None:
        raise order_not_found(request.order_id)
    parent = order_pb2.Order.FromString(stored.body)
    children = map(order_pb2.Order.FromString, placed)
    numbers = {one.number for one in page}
    hashes = await _hashes(store, parent)
    return order_service_pb2.ShowRoutingResponse(
        order=parent,
        children=[one for one in children if one.routing_decision in numbers],
        decisions=[_decision(each, hashes.get(each.number)) for each in page],
        more=more,
    )


def _page(rows: Sequence[RoutingDecisionRow]) -> Sequence[RoutingDecisionRow]:
    """Return as many as one answer holds."""
    size = 0
    for count, row in enumerate(rows[:DECISIONS_MAX]):
        size += len(row.record)
        if size > RECORDS_BYTES_MAX and count:
            return rows[:count]
    return rows[:DECISIONS_MAX]


def _sequences(rows: Sequence[RoutingDecisionRow], count: int) -> tuple[int, int]:
    """Return between which sequences of the account the first so many decisions placed children.

    A decision places its children after the sequence that it read the account at, and the next one
    reads it after them. The decisions of one slice of a schedule have one such sequence, those of
    an old release have none.
    """
    if not rows:
        return 0, SEQUENCE_MAX
    last = rows[max(count, 1) - 1].read_after
    later = (row.read_after for row in rows[count:] if row.read_after > last)
    return rows[0].read_after, next(later, SEQUENCE_MAX)


async def _hashes(store: OrderStore, parent: order_pb2.Order) -> dict[int, bytes]:
    """Return the hashes that the log has, by number of the decision."""
    payloads = await store.order_events(
        parent.account_id,
        parent.order_id,
        parent.created_sequence,
        parent.last_sequence,
        EVENTS_READ_MAX,
    )
    events = (decode_event(payload).event for payload in payloads)
    return {one.number: one.record_hash for one in events if isinstance(one, RoutingDecided)}


def _decision(row: RoutingDecisionRow, logged: bytes | None) -> order_service_pb2.RoutingDecision:
    finding = ""
    if sha256(row.record).digest() != row.record_hash:
        finding = "the record is not the one that was stored: its SHA-256 differs"
    elif logged is not None and logged != row.record_hash:
        finding = "the log of the order has another SHA-256 for this decision"
    return order_service_pb2.RoutingDecision(
        number=row.number,
        decided_at=timestamp(row.decided_at_us * NS_PER_US),
        record=row.record,
        record_hash=row.record_hash,
        finding=finding,
    )
