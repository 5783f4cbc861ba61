"""Order sessions: FIX requests to use cases of the venue."""

from sim_exchange.adapters.fix.outbound import AnswerBook, Sender
from sim_exchange.adapters.fix.wire import SIDES
from sim_exchange.domain.order import MARKET_PRICE, OrderKind, TimeInForce
from sim_exchange.domain.prices import NumberTextError, parse_price, parse_quantity
from sim_exchange.service.orders import CxlRejReason, OrdRejReason, Terms
from sim_exchange.service.venue import Venue

_KINDS = {kind.value: kind for kind in OrderKind}
_TIMES_IN_FORCE = {tif.value: tif for tif in TimeInForce}

CONDITIONALLY_REQUIRED_FIELD_MISSING = 5
UNSUPPORTED_MESSAGE_TYPE = 3
"""BusinessRejectReason(380)."""


class BadTermsError(ValueError):
    """The terms of an order cannot be read or are not supported."""

    def __init__(self, reason: int, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


class MissingFieldError(ValueError):
    """A required field is not there."""


_NAMES = {
    "11": "ClOrdID(11)",
    "38": "OrderQty(38)",
    "40": "OrdType(40)",
    "41": "OrigClOrdID(41)",
    "44": "Price(44)",
    "54": "Side(54)",
    "55": "Symbol(55)",
    "584": "MassStatusReqID(584)",
}


def required(fields: dict[str, str], tag: str) -> str:
    """The value of a required field.

    Raises:
        MissingFieldError: It is missing or empty.
    """
    value = fields.get(tag)
    if not value:
        raise MissingFieldError(f"required field {_NAMES.get(tag, tag)} is missing")
    return value


def read_terms(fields: dict[str, str]) -> Terms:
    """Read what an order asks for.

    Raises:
        MissingFieldError: A required field is missing.
        BadTermsError: A value is wrong or not supported.
    """
    symbol = required(fields, "55")
    side = SIDES.get(required(fields, "54"))
    if side is None:
        text = f"Side(54) '{fields['54']}' is not 1 (buy) or 2 (sell)"
        raise BadTermsError(OrdRejReason.UNSUPPORTED_CHARACTERISTIC, text)
    kind = _KINDS.get(required(fields, "40"))
    if kind is None:
        text = f"OrdType(40) '{fields['40']}' is not 1 (market) or 2 (limit)"
        raise BadTermsError(OrdRejReason.UNSUPPORTED_CHARACTERISTIC, text)
    tif = _TIMES_IN_FORCE.get(fields.get("59") or "0")
    if tif is None:
        text = f"TimeInForce(59) '{fields['59']}' is not 0 (day), 1 (GTC), 3 (IOC) or 4 (FOK)"
        raise BadTermsError(OrdRejReason.UNSUPPORTED_CHARACTERISTIC, text)
    for tag, name in (("99", "StopPx(99)"), ("111", "MaxFloor(111)")):
        if tag in fields:
            text = f"{name} is not supported"
            raise BadTermsError(OrdRejReason.UNSUPPORTED_CHARACTERISTIC, text)
    try:
        quantity = parse_quantity(required(fields, "38"))
    except NumberTextError as error:
        raise BadTermsError(OrdRejReason.INCORRECT_QUANTITY, f"OrderQty(38): {error}") from None
    price = MARKET_PRICE
    if kind is OrderKind.LIMIT:
        try:
            price = parse_price(required(fields, "44"))
        except NumberTextError as error:
            raise BadTermsError(OrdRejReason.OTHER, f"Price(44): {error}") from None
    return Terms(
        fields.get("1", ""), symbol, fields.get("48", ""), side, kind, tif, price, quantity
    )


class OrderDesk:
    """Handles the messages of the order sessions in the thread that calls."""

    def __init__(self, venue: Venue, answers: AnswerBook, sender: Sender) -> None:
        self._venue = venue
        self._answers = answers
        self._sender = sender
        self._handlers = {
            "D": self._new_order,
            "F": self._cancel,
            "G": self._replace,
            "H": self._status,
            "AF": self._mass_status,
        }

    def handle(self, client: str, msg_type: str, fields: dict[str, str], now_ns: int) -> bool:
        """Handle a message and send the answers.

        Returns:
            False for a type this desk does not know.
        """
        handler = self._handlers.get(msg_type)
        if handler is None:
            return False
        with self._venue.lock:
            try:
                handler(client, fields, now_ns)
            finally:
                # Also after an error: what the book did before it must be told.
                self._answers.flush()
        return True

    def _new_order(self, client: str, fields: dict[str, str], now_ns: int) -> None:
        cl_ord_id = required(fields, "11")
        try:
            terms = read_terms(fields)
        except BadTermsError as error:
            self._venue.refuse(client, cl_ord_id, fields, error.reason, error.text, now_ns)
            return
        self._venue.place(
            client, cl_ord_id, terms, now_ns, fields=fields, repeated=_is_repeated(fields)
        )

    def _cancel(self, client: str, fields: dict[str, str], now_ns: int) -> None:
        self._venue.cancel(
            client,
            required(fields, "11"),
            required(fields, "41"),
            now_ns,
            repeated=_is_repeated(fields),
        )

    def _replace(self, client: str, fields: dict[str, str], now_ns: int) -> None:
        cl_ord_id, orig_cl_ord_id = required(fields, "11"), required(fields, "41")
        try:
            terms = read_terms(fields)
        except BadTermsError as error:
            self._venue.reject_change(
                client,
                cl_ord_id,
                orig_cl_ord_id,
                CxlRejReason.OTHER,
                error.text,
                now_ns,
                is_replace=True,
            )
            return
        self._venue.replace(
            client, cl_ord_id, orig_cl_ord_id, terms, now_ns, repeated=_is_repeated(fields)
        )

    def _status(self, client: str, fields: dict[str, str], now_ns: int) -> None:
        order_id = fields.get("37", "")
        cl_ord_id = fields.get("11", "") if order_id else required(fields, "11")
        self._venue.status(client, cl_ord_id, order_id, fields, now_ns)

    def _mass_status(self, client: str, fields: dict[str, str], now_ns: int) -> None:
        self._venue.mass_status(client, required(fields, "584"), now_ns)


def _is_repeated(fields: dict[str, str]) -> bool:
    return fields.get("43") == "Y" or fields.get("97") == "Y"
