"""FIX messages as the order book recorded them, written from the events that they made.

The raw text of messages is not kept with the orders: ADR 25 has the reasons. Each event of a
report has its MsgType(35) and MsgSeqNum(34), and every value that counted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from kernel.side import CODE_OF_SIDE
from ordermesh.oms.v1 import event_pb2, order_pb2, order_way_pb2
from svc_oms.domain.reports.report_parts import TIMES_IN_FORCE
from svc_oms.service.codec.parked_messages import masked

Field = tuple[int, object]

_TYPES: Final = {1: "1", 2: "2", 3: "3", 4: "4", 5: "K", 6: "2", 7: "P", 8: "P"}
_TIMES: Final[Mapping[int, str]] = {time: code for code, time in TIMES_IN_FORCE.items()}
_STATES: Final = {
    1: "A", 2: "0", 3: "1", 4: "2", 5: "3", 6: "4", 7: "6", 8: "7", 9: "8", 10: "9", 11: "B",
    12: "C", 13: "E",
}  # fmt: skip
"""OrdStatus(39) by OrderState; the states that FIX does not have are left out."""

_EXEC_TYPES: Final = {
    "acknowledged": "0", "executed": "F", "cancel_pending": "6", "canceled": "4",
    "replace_pending": "E", "replaced": "5", "rejected": "8", "expired": "C", "done_for_day": "3",
    "suspended": "9", "stopped": "7", "calculated": "B", "restated": "D",
    "execution_busted": "H", "execution_corrected": "G", "resolved": "I",
}  # fmt: skip

_EXECUTIONS: Final = frozenset({"executed", "execution_corrected", "execution_busted"})

_SENT: Final = {"cancel_requested": "F", "replace_requested": "G", "status_requested": "H"}
# A recovered order was sent before the database was restored, nobody knows when.
RECOVERY: Final = "oms:recovery"

# Of these events the last thing that they do is to send the order, unless it goes on waiting.
_RELEASES: Final = frozenset({"accepted", "approved", "triggered", "released"})


class FixRecord:
    """Writes the FIX messages of the events of one order, in their order."""

    def __init__(self, order: order_pb2.Order, venue_symbol: str = "") -> None:
        """Begin.

        Args:
            order: The current order: what is not known of its state at an event is taken from it.
            venue_symbol: Symbol(55) as the venue writes it; empty if it is that of the order.
        """
        self._venue_symbol = venue_symbol
        self._order = order_pb2.Order()
        self._order.CopyFrom(order)
        self._order.symbol = venue_symbol or order.symbol

    def message(self, event: event_pb2.OrderEvent) -> order_way_pb2.FixMessage | None:
        """Write the FIX message of the next event; None if it had none.

        A routed order has none: its children are at the venues, and each has its own way.
        """
        order = self._order
        if order.HasField("routing"):
            return None
        before = order.progress.cl_ord_id
        match event.WhichOneof("kind"):
            case "accepted":
                order.CopyFrom(event.accepted.order)
                order.symbol = self._venue_symbol or order.symbol
            case "replaced":
                order.terms.CopyFrom(event.replaced.terms)
            case "restated":
                order.terms.CopyFrom(event.restated.terms)
            case "acknowledged":
                order.venue_order_id = event.acknowledged.venue_order_id
        message = _recorded(event, order, before)
        order.progress.CopyFrom(event.progress)
        return message


def leave_one_text(steps: Sequence[order_way_pb2.WayStep]) -> None:
    """Leave the text of a message with one of the events that it made; the others name it.

    A fill that overtakes its acknowledgement makes two events: no ExecutionReport(8) with
    ExecType(150)=0 came. The text is with the execution if there is one, else with the last event.
    """
    messages: dict[tuple[str, int], list[order_way_pb2.WayStep]] = {}
    for step in steps:
        if step.fix.msg_seq_num:
            messages.setdefault((step.actor, step.fix.msg_seq_num), []).append(step)
    for made in messages.values():
        executions = [step for step in made if step.event.WhichOneof("kind") in _EXECUTIONS]
        kept = (executions or made)[-1]
        for step in made:
            if step is not kept:
                step.fix.ClearField("text")


def _recorded(
    event: event_pb2.OrderEvent, order: order_pb2.Order, before: str
) -> order_way_pb2.FixMessage | None:
    if event.msg_type or event.actor.startswith(("venue:", "drop_copy:")):
        return _received(event, order)
    kind = str(event.WhichOneof("kind"))
    if kind in _SENT:
        return _sent(_SENT[kind], _request(kind, event, order, before))
    at_venue = event.progress.state == order_pb2.ORDER_STATE_PENDING_NEW
    if kind in _RELEASES and at_venue and event.actor != RECOVERY:
        return _sent("D", _new_order(event, order))
    return None


def _sent(msg_type: str, fields: Iterable[Field]) -> order_way_pb2.FixMessage:
    return order_way_pb2.FixMessage(
        outbound=True, msg_type=msg_type, text=_written([(35, msg_type), *fields])
    )


def _received(event: event_pb2.OrderEvent, order: order_pb2.Order) -> order_way_pb2.FixMessage:
    kind = str(event.WhichOneof("kind"))
    refused = kind in {"cancel_refused", "replace_refused"}
    # Events from before the field: OrderCancelReject(9) is the only other message that made any.
    msg_type = event.msg_type or ("9" if refused else "8")
    head: list[Field] = [(35, msg_type), (34, event.msg_seq_num)]
    return order_way_pb2.FixMessage(
        msg_type=msg_type,
        msg_seq_num=event.msg_seq_num,
        text=_written([*head, *_report(kind, event, order)]),
    )


def _report(kind: str, event: event_pb2.OrderEvent, order: order_pb2.Order) -> Iterator[Field]:
    body = getattr(event, kind)
    yield 11, getattr(body, "cl_ord_id", "") or event.progress.cl_ord_id
    yield 37, getattr(body, "venue_order_id", "") or order.venue_order_id
    if kind in _EXEC_TYPES:
        yield 150, _EXEC_TYPES[kind]
        yield 39, _STATES.get(event.progress.state, "")
    if kind in {"executed", "execution_corrected"}:
        execution = body.execution
        yield from ((17, execution.exec_id), (32, execution.quantity), (31, execution.price))
        yield 30, execution.last_market_mic
    if kind == "execution_corrected":
        yield 19, body.corrected_exec_id
    if kind == "execution_busted":
        yield from ((17, body.exec_id), (19, body.busted_exec_id))
        yield from ((32, body.quantity), (31, body.price))
    if kind in {"replaced", "restated"}:
        yield from _terms(body.terms)
    if kind == "restated":
        yield 378, body.reason_code or ""
    if kind in _EXEC_TYPES:
        yield from ((14, event.progress.cum_quantity), (151, event.progress.leaves_quantity))
    if kind in {"rejected", "cancel_refused", "replace_refused"}:
        yield 58, body.rejection.venue_text
    elif kind in {"canceled", "expired", "suspended"}:
        yield 58, body.text
    yield 60, _time(event.venue_time)


def _new_order(event: event_pb2.OrderEvent, order: order_pb2.Order) -> Iterator[Field]:
    yield 11, event.progress.cl_ord_id or order.progress.cl_ord_id
    yield from _instrument(order)
    yield from _terms(order.terms)
    yield 40, _TYPES.get(order.type, "")
    yield 60, _time(event.occurred_at)


def _request(
    kind: str, event: event_pb2.OrderEvent, order: order_pb2.Order, before: str
) -> Iterator[Field]:
    body = getattr(event, kind)
    yield 11, body.cl_ord_id
    if kind != "status_requested":
        yield 41, before
    yield 37, order.venue_order_id
    yield from _instrument(order)
    if kind == "replace_requested":
        yield from _terms(body.terms)
    yield 60, _time(event.occurred_at)


def _instrument(order: order_pb2.Order) -> Iterator[Field]:
    yield from ((1, order.account_id), (55, order.symbol))
    if order.isin:
        yield from ((48, order.isin), (22, "4"))
    yield from ((15, order.currency), (54, CODE_OF_SIDE.get(order.side, "")))


def _terms(terms: order_pb2.OrderTerms) -> Iterator[Field]:
    yield from ((38, terms.quantity), (44, terms.limit_price), (99, terms.stop_price))
    yield from ((111, terms.display_quantity), (59, _TIMES.get(terms.time_in_force, "")))
    yield 126, _time(terms.expire_time)


def _time(stamp: Timestamp) -> str:
    if not stamp.seconds:
        return ""
    return stamp.ToDatetime().strftime("%Y%m%d-%H:%M:%S.%f")[:-3]


def _written(fields: Iterable[Field]) -> str:
    return masked("|".join(f"{tag}={value}" for tag, value in fields if value not in {"", 0}))
