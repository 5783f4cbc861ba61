"""Commands to the venue, and facts from it."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial

from kernel.decimals import EXECUTION_QUANTITY_FRACTION_DIGITS_MAX, FRACTION_DIGITS_MAX
from mesh.timestamps import from_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from svc_oms.domain.facts import ReportedOrder
from svc_oms.domain.model import Order, OrderTerms
from svc_oms.domain.numbers import bounded, execution_price
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
from svc_oms.service.codec.values import terms_message, timestamp


def command_bytes(
    kind: gw.VenueCommandKind,
    order: Order,
    terms: OrderTerms,
    cl_ord_id: str,
    orig_cl_ord_id: str,
    now_ns: int,
    encoded_terms: order_pb2.OrderTerms | None = None,
) -> bytes:
    """Serialise a command without its outbound number, which the database gives.

    A stop that was watched here is sent as the order it became.
    """
    type_, terms = at_venue(order, terms)
    message = gw.VenueCommand(
        cl_ord_id=cl_ord_id,
        orig_cl_ord_id=orig_cl_ord_id,
        kind=kind,
        order_id=order.order_id,
        venue_order_id=order.venue_order_id,
        account_id=order.account_id,
        symbol=order.symbol,
        isin=order.isin,
        currency=order.currency,
        side=order.side,  # type: ignore[arg-type] # by number
        type=type_,  # type: ignore[arg-type] # by number
        terms=terms_message(terms) if encoded_terms is None else encoded_terms,
        committed_at=timestamp(now_ns),
    )
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


def _number(
    field: str, text: str, fraction_digits_max: int = FRACTION_DIGITS_MAX
) -> Decimal | None:
    if not text:
        return None
    try:
        return bounded(Decimal(text), fraction_digits_max)
    except (InvalidOperation, ValueError) as error:
        raise ValueError(f"{field} is {text!r}, should be a decimal number") from error


def _last_price(text: str) -> Decimal | None:
    try:
        return execution_price(text) if text else None
    except (InvalidOperation, ValueError) as error:
        raise ValueError(f"LastPx(31) is {text!r}, should be a decimal number") from error


def _quantity(
    field: str, text: str, fraction_digits_max: int = FRACTION_DIGITS_MAX
) -> Decimal | None:
    number = _number(field, text, fraction_digits_max)
    if number is not None and number < 0:
        raise ValueError(f"{field} is {text!r}, should not be below zero")
    return number


def _executed(field: str, text: str) -> Decimal | None:
    return _quantity(field, text, EXECUTION_QUANTITY_FRACTION_DIGITS_MAX)


_NUMBERS: dict[str, Callable[[str], Decimal | None]] = {
    "order_quantity": partial(_quantity, "OrderQty(38)"),
    "last_quantity": partial(_executed, "LastQty(32)"),
    "last_price": _last_price,
    "leaves_quantity": partial(_executed, "LeavesQty(151)"),
    "cum_quantity": partial(_executed, "CumQty(14)"),
    "average_price": partial(_number, "AvgPx(6)"),
    "limit_price": partial(_number, "Price(44)"),
    "stop_price": partial(_number, "StopPx(99)"),
    "display_quantity": partial(_quantity, "MaxFloor(111)"),
    "pegged_price": partial(_number, "PeggedPrice(839)"),
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


_MSG_TYPES = {
    "execution_report": "8",
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
