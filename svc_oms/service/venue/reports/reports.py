"""Decodes what a session reports: facts, and the order they name."""

from typing import NamedTuple

from kernel.order_ids import order_id_of
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.domain.facts import CancelRejectFacts, ExecutionReportFacts, Facts
from svc_oms.service.codec.venue_messages import facts_of, receipt_facts


class Report(NamedTuple):
    """A report, and the order it names."""

    facts: Facts | None
    order_id: str
    message: gw.VenueMessage | None
    error: str = ""

    @property
    def venue_order_id(self) -> str:
        """OrderID(37) of a message; empty if it has none."""
        if self.message is None:
            return ""
        message = self.message
        return (
            message.parked.venue_order_id
            or message.execution_report.venue_order_id
            or message.order_cancel_reject.venue_order_id
        )


def read_message(message: gw.VenueMessage) -> Report:
    """Decode a venue message; `error` says what is wrong with it."""
    try:
        facts = facts_of(message)
    except ValueError as error:
        unread = message.execution_report
        order_id = order_id_of(unread.cl_ord_id) or order_id_of(unread.orig_cl_ord_id)
        return Report(None, order_id, message, str(error))
    if facts is None:
        # The gateway could not read it, but perhaps the order that it names.
        parked = message.parked
        order_id = order_id_of(parked.cl_ord_id) or order_id_of(parked.orig_cl_ord_id)
        return Report(None, order_id, message, parked.error or "body of a kind not known here")
    order_id = order_id_of(facts.cl_ord_id)
    if not order_id and isinstance(facts, ExecutionReportFacts | CancelRejectFacts):
        # Some venues put their own identifier into ClOrdID(11) of an unsolicited report.
        order_id = order_id_of(facts.orig_cl_ord_id)
    why = "" if order_id else f"ClOrdID(11) {facts.cl_ord_id!r} is not one of ours"
    return Report(facts, order_id, message, why)


def read_receipt(receipt: gw.CommandReceipt) -> Report | None:
    """Decode a receipt; None if it only says that all is well."""
    if receipt.outcome == gw.COMMAND_OUTCOME_SENT:
        return None
    facts = receipt_facts(receipt)
    return Report(facts, order_id_of(facts.cl_ord_id), None)
