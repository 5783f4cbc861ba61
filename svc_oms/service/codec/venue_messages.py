"""Commands to the venue, and facts from it."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from kernel.decimals import (
    CACHED_TEXTS_MAX,
    EXECUTION_PRICE_FRACTION_DIGITS_MAX,
    EXECUTION_QUANTITY_FRACTION_DIGITS_MAX,
    FRACTION_DIGITS_MAX,
)
from mesh.timestamps import from_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.domain.facts import ReportedOrder
from svc_oms.domain.model import Order, OrderTerms
from svc_oms.domain.numbers import bounded
from svc_oms.domain.order_terms.triggers import at_venue
from svc_oms.domain.reports.venue_reports import (
    BusinessRejectFacts,
    CancelRejectFacts,
    ExecutionReportFacts,
    Facts,
    ReceiptFacts,
    SessionRejectFacts,
)
from svc_oms.service.codec.derived import reader
from svc_oms.service.codec.values import timestamp, write_terms


def command_bytes(
    kind: gw.VenueCommandKind,
    order: Order,
    terms: OrderTerms,
    cl_ord_id: str,
    orig_cl_ord_id: str,
    now_ns: int,
) -> bytes:
    """Serialise a command without its outbound number, which the database gives.

    A stop that was watched here is sent as the order it became.
    """
    type_, terms = at_venue(order, terms)
    message = gw.VenueCommand()
    message.cl_ord_id = cl_ord_id
    message.orig_cl_ord_id = orig_cl_ord_id
    message.kind = kind
    message.order_id = order.order_id
    message.venue_order_id = order.venue_order_id
    message.account_id = order.account_id
    message.symbol = order.symbol
    message.isin = order.isin
    message.currency = order.currency
    message.side = order.side  # type: ignore[assignment] # by number
    message.type = type_  # type: ignore[assignment] # by number
    write_terms(message.terms, terms)
    message.committed_at.CopyFrom(timestamp(now_ns))
    if orig_cl_ord_id != order.cl_ord_id:
        # It is a replace without answer, which the gateway may never have sent.
        message.orig_cl_ord_id_before = order.cl_ord_id
    if order.regulatory:
        message.regulatory.MergeFromString(order.regulatory)
    return message.SerializeToString()


@lru_cache(maxsize=10_000)
def origin_bytes(firm_id: str, desk_id: str, placed_by: str, requested_by: str) -> bytes:
    """Serialise the owners of a command, to be appended to it; kill switches compare them."""
    return gw.VenueCommand(
        firm_id=firm_id,
        desk_id=desk_id,
        placed_by=placed_by,
        requested_by="" if requested_by == placed_by else requested_by,
    ).SerializeToString()


@lru_cache(maxsize=CACHED_TEXTS_MAX)
def _decimal(text: str, fraction_digits_max: int) -> Decimal:
    return bounded(Decimal(text), fraction_digits_max)


def _number(
    field: str, fraction_digits_max: int = FRACTION_DIGITS_MAX, *, signed: bool = False
) -> Callable[[str], Decimal | None]:
    """Return what reads a field: None for an empty text, ValueError if it is no such number."""

    def read(text: str) -> Decimal | None:
        if not text:
            return None
        try:
            number = _decimal(text, fraction_digits_max)
        except (InvalidOperation, ValueError) as error:
            raise ValueError(f"{field} is {text!r}, should be a decimal number") from error
        if number < 0 and not signed:
            raise ValueError(f"{field} is {text!r}, should not be below zero")
        return number

    return read


_EXECUTED = EXECUTION_QUANTITY_FRACTION_DIGITS_MAX
_NUMBERS: dict[str, Callable[[str], Decimal | None]] = {
    "order_quantity": _number("OrderQty(38)"),
    "last_quantity": _number("LastQty(32)", _EXECUTED),
    "last_price": _number("LastPx(31)", EXECUTION_PRICE_FRACTION_DIGITS_MAX, signed=True),
    "leaves_quantity": _number("LeavesQty(151)", _EXECUTED),
    "cum_quantity": _number("CumQty(14)", _EXECUTED),
    "average_price": _number("AvgPx(6)", signed=True),
    "limit_price": _number("Price(44)", signed=True),
    "stop_price": _number("StopPx(99)", signed=True),
    "display_quantity": _number("MaxFloor(111)"),
    "pegged_price": _number("PeggedPrice(839)", signed=True),
    "cash_quantity": _number("CashOrderQty(152)"),
    "peg_offset": _number("PegOffsetValue(211)", signed=True),
}
_read_report = reader(
    ExecutionReportFacts,
    gw.ExecutionReport,
    _NUMBERS,
    {"reported_order", "repeats", "received_at_ns", "possible_resend"},
)
# The numbers without which an ExecType(150) is no event: F trade, G correction.
_NEEDED = dict.fromkeys("FG", frozenset({"last_quantity", "last_price"}))
_read_reported_order = reader(ReportedOrder, gw.ToldOrder)
_read_cancel_reject = reader(CancelRejectFacts, gw.OrderCancelReject)
_read_business_reject = reader(BusinessRejectFacts, gw.BusinessReject)
_read_session_reject = reader(SessionRejectFacts, gw.SessionReject)


def facts_of(message: gw.VenueMessage) -> Facts | None:
    """Decode a venue message; None if the gateway parked it or its kind is unknown.

    Raises:
        ValueError: A number is invalid.
    """
    match message.WhichOneof("body"):
        case "execution_report":
            received_at_ns = from_timestamp(message.received_at)
            return _execution_report(message.execution_report, received_at_ns, message.poss_resend)
        case "order_cancel_reject":
            return _read_cancel_reject(message.order_cancel_reject)
        case "business_reject":
            refused = _read_business_reject(message.business_reject)
            if refused.cl_ord_id:
                return refused
            return refused._replace(cl_ord_id=message.business_reject.ref_id)
        case "session_reject":
            return _read_session_reject(message.session_reject)
        case _:
            return None


def _execution_report(
    report: gw.ExecutionReport, received_at_ns: int, possible_resend: bool
) -> ExecutionReportFacts:
    reported = _read_reported_order(report.told) if report.HasField("told") else None
    repeats = _read_reported_order(report.repeats) if report.HasField("repeats") else None
    beside = reported, repeats, received_at_ns, possible_resend
    try:
        return _read_report(report, *beside)
    except ValueError:
        return _read_report(_readable(report), *beside)


def _readable(report: gw.ExecutionReport) -> gw.ExecutionReport:
    """Return a report without the numbers that are none and that its event does not need.

    Raises:
        ValueError: Its event needs one of them.
    """
    kept = gw.ExecutionReport()
    kept.CopyFrom(report)
    faults = [report.unreadable] if report.unreadable else []
    for name, read in _NUMBERS.items():
        try:
            read(getattr(report, name))
        except ValueError as error:
            if name in _NEEDED.get(report.exec_type, ()):
                raise
            faults.append(f"{error}")
            kept.ClearField(name)
    kept.unreadable = "; ".join(faults)
    return kept


def msg_type_of(message: gw.VenueMessage) -> str:
    """Return MsgType(35) of a venue message."""
    name = message.WhichOneof("body") or ""
    if name == "parked":
        return message.parked.msg_type
    return _MSG_TYPES.get(name, "")


EXECUTION_REPORT = "8"
"""MsgType(35) of an ExecutionReport(8)."""
_MSG_TYPES = {
    "execution_report": EXECUTION_REPORT,
    "order_cancel_reject": "9",
    "business_reject": "j",
    "session_reject": "3",
}


def receipt_facts(receipt: gw.CommandReceipt) -> ReceiptFacts:
    """Read what became of a command."""
    return ReceiptFacts(
        cl_ord_id=receipt.cl_ord_id,
        kind=gw.VenueCommandKind.Name(receipt.kind).removeprefix("VENUE_COMMAND_KIND_"),
        outcome=gw.CommandOutcome.Name(receipt.outcome).removeprefix("COMMAND_OUTCOME_"),
        text=receipt.text,
    )
