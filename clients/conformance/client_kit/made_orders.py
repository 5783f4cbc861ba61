"""The orders and events that the scripted mesh has: every third event begins a new order."""

from collections.abc import Iterable
from typing import Any, Final

from client_kit.case import Log
from ordermesh.oms.v1 import event_pb2, order_pb2

EVENTS_PER_ORDER: Final = 3
QUANTITY: Final = "100"
# Kind of the event, state after it, executed quantity after it.
STEPS: Final = (
    ("accepted", "PENDING_NEW", "0"),
    ("acknowledged", "NEW", "0"),
    ("executed", "FILLED", QUANTITY),
)
UNKNOWN_STATE: Final = 99
# Field 59 of OrderEvent, which no version has: a kind of tomorrow, empty.
UNKNOWN_KIND: Final = bytes([59 << 3 & 0x7F | 0x80 | 2, 59 >> 4, 0])


def order_id(account: str, sequence: int) -> str:
    """Name the order of an event."""
    return f"{account}-{(sequence - 1) // EVENTS_PER_ORDER + 1}"


def order_after(account: str, sequence: int, log: Log) -> order_pb2.Order:
    """The order of an event, as it is after it."""
    _, state, cum = STEPS[(sequence - 1) % EVENTS_PER_ORDER]
    order = order_pb2.Order(
        order_id=order_id(account, sequence),
        account_id=account,
        instrument_id="ASML.SIMA",
        side=order_pb2.SIDE_BUY,
        type=order_pb2.ORDER_TYPE_LIMIT,
        terms={"quantity": QUANTITY, "limit_price": "640.5", "time_in_force": 1},
        progress={"state": f"ORDER_STATE_{state}", "cum_quantity": cum, "version": 1},
        last_sequence=sequence,
    )
    if log.unknown.get(sequence) == "state":
        order.progress.state = UNKNOWN_STATE  # type: ignore[assignment]
    return order


def orders_at(account: str, sequence: int, log: Log) -> list[order_pb2.Order]:
    """The orders of an account after an event."""
    ends = [*range(EVENTS_PER_ORDER, sequence, EVENTS_PER_ORDER), sequence]
    return [order_after(account, end, log) for end in ends if end]


def event_item(
    account: str, sequence: int, log: Log, *, carries: bool
) -> event_pb2.OrderStreamItem:
    """One event of the stream; `carries` the order beside it."""
    kind = STEPS[(sequence - 1) % EVENTS_PER_ORDER][0]
    event = event_pb2.OrderEvent(
        account_id=account,
        sequence=sequence,
        order_id=order_id(account, sequence),
        actor="oms",
    )
    unknown = log.unknown.get(sequence)
    if unknown in {"kind", "skippable"}:
        event.skippable = unknown == "skippable"
        event.MergeFromString(UNKNOWN_KIND)
    else:
        getattr(event, kind).SetInParent()
    item = event_pb2.OrderStreamItem(event=event)
    if carries:
        item.order.CopyFrom(order_after(account, log.ahead.get(sequence, sequence), log))
    return item


def event_frames(account: str, sequences: Iterable[int], log: Log) -> list[list[Any]]:
    """Events in frames of the log's batch; an order comes with its last event in the frame."""
    left, frames = list(sequences), []
    while left:
        batch, left = left[: log.batch], left[log.batch :]
        last = {order_id(account, sequence): sequence for sequence in batch}
        frames.append(
            [
                event_item(account, one, log, carries=last[order_id(account, one)] == one)
                for one in batch
            ]
        )
    return frames
