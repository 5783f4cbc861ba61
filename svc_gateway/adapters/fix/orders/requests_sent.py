"""Reads a request in the FIX store as the command it was: `orders_out.py`, the other way round.

The order book asks for this when it lost what it had committed. What the venue's dialect leaves
out of a message cannot be read from it.
"""

from collections.abc import Mapping
from typing import Final

from fix import tags as t
from fix import wire
from kernel.order_ids import order_id_of
from kernel.side import SIDE_OF_CODE
from mesh.timestamps import to_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import order_pb2 as oms
from svc_gateway.adapters.fix.orders.orders_out import KINDS, ORDER_TYPES, PEGS, TIMES_IN_FORCE
from svc_gateway.venues import DialectConfig

_TYPES: Final = {code: kind for kind, code in ORDER_TYPES.items() if code not in {"2", "P"}}
_IN_FORCE: Final = {code: kind for kind, code in TIMES_IN_FORCE.items()}
_PEG_REFERENCES: Final = {code: kind for kind, code in PEGS.items()}
_TRAILING_STOP_PEG: Final = "a"
_DISPLAY: Final = (t.MAX_FLOOR, t.DISPLAY_QTY)


class SentReader:
    """Reads requests in one venue's dialect; see `service.ports.SentReader`."""

    def __init__(self, dialect: DialectConfig) -> None:
        self._names = dialect.names()

    def read(self, msg_seq_num: int, raw: str) -> link.SentRequest:
        """Return a request with its command, or with the reason why it cannot be read."""
        found = wire.fields(raw)
        sent = link.SentRequest(
            msg_seq_num=msg_seq_num, cl_ord_id=wire.clean(found.get(t.CL_ORD_ID, ""))
        )
        try:
            sent.command.CopyFrom(self._command(found, sent.cl_ord_id))
        except ValueError as error:
            sent.ClearField("command")
            sent.error = str(error)[:256]
        return sent

    def _command(self, found: Mapping[str, str], cl_ord_id: str) -> link.VenueCommand:
        command = link.VenueCommand(
            cl_ord_id=cl_ord_id,
            orig_cl_ord_id=found.get(t.ORIG_CL_ORD_ID, ""),
            kind=KINDS[found.get(t.MSG_TYPE, "")],
            order_id=order_id_of(cl_ord_id),
            venue_order_id=found.get(t.ORDER_ID, ""),
            account_id=found.get(t.ACCOUNT, ""),
            symbol=self._names.name_of(found[t.SYMBOL]) if t.SYMBOL in found else "",
            isin=found.get(t.SECURITY_ID, ""),
            currency=found.get(t.CURRENCY, ""),
        )
        side = SIDE_OF_CODE.get(found.get(t.SIDE, ""))
        if side is None:
            raise ValueError(f"Side(54) is {found.get(t.SIDE)!r}, should be 1, 2, 5 or 6")
        command.side = side  # type: ignore[assignment] # by number
        if command.kind != link.VENUE_COMMAND_KIND_CANCEL:
            command.type = _type(found)
            command.terms.CopyFrom(_terms(found))
        return command


def _type(found: Mapping[str, str]) -> oms.OrderType:
    code = found.get(t.ORD_TYPE, "")
    if code == "2":
        shown = any(tag in found for tag in _DISPLAY)
        return oms.ORDER_TYPE_ICEBERG if shown else oms.ORDER_TYPE_LIMIT
    if code == "P":
        trails = found.get(t.EXEC_INST) == _TRAILING_STOP_PEG
        return oms.ORDER_TYPE_TRAILING_STOP if trails else oms.ORDER_TYPE_PEGGED
    if code not in _TYPES:
        raise ValueError(f"OrdType(40) is {code!r}, which this gateway does not send")
    return _TYPES[code]


def _terms(found: Mapping[str, str]) -> oms.OrderTerms:
    in_force = found.get(t.TIME_IN_FORCE, "0")
    if in_force not in _IN_FORCE:
        raise ValueError(f"TimeInForce(59) is {in_force!r}, which this gateway does not send")
    terms = oms.OrderTerms(
        quantity=found.get(t.ORDER_QTY, ""),
        limit_price=found.get(t.PRICE, ""),
        stop_price=found.get(t.STOP_PX, ""),
        display_quantity=next((found[tag] for tag in _DISPLAY if tag in found), ""),
        time_in_force=_IN_FORCE[in_force],
    )
    if t.CASH_ORDER_QTY in found:
        terms.cash_quantity = found[t.CASH_ORDER_QTY]
    reference = _PEG_REFERENCES.get(found.get(t.EXEC_INST, ""))
    offset = found.get(t.PEG_OFFSET_VALUE, "")
    if reference is not None and found.get(t.ORD_TYPE) == "P":
        terms.peg.reference = reference
        terms.peg.offset = offset
    elif offset:
        terms.trailing_offset = offset.removeprefix("-")
    if t.EXPIRE_TIME in found:
        terms.expire_time.CopyFrom(to_timestamp(wire.utc_ns(found[t.EXPIRE_TIME])))
    return terms
