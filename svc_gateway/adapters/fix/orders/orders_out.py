"""Commands of the OMS as FIX 4.4 text: D, F, G, H. docs/FIX.md has the tables."""

from typing import Final

from fix import tags as t
from fix import wire
from kernel.side import CODE_OF_SIDE
from mesh.timestamps import from_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import order_pb2 as oms
from svc_gateway.adapters.fix.market.market_out import trading_session_status_request
from svc_gateway.service.ports import CannotExpressError, Groups
from svc_gateway.venues import DialectConfig

ORDER_TYPES: Final = {
    oms.ORDER_TYPE_MARKET: "1",
    oms.ORDER_TYPE_LIMIT: "2",
    oms.ORDER_TYPE_STOP: "3",
    oms.ORDER_TYPE_STOP_LIMIT: "4",
    oms.ORDER_TYPE_MARKET_TO_LIMIT: "K",
    oms.ORDER_TYPE_ICEBERG: "2",
    oms.ORDER_TYPE_PEGGED: "P",
    # FIX 4.4 has no value of its own: a trailing peg, by ExecInst(18).
    oms.ORDER_TYPE_TRAILING_STOP: "P",
}
TIMES_IN_FORCE: Final = {
    oms.TIME_IN_FORCE_DAY: "0",
    oms.TIME_IN_FORCE_GTC: "1",
    oms.TIME_IN_FORCE_AT_OPEN: "2",
    oms.TIME_IN_FORCE_IOC: "3",
    oms.TIME_IN_FORCE_FOK: "4",
    oms.TIME_IN_FORCE_GTD: "6",
    oms.TIME_IN_FORCE_AT_CLOSE: "7",
}
PEGS: Final = {
    oms.PEG_REFERENCE_PRIMARY: "R",
    oms.PEG_REFERENCE_MIDPOINT: "M",
    oms.PEG_REFERENCE_MARKET: "P",
}
CAPACITIES: Final = {
    oms.TRADING_CAPACITY_UNSPECIFIED: "A",
    oms.TRADING_CAPACITY_DEAL: "P",
    oms.TRADING_CAPACITY_MTCH: "R",
    oms.TRADING_CAPACITY_AOTC: "A",
}
_TRAILING_STOP_PEG: Final = "a"
_BUYS: Final = frozenset({oms.SIDE_BUY})
_DISPLAY_TAGS: Final = {"max_floor": t.MAX_FLOOR, "display_qty": t.DISPLAY_QTY}
KINDS: Final = {
    "D": link.VENUE_COMMAND_KIND_NEW,
    "F": link.VENUE_COMMAND_KIND_CANCEL,
    "G": link.VENUE_COMMAND_KIND_REPLACE,
}
_CLIENT, _EXECUTING_TRADER, _DECISION_MAKER = "3", "12", "122"
_SHORT_CODE_SOURCE = "P"

Fields = list[tuple[str, str]]


class OrderWriter:
    """Writes commands in one venue's dialect."""

    def __init__(self, dialect: DialectConfig, venue_mic: str = "") -> None:
        self._dialect = dialect
        self._names = dialect.names()
        self._venue_mic = venue_mic

    def write(self, command: link.VenueCommand, now_ns: int) -> tuple[str, Groups]:
        """Return the body of the message and its repeating groups.

        Raises:
            CannotExpressError: it has no form in this dialect.
        """
        groups: Groups = ()
        if command.kind == link.VENUE_COMMAND_KIND_NEW:
            fields = self._new(command, now_ns)
            groups = self._parties(command)
        elif command.kind == link.VENUE_COMMAND_KIND_REPLACE:
            fields = self._replace(command, now_ns)
            groups = self._parties(command)
        elif command.kind == link.VENUE_COMMAND_KIND_CANCEL:
            fields = self._cancel(command, now_ns)
        elif command.kind == link.VENUE_COMMAND_KIND_STATUS:
            subject = command.orig_cl_ord_id or command.cl_ord_id
            fields = self._status(command, subject)
        else:
            raise CannotExpressError(f"command kind {command.kind} is not known to this gateway")
        try:
            return wire.join(fields), groups
        except wire.BadFieldError as error:
            raise CannotExpressError(f"{command.cl_ord_id}: {error}") from error

    def ask(self, command: link.VenueCommand) -> str:
        """Return an OrderStatusRequest(H) about a command that is in doubt."""
        return wire.join(self._status(command, command.cl_ord_id))

    def ask_all(self, request_id: str) -> str:
        """Return an OrderMassStatusRequest(AF) about all orders."""
        return wire.join(
            [(t.MSG_TYPE, "AF"), (t.MASS_STATUS_REQ_ID, request_id), (t.MASS_STATUS_REQ_TYPE, "7")]
        )

    def ask_trading_status(self, request_id: str) -> str:
        """Return a TradingSessionStatusRequest(g), for now and for every change."""
        return trading_session_status_request(request_id)

    def ask_about(self, sent: str) -> tuple[str, str]:
        """Return a ClOrdID(11) and an OrderStatusRequest(H) about a request in the FIX store.

        Both are empty if it needs none. A question that was gap-filled is asked again, because the
        venue has not seen it.
        """
        found = wire.fields(sent)
        if found.get(t.MSG_TYPE) not in {"D", "F", "G", "H"} or not found.get(t.CL_ORD_ID):
            return "", ""
        subject = found[t.CL_ORD_ID]
        fields: Fields = [(t.MSG_TYPE, "H"), (t.ORD_STATUS_REQ_ID, subject), (t.CL_ORD_ID, subject)]
        copied = (t.ORDER_ID, t.ACCOUNT, t.SYMBOL, t.SIDE, t.SECURITY_ID, t.SECURITY_ID_SOURCE)
        fields += [(tag, found[tag]) for tag in copied if tag in found]
        return subject, wire.join(fields)

    def receipt_about(self, sent: str) -> link.CommandReceipt | None:
        """Return the receipt IN_DOUBT for a request in the FIX store, if it needs one.

        A question is never in doubt.
        """
        found = wire.fields(sent)
        if found.get(t.MSG_TYPE) not in KINDS:
            return None
        cl_ord_id = wire.clean(found.get(t.CL_ORD_ID, ""))
        return link.CommandReceipt(
            cl_ord_id=cl_ord_id,
            order_id=cl_ord_id.rpartition("-")[0],
            kind=KINDS[found[t.MSG_TYPE]],
            outcome=link.COMMAND_OUTCOME_IN_DOUBT,
            msg_seq_num=int(found.get(t.MSG_SEQ_NUM, "0")),
            text="the venue asked for it again; it was not sent again but asked about",
        )

    def _new(self, c: link.VenueCommand, now_ns: int) -> Fields:
        fields: Fields = [(t.MSG_TYPE, "D"), (t.CL_ORD_ID, c.cl_ord_id)]
        return fields + self._body(c, now_ns)

    def _replace(self, c: link.VenueCommand, now_ns: int) -> Fields:
        fields: Fields = [(t.MSG_TYPE, "G"), *self._subject(c)]
        return fields + self._body(c, now_ns)

    def _cancel(self, c: link.VenueCommand, now_ns: int) -> Fields:
        fields: Fields = [(t.MSG_TYPE, "F"), *self._subject(c), *self._instrument(c)]
        fields.append((t.TRANSACT_TIME, wire.utc_text(now_ns, self._dialect.transact_time)))
        if c.terms.quantity:
            fields.append(self._quantity(c))
        return fields

    def _quantity(self, c: link.VenueCommand) -> tuple[str, str]:
        """Return OrderQty(38), or CashOrderQty(152) until the venue has reported the former."""
        if not c.terms.quantity_is_estimate:
            return t.ORDER_QTY, c.terms.quantity
        if not self._dialect.cash_quantity:
            raise CannotExpressError(f"{c.cl_ord_id}: the venue takes no CashOrderQty(152)")
        return t.CASH_ORDER_QTY, c.terms.cash_quantity

    def _status(self, c: link.VenueCommand, subject: str) -> Fields:
        fields: Fields = [
            (t.MSG_TYPE, "H"), (t.ORD_STATUS_REQ_ID, subject), (t.CL_ORD_ID, subject),
        ]  # fmt: skip
        if c.venue_order_id:
            fields.append((t.ORDER_ID, c.venue_order_id))
        return fields + self._instrument(c)

    def _subject(self, c: link.VenueCommand) -> Fields:
        if not c.orig_cl_ord_id:
            raise CannotExpressError(f"{c.cl_ord_id}: OrigClOrdID(41) is missing")
        fields: Fields = [(t.CL_ORD_ID, c.cl_ord_id), (t.ORIG_CL_ORD_ID, c.orig_cl_ord_id)]
        if c.venue_order_id:
            fields.append((t.ORDER_ID, c.venue_order_id))
        return fields

    def _instrument(self, c: link.VenueCommand) -> Fields:
        dialect = self._dialect
        side = CODE_OF_SIDE.get(c.side)
        if side is None:
            raise CannotExpressError(f"{c.cl_ord_id}: side {c.side} has no Side(54)")
        fields: Fields = [(t.SYMBOL, self._names.symbol_of(c.symbol)), (t.SIDE, side)]
        if dialect.account_tag == "account" and c.account_id:
            fields.append((t.ACCOUNT, c.account_id))
        if dialect.send_security_id and c.isin:
            fields += [(t.SECURITY_ID, c.isin), (t.SECURITY_ID_SOURCE, "4")]
        if dialect.send_security_exchange and self._venue_mic:
            fields.append((t.SECURITY_EXCHANGE, self._venue_mic))
        return fields

    def _body(self, c: link.VenueCommand, now_ns: int) -> Fields:
        dialect, terms = self._dialect, c.terms
        order_type, in_force = ORDER_TYPES.get(c.type), TIMES_IN_FORCE.get(terms.time_in_force)
        if order_type is None:
            raise CannotExpressError(
                f"{c.cl_ord_id}: order type {c.type} is not known to this gateway"
            )
        if in_force is None:
            raise CannotExpressError(f"{c.cl_ord_id}: time in force {terms.time_in_force} unknown")
        fields = self._instrument(c)
        if dialect.send_handl_inst:
            fields.append((t.HANDL_INST, "1"))
        fields += [
            (t.TRANSACT_TIME, wire.utc_text(now_ns, dialect.transact_time)),
            self._quantity(c), (t.ORD_TYPE, order_type), (t.TIME_IN_FORCE, in_force),
        ]  # fmt: skip
        if terms.limit_price:
            fields.append((t.PRICE, terms.limit_price))
        if terms.stop_price:
            fields.append((t.STOP_PX, terms.stop_price))
        if terms.display_quantity:
            fields.append((_DISPLAY_TAGS[dialect.display_tag], terms.display_quantity))
        if dialect.send_currency and c.currency:
            fields.append((t.CURRENCY, c.currency))
        return fields + self._expiry(c) + _peg(c) + _capacity(c)

    def _expiry(self, c: link.VenueCommand) -> Fields:
        terms = c.terms
        if terms.time_in_force != oms.TIME_IN_FORCE_GTD:
            return []
        expires_ns = from_timestamp(terms.expire_time)
        zone = self._dialect.expire_date_zone
        if zone:
            return [(t.EXPIRE_DATE, wire.date_text(expires_ns, zone))]
        return [(t.EXPIRE_TIME, wire.utc_text(expires_ns, "seconds"))]

    def _parties(self, c: link.VenueCommand) -> Groups:
        if not self._dialect.send_parties:
            return ()
        regulatory = c.regulatory
        parties = (
            (regulatory.client_short_code, _CLIENT),
            (regulatory.execution_decision.short_code, _EXECUTING_TRADER),
            (regulatory.investment_decision.short_code, _DECISION_MAKER),
        )
        entries = [
            wire.join([(t.PARTY_ID, code), (t.PARTY_ID_SOURCE, _SHORT_CODE_SOURCE),
                       (t.PARTY_ROLE, role)])
            for code, role in parties if code
        ]  # fmt: skip
        return ((int(t.NO_PARTY_IDS), int(t.PARTY_ID), entries),) if entries else ()


def _peg(c: link.VenueCommand) -> Fields:
    terms = c.terms
    if c.type == oms.ORDER_TYPE_TRAILING_STOP:
        if not terms.trailing_offset:
            raise CannotExpressError(f"{c.cl_ord_id}: a trailing stop without trailing_offset")
        # A stop is above the price for a buyer and below it for a seller.
        sign = "" if c.side in _BUYS else "-"
        return [
            (t.EXEC_INST, _TRAILING_STOP_PEG),
            (t.PEG_OFFSET_VALUE, f"{sign}{terms.trailing_offset}"),
        ]
    if c.type != oms.ORDER_TYPE_PEGGED:
        return []
    peg = PEGS.get(terms.peg.reference)
    if peg is None:
        raise CannotExpressError(f"{c.cl_ord_id}: a pegged order without peg.reference")
    fields: Fields = [(t.EXEC_INST, peg)]
    if terms.peg.offset:
        fields.append((t.PEG_OFFSET_VALUE, terms.peg.offset))
    return fields


def _capacity(c: link.VenueCommand) -> Fields:
    if not c.HasField("regulatory"):
        return []
    return [(t.ORDER_CAPACITY, CAPACITIES.get(c.regulatory.capacity, "A"))]
