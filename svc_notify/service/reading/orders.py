"""Events of orders: fills, closed orders, rejects, doubts, anomalies, differences, approvals.

A routed order is one order for users: of its child orders neither fills nor ends nor rejects are
notified, because the routed order has its own events about them.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

from google.protobuf.message import DecodeError

from eventlog.logs import Entry
from kernel.decimals import plain
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import event_pb2, order_pb2
from svc_notify.domain.notification import Audience, Draft, Kind, Severity, shortened
from svc_notify.service.ports import Doubt
from svc_notify.service.reading.found import Found, Orders

Event = event_pb2.OrderEvent
Order = order_pb2.Order

CLOSED: Final[dict[int, str]] = {
    order_pb2.ORDER_STATE_FILLED: "is filled",
    order_pb2.ORDER_STATE_CANCELED: "was cancelled",
    order_pb2.ORDER_STATE_EXPIRED: "has expired",
}
SIDES: Final[dict[int, str]] = {
    order_pb2.SIDE_BUY: "buy",
    order_pb2.SIDE_SELL: "sell",
    order_pb2.SIDE_SELL_SHORT: "sell short",
    order_pb2.SIDE_SELL_SHORT_EXEMPT: "sell short exempt",
}
_NO_ORDER: Final = Order()


def order_ids(entries: Iterable[Entry]) -> set[str]:
    """Return the orders that events are about; an entry that cannot be read names none."""
    found = set()
    for entry in entries:
        with suppress(DecodeError):
            found.add(_event(entry).order_id)
    return found - {""}


def read_orders(entries: Sequence[Entry], orders: Orders) -> Found:
    """Read events of orders and accounts."""
    found = Found()
    for event in map(_event, entries):
        order = orders.get(event.order_id, _NO_ORDER)
        for make in MAKERS.get(event.WhichOneof("kind") or "", ()):
            found.drafts += make(event, order)
        found.drafts += _anomaly(event, order)
        if event.order_id:
            _note_doubt(found, event, order)
    return found


def _event(entry: Entry) -> Event:
    return Event.FromString(entry.payload)


def _note_doubt(found: Found, event: Event, order: Order) -> None:
    """Note whether the state of the order at the venue is known after this event."""
    if event.progress.state != order_pb2.ORDER_STATE_UNKNOWN:
        found.doubts.pop(event.order_id, None)
        found.known.add(event.order_id)
    elif event.order_id not in found.doubts:
        text = event.in_doubt.text if event.HasField("in_doubt") else "the venue has not answered"
        found.doubts[event.order_id] = Doubt(
            event.order_id, event.account_id, order.instrument_id, order.venue_mic, _at(event), text
        )


def draft_of_doubt(doubt: Doubt) -> Draft:
    """Make the notification of a doubt that has lasted too long."""
    name = f"{doubt.order_id} ({doubt.instrument_id})" if doubt.instrument_id else doubt.order_id
    return Draft(
        Kind.UNKNOWN,
        Severity.CRITICAL,
        Audience.ACCOUNT,
        doubt.since_ns,
        shortened(f"The state of order {name} at the venue is unknown: {doubt.text}"),
        account_id=doubt.account_id,
        order_id=doubt.order_id,
        instrument_id=doubt.instrument_id,
        venue_mic=doubt.venue_mic,
    )


def _fill(event: Event, order: Order) -> Iterable[Draft]:
    if _is_child(order):
        return
    execution = event.executed.execution
    value = Decimal(execution.price) * Decimal(execution.quantity)
    yield _draft(
        event, order, Kind.FILL, Severity.INFO,
        f"{_side(execution.side)} {execution.quantity} {_name(order, execution.instrument_id)} at "
        f"{execution.price} {execution.currency}; {event.progress.cum_quantity} executed, "
        f"{event.progress.leaves_quantity} open",
        venue_mic=execution.venue_mic,
        instrument_id=execution.instrument_id or order.instrument_id,
        amount=plain(value),
    )  # fmt: skip


def _bust(event: Event, order: Order) -> Iterable[Draft]:
    if _is_child(order):
        return
    bust = event.execution_busted
    value = Decimal(bust.price) * Decimal(bust.quantity)
    yield _draft(
        event, order, Kind.FILL, Severity.WARNING,
        f"The venue cancelled an execution of order {_of(event, order)}: {bust.quantity} at "
        f"{bust.price}",
        amount=plain(value),
    )  # fmt: skip


def _correction(event: Event, order: Order) -> Iterable[Draft]:
    if _is_child(order):
        return
    changed = event.execution_corrected
    now = changed.execution
    yield _draft(
        event, order, Kind.FILL, Severity.WARNING,
        f"The venue corrected an execution of order {_of(event, order)}: {now.quantity} at "
        f"{now.price}, was {changed.previous_quantity} at {changed.previous_price}",
        amount=plain(Decimal(now.price) * Decimal(now.quantity)),
    )  # fmt: skip


def _closed(event: Event, order: Order) -> Iterable[Draft]:
    progress = event.progress
    how = CLOSED.get(progress.state)
    if how is None or Decimal(progress.cum_quantity or 0) == 0 or _is_child(order):
        return
    value = Decimal(progress.average_price or 0) * Decimal(progress.cum_quantity)
    yield _draft(
        event, order, Kind.ORDER_CLOSED, Severity.INFO,
        f"Order to {_side(order.side).lower()} {_name(order)} {how}: {progress.cum_quantity} "
        f"executed at {progress.average_price} on average",
        amount=plain(value),
    )  # fmt: skip


def _rejected(event: Event, order: Order) -> Iterable[Draft]:
    if not _is_child(order):
        text = event.rejected.rejection.text
        yield _draft(
            event, order, Kind.REJECT, Severity.WARNING,
            f"Order {_of(event, order)} was rejected: {text}",
        )  # fmt: skip


def _change_refused(event: Event, order: Order) -> Iterable[Draft]:
    if _is_child(order):
        return
    cancel = event.HasField("cancel_refused")
    refused = event.cancel_refused if cancel else event.replace_refused
    what = "cancel" if cancel else "replace"
    yield _draft(
        event, order, Kind.REJECT, Severity.WARNING,
        f"The venue refused to {what} order {_of(event, order)}: {refused.rejection.text}",
    )  # fmt: skip


def _difference(event: Event, order: Order) -> Iterable[Draft]:
    yield _draft(
        event, order, Kind.RECONCILE_DIFFERENCE, Severity.WARNING,
        f"The venue contradicts our record of order {_of(event, order)} and is asked about it: "
        f"{event.status_requested.text}",
    )  # fmt: skip


def _held(event: Event, order: Order) -> Iterable[Draft]:
    accepted = event.accepted.order
    if accepted.waits_for == order_pb2.WAITS_FOR_APPROVAL:
        yield _draft(
            event, accepted, Kind.APPROVAL_WAITING, Severity.WARNING,
            f"An order of {accepted.placed_by} to {_side(accepted.side).lower()} "
            f"{accepted.terms.quantity} {_name(accepted)} waits for the approval of a second "
            "person",
        )  # fmt: skip
    del order


def _anomaly(event: Event, order: Order) -> Iterable[Draft]:
    if event.anomaly:
        yield _draft(
            event, order, Kind.ANOMALY, Severity.WARNING,
            f"A report about order {_of(event, order)} does not fit what is known: {event.anomaly}",
        )  # fmt: skip


Maker = Callable[[Event, Order], Iterable[Draft]]
MAKERS: Final[dict[str, tuple[Maker, ...]]] = {
    "accepted": (_held,),
    "executed": (_fill, _closed),
    "execution_busted": (_bust,),
    "execution_corrected": (_correction,),
    "canceled": (_closed,),
    "expired": (_closed,),
    "rejected": (_rejected,),
    "cancel_refused": (_change_refused,),
    "replace_refused": (_change_refused,),
    "status_requested": (_difference,),
}
"""What each kind of event makes. A kind that is not here is no notification by itself."""


def _draft(
    event: Event, order: Order, kind: Kind, severity: Severity, text: str, **more: str
) -> Draft:
    subject: dict[str, Any] = {
        "account_id": event.account_id,
        "order_id": event.order_id,
        "instrument_id": order.instrument_id,
        "venue_mic": order.venue_mic,
    }
    return Draft(kind, severity, Audience.ACCOUNT, _at(event), shortened(text), **(subject | more))


def _at(event: Event) -> int:
    return from_timestamp(event.occurred_at)


def _is_child(order: Order) -> bool:
    """Return whether an order executes a part of a routed one."""
    link = order.link
    return link.kind == order_pb2.ORDER_LINK_KIND_ROUTED and bool(link.parent_order_id)


def _side(side: int) -> str:
    return SIDES.get(side, "trade").capitalize()


def _name(order: Order, instrument_id: str = "") -> str:
    return instrument_id or order.instrument_id or order.isin or "an instrument"


def _of(event: Event, order: Order) -> str:
    """Name an order with what it trades."""
    name = order.instrument_id or order.isin
    return f"{event.order_id} ({name})" if name else event.order_id
