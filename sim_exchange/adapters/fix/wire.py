"""FIX text to fields and answers to FIX text.

QuickFIX parses and frames; everything in between is text, because a call into C++ per field
costs more than the whole order. A body is handed to QuickFIX as one field whose value has all
the others: QuickFIX counts length and checksum over the text as it is, in our order.
"""

from functools import lru_cache
from typing import Final

from fix.wire import SOH, utc_text
from sim_exchange.domain.order import OrderKind, Side
from sim_exchange.domain.prices import format_average, format_price
from sim_exchange.service.orders import (
    REJECTED,
    STATUS,
    Answer,
    CancelReject,
    ClientOrder,
    OrdRejReason,
    Refusal,
    Report,
    Terms,
    UnknownOrder,
)

SIDE_CODES: Final = {Side.BUY: "1", Side.SELL: "2"}
SHORT_SALES: Final = frozenset({"5", "6"})
"""Side(54) of a short sale and of an exempt one."""
SIDES: Final = {"1": Side.BUY, "2": Side.SELL} | dict.fromkeys(SHORT_SALES, Side.SELL)
DROP_COPY_SUFFIX: Final = "-DC"
"""CompIDs with this end are drop-copy sessions."""
IS_COPY: Final = "\x01797=Y"
"""CopyMsgIndicator(797), after the body of the copied message."""
TRAILING_STOP_PEG: Final = "a"
"""ExecInst(18)."""
ORD_TYPES: Final = {OrderKind.TRAILING_STOP: "P"}
"""OrdType(40) where it is not the book's own character."""

_REFUSAL_ECHO = ("1", "55", "48", "22", "54", "38", "40", "44", "99", "111", "18", "211", "59")


def signed_text(offset: int) -> str:
    """Write a distance in price units that may be negative."""
    return f"-{price_text(-offset)}" if offset < 0 else price_text(offset)


price_text = lru_cache(maxsize=65_536)(format_price)
"""Canonical price text; the same few thousand prices come again and again."""


def answer_type(answer: Answer) -> str:
    """MsgType(35) of an answer."""
    return "9" if isinstance(answer, CancelReject) else "8"


def answer_client(answer: Answer) -> str:
    """CompID of the client an answer is for."""
    return answer.order.client if isinstance(answer, Report) else answer.client


def is_journalled(answer: Answer) -> bool:
    """Whether the answer itself must survive a crash between journal and FIX store.

    A lost acknowledgement is repaired by the order's status; no other message has what a fill,
    cancel, replace or expiry reports.
    """
    return isinstance(answer, Report) and answer.exec_type in {"F", "4", "5", "C"}


def is_copied(answer: Answer) -> bool:
    """Whether the drop copy gets it: every execution report but answers to questions."""
    if isinstance(answer, Report):
        return answer.exec_type != STATUS
    return isinstance(answer, Refusal)


def answer_body(answer: Answer, mic: str) -> str:
    """Body of an answer after its first "37=": the value of the one field."""
    if isinstance(answer, Report):
        return _report_body(answer, mic)
    if isinstance(answer, CancelReject):
        return _cancel_reject_body(answer)
    if isinstance(answer, Refusal):
        return _refusal_body(answer)
    return _unknown_body(answer)


def _order_part(order: ClientOrder, mic: str) -> str:
    """The fields that stay the same in all reports of an order."""
    terms = order.terms
    parts = [f"1={terms.account}"] if terms.account else []
    parts.append(f"55={terms.symbol}")
    if terms.isin:
        parts += [f"48={terms.isin}", "22=4"]
    parts += [
        f"207={mic}",
        f"54={terms.short_code or SIDE_CODES[terms.side]}",
        f"40={ORD_TYPES.get(terms.kind, terms.kind.value)}",
        f"59={terms.tif.value}",
    ]
    parts += _special_parts(terms)
    return SOH.join(parts)


def _special_parts(terms: Terms) -> list[str]:
    """Fields of special orders that stay the same."""
    special = terms.special
    parts = [f"111={special.display}"] if special.display else []
    if special.peg is not None:
        parts += [f"18={special.peg.value}", f"211={signed_text(special.offset)}"]
    if special.trail:
        distance = special.trail * terms.side
        parts += [f"18={TRAILING_STOP_PEG}", f"211={signed_text(distance)}"]
    if terms.expire_ns:
        parts.append(f"126={utc_text(terms.expire_ns)}")
    return parts


def _report_body(report: Report, mic: str) -> str:
    (
        order,
        exec_id,
        exec_type,
        status,
        cl_ord_id,
        orig_cl_ord_id,
        quantity,
        price,
        cum,
        leaves,
        notional,
        now_ns,
        last_quantity,
        last_price,
        is_maker,
        reason,
        text,
        request_id,
        mass_place,
        mass_total,
        stop,
        pegged,
        restatement,
    ) = report
    wire = order.wire
    if wire is None:
        wire = order.wire = _order_part(order, mic)
    body = (
        f"{order.order_id}\x0111={cl_ord_id}\x0117={exec_id}\x01150={exec_type}\x0139={status}"
        f"\x01{wire}\x0138={quantity}\x01151={leaves}\x0114={cum}"
        f"\x016={format_average(notional, cum) if cum else '0'}\x0160={utc_text(now_ns)}"
    )
    if price:
        body += f"\x0144={price_text(price)}"
    if stop or pegged or restatement:
        body += _special_body(stop, pegged, restatement)
    if orig_cl_ord_id:
        body += f"\x0141={orig_cl_ord_id}"
    if last_quantity:
        body += (
            f"\x0132={last_quantity}\x0131={price_text(last_price)}\x0130={mic}"
            f"\x01851={1 if is_maker else 2}"
        )
    if status == REJECTED:
        body += f"\x01103={reason if reason is not None else OrdRejReason.OTHER}"
    if text:
        body += f"\x0158={text}"
    if mass_place:
        last = "Y" if mass_place == mass_total else "N"
        body += f"\x01584={request_id}\x01911={mass_total}\x01912={last}"
    elif request_id:
        body += f"\x01790={request_id}"
    return body


def _special_body(stop: int, pegged: int, restatement: int) -> str:
    body = f"\x0199={price_text(stop)}" if stop else ""
    if pegged:
        body += f"\x01839={price_text(pegged)}"
    if restatement:
        body += f"\x01378={restatement}"
    return body


def _cancel_reject_body(reject: CancelReject) -> str:
    return (
        f"{reject.order_id}\x0111={reject.cl_ord_id}\x0141={reject.orig_cl_ord_id}"
        f"\x0139={reject.status}\x01434={2 if reject.is_replace else 1}"
        f"\x01102={reject.reason}\x0158={reject.text}\x0160={utc_text(reject.now_ns)}"
    )


def _refusal_body(refusal: Refusal) -> str:
    fields = refusal.fields
    echo = [f"{tag}={fields[tag]}" for tag in _REFUSAL_ECHO if tag in fields]
    return SOH.join(
        [
            "NONE",
            f"11={refusal.cl_ord_id}",
            f"17={refusal.exec_id}",
            f"150={REJECTED}",
            f"39={REJECTED}",
            *echo,
            "151=0",
            "14=0",
            "6=0",
            f"103={refusal.reason}",
            f"58={refusal.text}",
            f"60={utc_text(refusal.now_ns)}",
        ]
    )


def _unknown_body(unknown: UnknownOrder) -> str:
    parts = ["NONE"]
    if unknown.cl_ord_id:
        parts.append(f"11={unknown.cl_ord_id}")
    parts += [f"17={unknown.exec_id}", f"150={STATUS}", f"39={REJECTED}"]
    if unknown.is_mass:
        # Required fields of a report that is of no order: no symbol, and an undisclosed side.
        parts += ["55=[N/A]", "54=7"]
    if unknown.symbol:
        parts.append(f"55={unknown.symbol}")
    if unknown.side_code:
        parts.append(f"54={unknown.side_code}")
    parts += ["38=0", "151=0", "14=0", "6=0", f"103={OrdRejReason.UNKNOWN_ORDER}"]
    text = "no open orders" if unknown.is_mass else "unknown order"
    parts += [f"58={text}", f"60={utc_text(unknown.now_ns)}"]
    if unknown.is_mass:
        parts += [f"584={unknown.request_id}", "911=0", "912=Y"]
    elif unknown.request_id:
        parts.append(f"790={unknown.request_id}")
    return SOH.join(parts)
