"""What can happen to an order: one class per kind of ordermesh.oms.v1.OrderEvent.

Names are those of the messages; `kind` is the number of the oneof's field.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from svc_oms.domain.lifecycle import EventKind
from svc_oms.domain.model import (
    Execution,
    Order,
    OrderTerms,
    Rejection,
    ResolutionSource,
    RoutingSums,
    TradedBefore,
    Trigger,
    WaitsFor,
)
from svc_oms.domain.numbers import NO_QUANTITY, Price, Quantity


class Stamp(NamedTuple):
    """Who, when and why of an event. Times are UTC nanoseconds; 0 if there is none.

    MsgSeqNum(34) and MsgType(35) are those of the venue's message that caused it.
    """

    occurred_at_ns: int
    venue_time_ns: int = 0
    received_at_ns: int = 0
    actor: str = "oms"
    idempotency_key: str = ""
    msg_seq_num: int = 0
    msg_type: str = ""


@dataclass(frozen=True, slots=True)
class OrderAccepted:
    """The OMS took the order."""

    kind: ClassVar = EventKind.ACCEPTED
    order: Order


@dataclass(frozen=True, slots=True)
class OrderAcknowledged:
    """The venue works it. ExecType(150)=0."""

    kind: ClassVar = EventKind.ACKNOWLEDGED
    venue_order_id: str = ""


@dataclass(frozen=True, slots=True)
class OrderExecuted:
    """A fill. ExecType(150)=F."""

    kind: ClassVar = EventKind.EXECUTED
    execution: Execution


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """A cancel was requested."""

    kind: ClassVar = EventKind.CANCEL_REQUESTED
    cl_ord_id: str


@dataclass(frozen=True, slots=True)
class CancelPending:
    """The venue considers the cancel. ExecType(150)=6."""

    kind: ClassVar = EventKind.CANCEL_PENDING


@dataclass(frozen=True, slots=True)
class CancelRefused:
    """The venue refused the cancel, or it was never sent."""

    kind: ClassVar = EventKind.CANCEL_REFUSED
    cl_ord_id: str
    rejection: Rejection


@dataclass(frozen=True, slots=True)
class OrderCanceled:
    """The rest of the order is cancelled. ExecType(150)=4."""

    kind: ClassVar = EventKind.CANCELED
    unsolicited: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class ReplaceRequested:
    """A replace was requested."""

    kind: ClassVar = EventKind.REPLACE_REQUESTED
    cl_ord_id: str
    terms: OrderTerms


@dataclass(frozen=True, slots=True)
class ReplacePending:
    """The venue considers the replace. ExecType(150)=E."""

    kind: ClassVar = EventKind.REPLACE_PENDING


@dataclass(frozen=True, slots=True)
class ReplaceRefused:
    """The venue refused the replace, or it was never sent."""

    kind: ClassVar = EventKind.REPLACE_REFUSED
    cl_ord_id: str
    rejection: Rejection


@dataclass(frozen=True, slots=True)
class OrderReplaced:
    """The order has new terms. ExecType(150)=5."""

    kind: ClassVar = EventKind.REPLACED
    terms: OrderTerms
    venue_order_id: str = ""


@dataclass(frozen=True, slots=True)
class OrderRejected:
    """The venue refused the order (ExecType(150)=8), or it was never sent."""

    kind: ClassVar = EventKind.REJECTED
    rejection: Rejection


@dataclass(frozen=True, slots=True)
class OrderExpired:
    """The time in force ended. ExecType(150)=C."""

    kind: ClassVar = EventKind.EXPIRED
    text: str = ""


@dataclass(frozen=True, slots=True)
class OrderDoneForDay:
    """No more executions today. ExecType(150)=3."""

    kind: ClassVar = EventKind.DONE_FOR_DAY


@dataclass(frozen=True, slots=True)
class OrderSuspended:
    """The venue stopped working the order, ExecType(150)=9, or a client paused it."""

    kind: ClassVar = EventKind.SUSPENDED
    text: str = ""


@dataclass(frozen=True, slots=True)
class OrderStopped:
    """The venue guarantees a price. ExecType(150)=7."""

    kind: ClassVar = EventKind.STOPPED
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class OrderCalculated:
    """The venue works out the settlement. ExecType(150)=B."""

    kind: ClassVar = EventKind.CALCULATED


@dataclass(frozen=True, slots=True)
class OrderRestated:
    """The venue changed the order by itself. ExecType(150)=D."""

    kind: ClassVar = EventKind.RESTATED
    terms: OrderTerms
    reason_code: int = 0
    """ExecRestatementReason(378)."""
    pegged_price: Price | None = None


@dataclass(frozen=True, slots=True)
class ExecutionBusted:
    """The venue took an execution back. ExecType(150)=H."""

    kind: ClassVar = EventKind.EXECUTION_BUSTED
    exec_id: str
    busted_exec_id: str
    quantity: Quantity
    """Of the execution taken back."""
    price: Price
    """Of the execution taken back."""


@dataclass(frozen=True, slots=True)
class ExecutionCorrected:
    """The venue changed an execution. ExecType(150)=G."""

    kind: ClassVar = EventKind.EXECUTION_CORRECTED
    corrected_exec_id: str
    execution: Execution
    """As it is now, with its own ExecID(17)."""
    previous_quantity: Quantity
    """Of the execution changed."""
    previous_price: Price
    """Of the execution changed."""


@dataclass(frozen=True, slots=True)
class OrderInDoubt:
    """It is not known what the venue has.

    Either a request's fate is open (cl_ord_id), or the venue reported
    executions that have not come (venue_cum_quantity).
    """

    kind: ClassVar = EventKind.IN_DOUBT
    cl_ord_id: str
    text: str = ""
    venue_cum_quantity: Quantity = NO_QUANTITY
    """CumQty(14) of the venue, where it is more than the known executions."""


@dataclass(frozen=True, slots=True)
class OrderResolved:
    """A doubt has ended; the events after this one are the outcome."""

    kind: ClassVar = EventKind.RESOLVED
    source: ResolutionSource
    cl_ord_id: str
    """The request whose fate is known now."""
    venue_order_id: str = ""
    rejection: Rejection | None = None
    text: str = ""
    """Why, in the words of the person who resolved it."""


@dataclass(frozen=True, slots=True)
class OrderTriggered:
    """A watched stop was reached."""

    kind: ClassVar = EventKind.TRIGGERED
    trigger_price: Price


@dataclass(frozen=True, slots=True)
class OrderApproved:
    """A second person approved a held order."""

    kind: ClassVar = EventKind.APPROVED
    approved_by: str
    waits_for: WaitsFor | None = None
    """What the order waits for now; None: it goes to the venue."""


@dataclass(frozen=True, slots=True)
class TriggerMoved:
    """A trailing stop followed the price."""

    kind: ClassVar = EventKind.TRIGGER_MOVED
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class OrderReleased:
    """What an order waited for has happened."""

    kind: ClassVar = EventKind.RELEASED
    waits_for: WaitsFor | None = None
    """What the order waits for now; None: it goes to the venue."""
    text: str = ""
    odd_lot_remainder: Quantity = NO_QUANTITY
    """What its parent executed beyond whole lots: the order does not trade it."""


@dataclass(frozen=True, slots=True)
class StatusRequested:
    """A report contradicts the order: the venue is asked with OrderStatusRequest(H)."""

    kind: ClassVar = EventKind.STATUS_REQUESTED
    cl_ord_id: str
    text: str
    """The contradiction. The venue is asked once about each."""


@dataclass(frozen=True, slots=True)
class RoutingDecided:
    """It was decided where a routed order is executed; the record is stored beside the log."""

    kind: ClassVar = EventKind.ROUTING_DECIDED
    number: int
    record_hash: bytes
    """SHA-256 of the record."""
    text: str
    sums: RoutingSums | None = None
    """What the next decision has to know; None: decided by an earlier release."""
    traded_before: tuple[TradedBefore, ...] = ()
    """Venues of a POV order whose volume it counts from now on."""


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A command was refused; nothing changed."""

    kind: ClassVar = EventKind.COMMAND_REFUSED
    command: str
    rejection: Rejection


@dataclass(frozen=True, slots=True)
class VenueReportParked:
    """A report of the venue that fits no order, or contradicts this one."""

    kind: ClassVar = EventKind.VENUE_REPORT_PARKED
    msg_type: str
    text: str


Event = (
    OrderAccepted
    | OrderAcknowledged
    | OrderExecuted
    | CancelRequested
    | CancelPending
    | CancelRefused
    | OrderCanceled
    | ReplaceRequested
    | ReplacePending
    | ReplaceRefused
    | OrderReplaced
    | OrderRejected
    | OrderExpired
    | OrderDoneForDay
    | OrderSuspended
    | OrderStopped
    | OrderCalculated
    | OrderRestated
    | ExecutionBusted
    | ExecutionCorrected
    | OrderInDoubt
    | OrderResolved
    | OrderTriggered
    | OrderApproved
    | TriggerMoved
    | OrderReleased
    | StatusRequested
    | RoutingDecided
    | CommandRefused
    | VenueReportParked
)
"""Any of them."""
