"""What a refused or unsent request means for its order.

OrderCancelReject(9), BusinessMessageReject(j), Reject(3), and the gateway's receipts.
"""

from svc_oms.domain.events import Event, OrderCanceled, OrderInDoubt, OrderRejected
from svc_oms.domain.facts import (
    BusinessRejectFacts,
    CancelRejectFacts,
    ReceiptFacts,
    SessionRejectFacts,
)
from svc_oms.domain.lifecycle import LOCAL, TERMINAL, OrderState
from svc_oms.domain.model import Order
from svc_oms.domain.reports.legs import in_contradiction
from svc_oms.domain.reports.report_parts import (
    found,
    not_sent,
    parked,
    refusal,
    request_number,
    venue_rejection,
)
from svc_oms.domain.reports.venue_reasons import (
    BY_BUSINESS_REJECT_REASON,
    BY_CXL_REJ_REASON,
    BY_SESSION_REJECT_REASON,
)

UNKNOWN_ORDER = 1
"""CxlRejReason(102): the venue does not know the order."""
UNKNOWN_ID = 1
"""BusinessRejectReason(380): the venue does not know the order that the message names."""
_FILLED = "2"
_REJECTED = "8"
# OrdStatus(39) of an order that cannot trade any more.
_GONE = frozenset({_FILLED, "4", _REJECTED, "C"})


def cancel_reject(order: Order, facts: CancelRejectFacts, *, copied: bool = False) -> list[Event]:
    """Return the events of an OrderCancelReject(9).

    If it says that the order is gone, which is open here, the venue contradicts itself: it is
    asked, and the order is in doubt until it answers. A copy says nothing of this: the report of
    the end may be on its way on the order session.
    """
    target = facts.cl_ord_id
    if not request_number(order, target):
        # Not one of ours: use the request that it says it answers.
        by_kind = {"1": order.pending_cancel_id, "2": order.pending_replace_id}
        target = by_kind.get(facts.response_to, "")
        if not target:
            return [parked("9", f"refusal of {facts.cl_ord_id or 'nothing'}, which is not pending")]
    what = "cancel" if target == order.pending_cancel_id else "replace"
    rejection = venue_rejection(order, what, facts.cxl_rej_reason, facts.text, BY_CXL_REJ_REASON)
    refused = refusal(order, target, rejection)
    latest = request_number(order, target) == order.request_count
    if copied or not (refused or latest):
        return refused
    return [*refused, *_gone(order, facts, target)]


def _gone(order: Order, facts: CancelRejectFacts, target: str) -> list[Event]:
    """Return what follows if an OrderCancelReject(9) says that an open order is gone."""
    says_so = facts.ord_status in _GONE or facts.cxl_rej_reason == UNKNOWN_ORDER
    if not says_so or order.base_state in TERMINAL or order.base_state in LOCAL:
        return []
    if facts.ord_status == _FILLED and order.cum_quantity >= order.terms.quantity:
        # As it is known here; a replace is without answer, or was refused now.
        return []
    text = (
        f"OrderCancelReject(9) with CxlRejReason(102)={facts.cxl_rej_reason} and "
        f"OrdStatus(39)={facts.ord_status or 'none'} of an order that is {order.base_state.name}"
    )
    if order.base_state is OrderState.PENDING_NEW:
        # Nothing was ever reported of it: perhaps it did not arrive.
        return in_contradiction(order, f"{order.order_id}-1", text)
    late = facts.cxl_rej_reason != UNKNOWN_ORDER and facts.ord_status != _REJECTED
    # Too late to cancel: the report of the fill or the end is on its way, and ends the doubt.
    odd = [] if late else [parked("9", text)]
    return [*odd, *in_contradiction(order, target, text)]


def message_reject(
    order: Order,
    facts: BusinessRejectFacts | SessionRejectFacts,
    msg_type: str,
    name: str,
) -> list[Event]:
    """Return the events of a BusinessMessageReject(j) or Reject(3)."""
    text, reasons = facts.text, BY_BUSINESS_REJECT_REASON
    if isinstance(facts, SessionRejectFacts):
        reasons = BY_SESSION_REJECT_REASON
        if facts.ref_tag_id:
            text = f"{text} (tag {facts.ref_tag_id})".strip()
    if facts.ref_msg_type == "D":
        if order.base_state is OrderState.PENDING_NEW:
            rejection = venue_rejection(order, "order", facts.reason, f"{name}: {text}", reasons)
            first = f"{order.order_id}-1"
            return [*found(order, first), OrderRejected(rejection)]
    elif facts.ref_msg_type != "H" and facts.cl_ord_id in _pending(order):
        what = "cancel" if facts.cl_ord_id == order.pending_cancel_id else "replace"
        rejection = venue_rejection(order, what, facts.reason, f"{name}: {text}", reasons)
        refused = refusal(order, facts.cl_ord_id, rejection)
        if msg_type == "j" and facts.reason == UNKNOWN_ID:
            return [*refused, *_unknown_to_venue(order, facts, f"{name}: {text}")]
        return refused
    return [
        parked(
            msg_type,
            f"{name} of RefMsgType(372)={facts.ref_msg_type} to an order that is "
            f"{order.state.name}: {text}",
        )
    ]


def _unknown_to_venue(
    order: Order, facts: BusinessRejectFacts | SessionRejectFacts, text: str
) -> list[Event]:
    """Return what follows if a refusal says that the venue does not know an open order."""
    if order.base_state in TERMINAL or order.base_state in LOCAL:
        return []
    said = f"the venue does not know an order that is {order.base_state.name}: {text}"
    if order.base_state is OrderState.PENDING_NEW:
        return in_contradiction(order, f"{order.order_id}-1", said)
    return [parked("j", said), *in_contradiction(order, facts.cl_ord_id, said)]


def _pending(order: Order) -> set[str]:
    return {order.pending_cancel_id, order.pending_replace_id} - {""}


def receipt(order: Order, facts: ReceiptFacts) -> list[Event]:
    """Return the events of the gateway's receipt for a command."""
    what = _awaiting_receipt(order, facts)
    cl_ord_id = facts.cl_ord_id
    if what and facts.outcome == "IN_DOUBT":
        if order.is_closed or cl_ord_id in order.in_doubt:
            return []
        return [OrderInDoubt(cl_ord_id, facts.text)]
    if what == "order" and facts.outcome == "WITHDRAWN":
        text = f"the order never reached {order.venue_mic}: {facts.text}"
        canceled = OrderCanceled(unsolicited=not order.pending_cancel_id, text=text)
        return [*found(order, cl_ord_id), canceled]
    if not what or facts.outcome != "NOT_SENT":
        return []
    rejection = not_sent(order, what, facts.text)
    if what == "order":
        return [*found(order, cl_ord_id), OrderRejected(rejection)]
    return refusal(order, cl_ord_id, rejection)


def _awaiting_receipt(order: Order, facts: ReceiptFacts) -> str:
    """Return the request that this receipt is of, if the venue has not answered it; else ""."""
    cl_ord_id = facts.cl_ord_id
    if facts.kind == "STATUS":
        # A question that was not sent changes nothing; the contradiction is on record.
        return ""
    if facts.kind == "NEW":
        # If a report of the order came before the receipt, the order arrived.
        return "order" if order.base_state is OrderState.PENDING_NEW else ""
    if cl_ord_id and cl_ord_id == order.pending_cancel_id:
        return "cancel"
    if cl_ord_id and cl_ord_id == order.pending_replace_id:
        return "replace"
    return ""
