"""A venue's messages on an order session as contract messages: 8, 9, j, 3. Others are parked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from fix import tags as t
from fix import unparsable, wire
from fix.wire import BadFieldError
from kernel.order_ids import order_id_of
from mesh.timestamps import set_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.adapters.fix.market.trading_session import read_trading_session
from svc_gateway.adapters.fix.orders.business_reject import is_of_use, reject_for
from svc_gateway.adapters.fix.orders.plain_reports import PlainReports
from svc_gateway.adapters.fix.orders.report_fields import (
    NEEDED,
    ONCE,
    REJECT_IDS,
    REJECT_TEXTS,
    REPORT_NUMBERS,
    REPORT_TEXTS,
    REPORT_VALUES,
    TEXT_MAX,
    identifier,
    whole_number,
)
from svc_gateway.domain.market.trading_sessions import Reported
from svc_gateway.venues import DialectConfig

PARKED_BYTES_MAX = 64 * 1024

_NO_ORDER_ID = frozenset({"", "0", "NONE"})
# MsgType(35) of our messages that are about an order.
_OURS = frozenset({"D", "F", "G", "H"})

Fields = Mapping[str, str]


class OrderReader:
    """Reads one order session's messages.

    Args:
        sent_message: Returns the text that was sent with a MsgSeqNum(34), for rejects that name
            only that.
        dialect: How the venue writes FIX; None on a drop copy, whose reports open no order.
        written_as: How the venue writes what it repeats of an order; None: as `dialect`.
    """

    def __init__(
        self,
        sent_message: Callable[[int], str],
        dialect: DialectConfig | None = None,
        written_as: DialectConfig | None = None,
    ) -> None:
        self._sent_message = sent_message
        self._dialect = dialect
        self._written_as = written_as or dialect or DialectConfig()
        self._names = self._written_as.names()
        self._rejects = dialect is not None and dialect.business_reject
        self._plain = PlainReports(
            self._symbol, opens_orders=dialect is not None,
            with_account=self._written_as.account_tag == "account",
        )  # fmt: skip

    def sent_at(self, raw: str) -> tuple[int, int]:
        """Return SendingTime(52) of a message, or of its text alone, and its last digit's unit."""
        return wire.sent_at(raw)

    def plain(self, raw: str, epoch_ns: int, received_ns: int, number: int) -> tuple[str, bytes]:
        """Return the kind and, as bytes, what `read` returns, of a plain report; else empty."""
        return self._plain.read(raw, epoch_ns, received_ns, number)

    def read(self, raw: str, epoch_ns: int, received_ns: int, number: int) -> link.VenueMessage:
        """Return the contract message; never raises for anything a venue can send."""
        text = wire.clean(raw)
        found = wire.fields(text)
        message = link.VenueMessage()
        message.msg_seq_num = number
        message.session_epoch = epoch_ns
        if found.get("43") == "Y":
            message.poss_dup = True
        if found.get("97") == "Y":
            message.poss_resend = True
        set_timestamp(message.received_at, received_ns)
        sent_ns = wire.utc_ns(found.get(t.SENDING_TIME, ""))
        if sent_ns:
            set_timestamp(message.sending_time, sent_ns)
        kind = found.get(t.MSG_TYPE, "")
        try:
            if kind == "8":
                _execution_report(found, message.execution_report, _contradictory(text, found))
                self._describe(found, message.execution_report)
            elif kind == "9":
                _cancel_reject(found, message.order_cancel_reject, _contradictory(text, found))
                if self._written_as.account_tag == "account":
                    message.order_cancel_reject.account_id = _text(found, t.ACCOUNT)
            elif kind == "j":
                self._business_reject(found, message.business_reject)
            elif kind == "3":
                self._session_reject(found, message.session_reject)
            else:
                _park_other(message, raw, kind)
        except Exception as error:  # noqa: BLE001  any fault: the message is parked whole and reported
            park(
                message, raw, kind, f"{error}" if isinstance(error, BadFieldError) else repr(error)
            )
        return message

    def trading_session(self, raw: str) -> Reported | None:
        """Return the content of a TradingSessionStatus(h); None if it is another message."""
        if "\x0135=h\x01" not in raw[:64]:
            return None
        return read_trading_session(raw)

    def mass_answer(self, raw: str) -> tuple[str, bool, bool] | None:
        """Return MassStatusReqID(584), whether it is the last report, whether it is of an order.

        None if the message is no part of a mass answer. A mass answer without orders is one report
        that is of no order.
        """
        if f"\x01{t.MASS_STATUS_REQ_ID}=" not in raw:
            return None
        found = wire.fields(raw)
        of_order = bool(found.get(t.CL_ORD_ID) or found.get(t.ORIG_CL_ORD_ID)) or (
            # An unsolicited order; a report that there are no orders has no OrderID(37).
            found.get(t.ORDER_ID, "") not in _NO_ORDER_ID and found.get(t.ORD_STATUS) != "8"
        )
        last = found.get(t.LAST_RPT_REQUESTED) == "Y"
        return found[t.MASS_STATUS_REQ_ID], last or not of_order, of_order

    def reject_for(self, message: link.VenueMessage, raw: str, number: int) -> str:
        """Return the body of the BusinessMessageReject(j) that answers a message."""
        return reject_for(raw, number) if self._rejects and not is_of_use(message) else ""

    def _describe(self, found: Fields, out: link.ExecutionReport) -> None:
        """Add what the report repeats of its order.

        And what opens an order, if no ClOrdID(11) of ours names it.
        """
        written_as = self._written_as
        repeats = out.repeats
        if written_as.account_tag == "account":
            repeats.account_id = _text(found, t.ACCOUNT)
        repeats.symbol = self._symbol(_text(found, t.SYMBOL))
        if found.get(t.SECURITY_ID_SOURCE) == "4":
            repeats.isin = _text(found, t.SECURITY_ID)
        repeats.side = _text(found, t.SIDE)
        repeats.order_type = _text(found, t.ORD_TYPE)
        repeats.currency = _text(found, t.CURRENCY)
        if t.EXPIRE_TIME in found and not written_as.expire_date_zone:
            # With a zone we gave a date, and the time is the venue's own.
            _read_expiry(found, out)
        dialect = self._dialect
        if dialect is None or order_id_of(out.cl_ord_id) or order_id_of(out.orig_cl_ord_id):
            return
        order = out.told
        order.CopyFrom(repeats)
        fields = _Reading(found)
        order.account_id = fields.take(identifier, t.ACCOUNT, "Account(1)") or ""
        if not order.account_id and dialect.telephone_account:
            order.account_id, order.account_assumed = dialect.telephone_account, True
        if dialect.telephone_orders == "adopt" and order.account_id in dialect.telephone_accounts:
            order.opens_max = dialect.telephone_orders_per_day_max
        if fields.faults:
            out.unreadable = f"{fields.unreadable}; {out.unreadable}".removesuffix("; ")[:TEXT_MAX]

    def _symbol(self, symbol: str) -> str:
        """Return the name of a symbol; itself if it has none, because a fact is never refused."""
        try:
            return self._names.name_of(symbol) if symbol else ""
        except ValueError:
            return symbol

    def _business_reject(self, found: Fields, out: link.BusinessReject) -> None:
        # BusinessRejectRefID(379) names the request too.
        fields = _Reading(found)
        out.ref_seq_num = fields.number(t.REF_SEQ_NUM, "RefSeqNum(45)") or 0
        out.reason = fields.number(t.BUSINESS_REJECT_REASON, "BusinessRejectReason(380)") or 0
        out.ref_id = _text(found, t.BUSINESS_REJECT_REF_ID)
        out.text = _text(found, t.TEXT)
        out.cl_ord_id, kind = self._refused(out.ref_seq_num)
        out.ref_msg_type = _text(found, t.REF_MSG_TYPE) or kind
        out.unreadable = fields.unreadable

    def _session_reject(self, found: Fields, out: link.SessionReject) -> None:
        fields = _Reading(found, frozenset({t.REF_SEQ_NUM}))
        out.ref_seq_num = fields.number(t.REF_SEQ_NUM, "RefSeqNum(45)") or 0
        out.ref_tag_id = fields.number(t.REF_TAG_ID, "RefTagID(371)") or 0
        out.reason = fields.number(t.SESSION_REJECT_REASON, "SessionRejectReason(373)") or 0
        out.text = _text(found, t.TEXT)
        out.cl_ord_id, kind = self._refused(out.ref_seq_num)
        out.ref_msg_type = _text(found, t.REF_MSG_TYPE) or kind
        out.unreadable = fields.unreadable

    def _refused(self, ref_seq_num: int) -> tuple[str, str]:
        """Return ClOrdID(11) and MsgType(35) of our message with this number; empty if none."""
        if ref_seq_num == 0:
            return "", ""
        sent = wire.fields(self._sent_message(ref_seq_num))
        kind = sent.get(t.MSG_TYPE, "")
        return (sent.get(t.CL_ORD_ID, ""), kind) if kind in _OURS else ("", kind[:TEXT_MAX])


def park(message: link.VenueMessage, raw: str, kind: str, error: str) -> None:
    """Make it a parked message."""
    message.parked.msg_type = wire.clean(kind)[:TEXT_MAX]
    message.parked.raw = raw.encode("utf-8", "surrogateescape")[:PARKED_BYTES_MAX]
    message.parked.error = wire.clean(error).replace(wire.SOH, " ")[:TEXT_MAX]
    # Whatever type it has: its order shows it.
    found = wire.fields(wire.clean(raw))
    message.parked.cl_ord_id = _text(found, t.CL_ORD_ID)
    message.parked.orig_cl_ord_id = _text(found, t.ORIG_CL_ORD_ID)
    message.parked.venue_order_id = _text(found, t.ORDER_ID)


def _park_other(message: link.VenueMessage, raw: str, kind: str) -> None:
    """Park a message of another type, or one that QuickFIX could not parse, as it came."""
    original = unparsable.replaced(raw)
    if original is None:
        park(message, raw, kind, f"MsgType(35) {kind[:20]!r} is not expected here")
    else:
        text = original.raw.decode("utf-8", "surrogateescape")
        park(message, text, original.msg_type, original.fault)


class _Reading:
    """Fields of a message that are left out if they cannot be read, unless an event needs them."""

    def __init__(
        self, found: Fields, needed: frozenset[str] = frozenset(), faults: Iterable[str] = ()
    ) -> None:
        self._found = found
        self._needed = needed
        self.faults = [*faults]

    def take(self, read: Callable[[str, str], str], tag: str, name: str) -> str:
        """Return a field as text; empty if it is missing or left out.

        Raises:
            BadFieldError: The event needs it.
        """
        value = self._found.get(tag, "")
        if not value:
            return ""
        try:
            return read(value, name)
        except BadFieldError as error:
            self.leave_out(tag, error)
            return ""

    def number(self, tag: str, name: str) -> int | None:
        """Return a whole number; None if it is missing or left out.

        Raises:
            BadFieldError: The event needs it.
        """
        if tag not in self._found:
            return None
        try:
            return whole_number(self._found[tag], tag, name)
        except BadFieldError as error:
            self.leave_out(tag, error)
            return None

    def identifier(self, tag: str, name: str) -> str:
        """Return an identifier that every such message should have.

        Raises:
            BadFieldError: The event needs it, and it is missing or too long.
        """
        value = self.take(identifier, tag, name)
        if not value and not self._found.get(tag):
            self.leave_out(tag, BadFieldError(f"{name} is missing"))
        return value

    def time_ns(self, tag: str, name: str) -> int:
        """Return a time in UTC nanoseconds; 0 if it is missing or left out."""
        value = self._found.get(tag, "")
        at_ns = wire.utc_ns(value)
        if value and not at_ns:
            self.leave_out(tag, BadFieldError(f"{name} {value[:40]!r} is not a UTC time"))
        return at_ns

    @property
    def unreadable(self) -> str:
        """What was left out, or contradicts itself, in words."""
        return "; ".join(self.faults)[:TEXT_MAX]

    def leave_out(self, tag: str, error: BadFieldError) -> None:
        """Note that a field is left out; raise the error if the event needs it."""
        if tag in self._needed:
            raise error
        self.faults.append(f"{error}")


def _contradictory(text: str, found: Fields) -> list[str]:
    """Return in words which fields a message has a second time, with another value."""
    if text.count(wire.SOH) == len(found):
        return []
    others = {
        (tag, value) for tag, value in wire.pairs(text) if tag in ONCE and value != found[tag]
    }
    return [
        f"a second {ONCE[tag]} {value[:40]!r} after {found[tag][:40]!r}"
        for tag, value in sorted(others)
    ]


def _execution_report(found: Fields, out: link.ExecutionReport, faults: Sequence[str]) -> None:
    exec_type = identifier(found.get(t.EXEC_TYPE, ""), "ExecType(150)")
    if not exec_type:
        raise BadFieldError("ExecType(150) is missing")
    out.exec_type = exec_type
    fields = _Reading(found, NEEDED.get(exec_type, frozenset()), faults)
    out.exec_id = fields.identifier(t.EXEC_ID, "ExecID(17)")
    out.ord_status = fields.identifier(t.ORD_STATUS, "OrdStatus(39)")
    _report_values(found, out, fields)
    for tag, name in REPORT_TEXTS:
        if tag in found:
            setattr(out, name, found[tag][:TEXT_MAX])
    if t.DISPLAY_QTY in found and not out.display_quantity:
        out.display_quantity = fields.take(wire.quantity, t.DISPLAY_QTY, "DisplayQty(1138)")
    at_ns = fields.time_ns(t.TRANSACT_TIME, "TransactTime(60)")
    if at_ns:
        set_timestamp(out.transact_time, at_ns)
    for tag, name, label in REPORT_NUMBERS:
        if tag in found and (number := fields.number(tag, label)) is not None:
            setattr(out, name, number)
    if fields.faults:
        out.unreadable = fields.unreadable


def _report_values(found: Fields, out: link.ExecutionReport, fields: _Reading) -> None:
    for tag, name, read, label in REPORT_VALUES:
        value = found.get(tag)
        if value:
            try:
                setattr(out, name, read(value, label))
            except BadFieldError as error:
                fields.leave_out(tag, error)


def _read_expiry(found: Fields, out: link.ExecutionReport) -> None:
    fields = _Reading(found, faults=[out.unreadable] if out.unreadable else ())
    at_ns = fields.time_ns(t.EXPIRE_TIME, "ExpireTime(126)")
    if at_ns:
        set_timestamp(out.expire_time, at_ns)
    out.unreadable = fields.unreadable


def _cancel_reject(found: Fields, out: link.OrderCancelReject, faults: Sequence[str]) -> None:
    fields = _Reading(found, frozenset({t.CL_ORD_ID}), faults)
    for tag, name, label in REJECT_IDS:
        read = fields.identifier if tag == t.CL_ORD_ID else partial(fields.take, identifier)
        setattr(out, name, read(tag, label))
    for tag, name in REJECT_TEXTS:
        setattr(out, name, _text(found, tag))
    reason = fields.number(t.CXL_REJ_REASON, "CxlRejReason(102)")
    if reason is not None:
        out.cxl_rej_reason = reason
    out.unreadable = fields.unreadable


def _text(found: Fields, tag: str) -> str:
    return found.get(tag, "")[:TEXT_MAX]
