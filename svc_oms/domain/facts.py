"""What venues and gateways report, as plain values: the messages of gateway.v1."""

from typing import NamedTuple

from svc_oms.domain.numbers import Price, Quantity


class ReportedOrder(NamedTuple):
    """What a report says of its order. Texts are empty where it does not say it."""

    account_id: str
    symbol: str
    isin: str
    side: str
    """Side(54), the FIX character."""
    order_type: str
    """OrdType(40), the FIX character."""
    currency: str
    opens_max: int = 0
    """Unsolicited orders that the venue's session may open in 24 hours; 0: this report none."""
    account_assumed: bool = False
    """The report has no Account(1): the account is that of the venue's unsolicited orders."""


class ExecutionReportFacts(NamedTuple):
    """ExecutionReport(8). None: the venue did not report it; texts are empty then."""

    cl_ord_id: str
    exec_type: str
    """ExecType(150), the FIX character."""
    ord_status: str
    """OrdStatus(39), the FIX character."""
    exec_id: str = ""
    orig_cl_ord_id: str = ""
    venue_order_id: str = ""
    exec_ref_id: str = ""
    order_quantity: Quantity | None = None
    last_quantity: Quantity | None = None
    last_price: Price | None = None
    leaves_quantity: Quantity | None = None
    cum_quantity: Quantity | None = None
    average_price: Price | None = None
    limit_price: Price | None = None
    stop_price: Price | None = None
    time_in_force: str = ""
    """TimeInForce(59), the FIX character."""
    transact_time_ns: int = 0
    text: str = ""
    ord_rej_reason: int | None = None
    exec_restatement_reason: int | None = None
    last_liquidity: int = 0
    last_market_mic: str = ""
    display_quantity: Quantity | None = None
    status_request_id: str = ""
    """OrdStatusReqID(790): the ClOrdID(11) that our status request asked about."""
    pegged_price: Price | None = None
    """PeggedPrice(839)."""
    mass_status_request_id: str = ""
    """MassStatusReqID(584); the answer to an earlier mass request answers no present question."""
    unreadable: str = ""
    """What the report has and could not be read, in words. The event does not need it."""
    expire_time_ns: int = 0
    """ExpireTime(126), UTC nanoseconds; 0 if the venue did not report it."""
    cash_quantity: Quantity | None = None
    """CashOrderQty(152)."""
    peg_offset: Price | None = None
    """PegOffsetValue(211), with its sign."""
    reported_order: ReportedOrder | None = None
    """The order itself, if it is perhaps unsolicited."""
    repeats: ReportedOrder | None = None
    """What the report repeats of its order."""
    received_at_ns: int = 0
    """When the gateway received it."""
    possible_resend: bool = False
    """PossResend(97): the venue may have sent the content before, under another number."""


class CancelRejectFacts(NamedTuple):
    """OrderCancelReject(9)."""

    cl_ord_id: str
    orig_cl_ord_id: str = ""
    venue_order_id: str = ""
    ord_status: str = ""
    response_to: str = ""
    """CxlRejResponseTo(434): "1" cancel, "2" replace."""
    cxl_rej_reason: int | None = None
    text: str = ""
    unreadable: str = ""
    """As that of ExecutionReportFacts."""
    account_id: str = ""
    """Account(1)."""


class BusinessRejectFacts(NamedTuple):
    """BusinessMessageReject(j) of a message of ours."""

    cl_ord_id: str
    """Of the refused message."""
    ref_msg_type: str
    """RefMsgType(372): "D", "F", "G" or "H"."""
    reason: int = 0
    """BusinessRejectReason(380)."""
    text: str = ""
    unreadable: str = ""
    """As that of ExecutionReportFacts."""


class SessionRejectFacts(NamedTuple):
    """Reject(3) of a message of ours."""

    cl_ord_id: str
    """Of the refused message."""
    ref_msg_type: str
    """RefMsgType(372): "D", "F", "G" or "H"."""
    reason: int = 0
    """SessionRejectReason(373)."""
    ref_tag_id: int = 0
    text: str = ""
    unreadable: str = ""
    """As that of ExecutionReportFacts."""


class ReceiptFacts(NamedTuple):
    """What became of a command at the gateway."""

    cl_ord_id: str
    kind: str
    """"NEW", "CANCEL", "REPLACE" or "STATUS": VenueCommandKind without prefix."""
    outcome: str
    """"SENT", "NOT_SENT", "IN_DOUBT" or "WITHDRAWN": CommandOutcome without prefix."""
    text: str = ""


Facts = (
    ExecutionReportFacts
    | CancelRejectFacts
    | BusinessRejectFacts
    | SessionRejectFacts
    | ReceiptFacts
)
"""Any of them."""
