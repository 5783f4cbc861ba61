"""Requests that a venue has not answered within the time that an answer may take.

Such a request is in doubt: the venue may have it, or not. The order is UNKNOWN then, the venue
is asked, and a person may state what the venue has.
"""

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.events import OrderInDoubt
from svc_oms.domain.lifecycle import LOCAL, OrderState
from svc_oms.domain.model import Order


def unanswered(order: Order, now_ns: int, age_s: float) -> list[OrderInDoubt]:
    """Return the doubts about an order whose requests have waited too long.

    Args:
        order: The order.
        now_ns: The present time.
        age_s: How long an answer may take, from the order's last change.
    """
    if order.is_closed or order.state in LOCAL:
        return []
    if order.updated_at_ns > now_ns - int(age_s * NS_PER_S):
        return []
    requests = [order.pending_cancel_id, order.pending_replace_id]
    if order.base_state is OrderState.PENDING_NEW:
        requests.insert(0, f"{order.order_id}-1")
    text = f"{order.venue_mic} has not answered within {age_s:g} s"
    return [OrderInDoubt(one, text) for one in requests if one and one not in order.in_doubt]
