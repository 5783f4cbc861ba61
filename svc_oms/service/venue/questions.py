"""Questions to a venue about orders, when our own record of what was sent is incomplete."""

from collections.abc import Sequence

from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.ports import ListFilter, OrderStore

log = get_logger("svc_oms.links")

# Orders that a venue is asked about at once. The others are only logged.
QUESTIONS_MAX = 1000
# In these states a request of ours may be on its way.
_UNANSWERED = (
    order_pb2.ORDER_STATE_PENDING_NEW,
    order_pb2.ORDER_STATE_PENDING_CANCEL,
    order_pb2.ORDER_STATE_PENDING_REPLACE,
    order_pb2.ORDER_STATE_UNKNOWN,
)
# And in these the venue has it.
_AT_VENUE = (
    *_UNANSWERED,
    order_pb2.ORDER_STATE_NEW,
    order_pb2.ORDER_STATE_PARTIALLY_FILLED,
    order_pb2.ORDER_STATE_DONE_FOR_DAY,
    order_pb2.ORDER_STATE_STOPPED,
    order_pb2.ORDER_STATE_SUSPENDED,
    order_pb2.ORDER_STATE_CALCULATED,
)


async def unanswered_questions(store: OrderStore, venue_mic: str) -> list[gw.VenueCommand]:
    """Return questions about the orders whose last request the venue has not answered."""
    return await _questions(store, venue_mic, _UNANSWERED)


async def open_questions(store: OrderStore, venue_mic: str) -> list[gw.VenueCommand]:
    """Return questions about all orders that a venue may have."""
    return await _questions(store, venue_mic, _AT_VENUE)


async def _questions(
    store: OrderStore, venue_mic: str, states: Sequence[int]
) -> list[gw.VenueCommand]:
    rows, more = await store.list_orders(
        ListFilter(None, tuple(states), "", True, 0, 0, "", QUESTIONS_MAX)
    )
    if more:
        log.error("orders are not asked about", venue=venue_mic, limit=QUESTIONS_MAX)
    questions = []
    for row in rows:
        order = read_order(row.body, row.fold)
        if order.venue_mic != venue_mic:
            continue
        body = order_pb2.Order.FromString(row.body)
        asked = order.pending_cancel_id, order.pending_replace_id
        questions += [
            gw.VenueCommand(
                cl_ord_id=cl_ord_id,
                kind=gw.VENUE_COMMAND_KIND_STATUS,
                order_id=order.order_id,
                venue_order_id=order.venue_order_id,
                account_id=order.account_id,
                symbol=order.instrument_id.rpartition(".")[0],
                side=body.side,
            )
            for cl_ord_id in [one for one in asked if one] or [order.cl_ord_id]
        ]
    return questions
