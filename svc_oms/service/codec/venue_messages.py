"""Commands to the venue, and facts from it."""

from decimal import Decimal, InvalidOperation
from functools import lru_cache

from mesh.timestamps import from_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from svc_oms.domain.facts import ReportedOrder
from svc_oms.domain.model import Order, OrderTerms
from svc_oms.domain.numbers import Price, Quantity, bounded
from svc_oms.domain.triggers import at_venue
from svc_oms.domain.venue_reports import (
    BusinessRejectFacts,
    CancelRejectFacts,
    ExecutionReportFacts,
    Facts,
    ReceiptFacts,
    SessionRejectFacts,
)
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


def _number(field: str, text: str) -> Decimal | None:
    if not text:
        return None
    try:
        return bounded(Decimal(text))
    except (InvalidOperation, ValueError) as error:
        raise ValueError(f"{field} is {text!r}, should be a decimal number") from error


def _quantity(field: str, text: str) -> Quantity | None:
    number = _number(field, text)
    if number is not None and number < 0:
        raise ValueError(f"{field} is {text!r}, should not be below zero")
    return None if number is None else Quantity(number)


def _price(field: str, text: str) -> Price | None:
    number = _number(field, text)
    return None if number is None else Price(number)


def _report(message: gw.ExecutionReport, received_at_ns: int) -> ExecutionReportFacts:
    return ExecutionReportFacts(
        cl_ord_id=message.cl_ord_id,
        exec_type=message.exec_type,
        ord_status=message.ord_status,
        exec_id=message.exec_id,
        orig_cl_ord_id=message.orig_cl_ord_id,
        venue_order_id=message.venue_order_id,
        exec_ref_id=message.exec_ref_id,
        order_quantity=_quantity("OrderQty(38)", message.order_quantity),
        last_quantity=_quantity("LastQty(32)", message.last_quantity),
        last_price=_price("LastPx(31)", message.last_price),
        leaves_quantity=_quantity("LeavesQty(151)", message.leaves_quantity),
        cum_quantity=_quantity("CumQty(14)", message.cum_quantity),
        average_price=_price("AvgPx(6)", message.average_price),
        limit_price=_price("Price(44)", message.limit_price),
        stop_price=_price("StopPx(99)", message.stop_price),
        time_in_force=message.time_in_force,
        transact_time_ns=from_timestamp(message.transact_time),
        received_at_ns=received_at_ns,
        text=message.text,
        ord_rej_reason=message.ord_rej_reason if message.HasField("ord_rej_reason") else None,
        exec_restatement_reason=(
            message.exec_restatement_reason if message.HasField("exec_restatement_reason") else None
        ),
        last_liquidity=message.last_liquidity,
        last_market_mic=message.last_market_mic,
        display_quantity=_quantity("MaxFloor(111)", message.display_quantity),
        status_request_id=message.status_request_id,
        pegged_price=_price("PeggedPrice(839)", message.pegged_price),
        mass_status_request_id=message.mass_status_request_id,
        reported_order=_reported_order(message.told) if message.HasField("told") else None,
    )


def _reported_order(message: gw.ToldOrder) -> ReportedOrder:
    return ReportedOrder(
        account_id=message.account_id,
        symbol=message.symbol,
        isin=message.isin,
        side=message.side,
        order_type=message.order_type,
        currency=message.currency,
    )


def facts_of(message: gw.VenueMessage) -> Facts | None:
    """Decode a venue message; None if the gateway parked it or its kind is unknown.

    Raises:
        ValueError: A number is invalid.
    """
    match message.WhichOneof("body"):
        case "execution_report":
            return _report(message.execution_report, from_timestamp(message.received_at))
        case "order_cancel_reject":
            reject = message.order_cancel_reject
            return CancelRejectFacts(
                cl_ord_id=reject.cl_ord_id,
                orig_cl_ord_id=reject.orig_cl_ord_id,
                venue_order_id=reject.venue_order_id,
                ord_status=reject.ord_status,
                response_to=reject.response_to,
                cxl_rej_reason=(
                    reject.cxl_rej_reason if reject.HasField("cxl_rej_reason") else None
                ),
                text=reject.text,
            )
        case "business_reject":
            refused = message.business_reject
            return BusinessRejectFacts(
                cl_ord_id=refused.cl_ord_id or refused.ref_id,
                ref_msg_type=refused.ref_msg_type,
                reason=refused.reason,
                text=refused.text,
            )
        case "session_reject":
            broken = message.session_reject
            return SessionRejectFacts(
                cl_ord_id=broken.cl_ord_id,
                ref_msg_type=broken.ref_msg_type,
                reason=broken.reason,
                ref_tag_id=broken.ref_tag_id,
                text=broken.text,
            )
        case _:
            return None


def msg_type_of(message: gw.VenueMessage) -> str:
    """Return MsgType(35) of a venue message."""
    name = message.WhichOneof("body") or ""
    if name == "parked":
        return message.parked.msg_type
    return {
        "execution_report": "8",
        "order_cancel_reject": "9",
        "business_reject": "j",
        "session_reject": "3",
    }.get(name, "")


def receipt_facts(receipt: gw.CommandReceipt) -> ReceiptFacts:
    """Read what became of a command."""
    return ReceiptFacts(
        cl_ord_id=receipt.cl_ord_id,
        kind=gw.VenueCommandKind.Name(receipt.kind).removeprefix("VENUE_COMMAND_KIND_"),
        outcome=gw.CommandOutcome.Name(receipt.outcome).removeprefix("COMMAND_OUTCOME_"),
        text=receipt.text,
    )
