"""Order sessions: FIX requests to use cases of the venue."""

from sim_exchange.adapters.fix.outbound import AnswerBook, Sender
from sim_exchange.adapters.fix.terms import BadTermsError, NotTakenError, read_terms, required
from sim_exchange.service.orders import CxlRejReason
from sim_exchange.service.venue import Venue

CONDITIONALLY_REQUIRED_FIELD_MISSING = 5
UNSUPPORTED_MESSAGE_TYPE = 3
"""BusinessRejectReason(380)."""

_OF_A_SECURITY = "1"
_OF_ALL = "7"
"""MassStatusReqType(585)."""


class OrderSessions:
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
            False for a type that is not handled here.
        """
        handler = self._handlers.get(msg_type)
        if handler is None:
            return False
        with self._venue.lock:
            try:
                handler(client, fields, now_ns)
            finally:
                # Also after an error: what the book did before it must be reported.
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
        request_id, kind = required(fields, "584"), required(fields, "585")
        if kind not in {_OF_A_SECURITY, _OF_ALL}:
            raise NotTakenError(
                f"MassStatusReqType(585) '{kind}' is not 1 (orders of a security) or 7 (all orders)"
            )
        symbol = required(fields, "55") if kind == _OF_A_SECURITY else ""
        self._venue.mass_status(client, request_id, now_ns, symbol)


def _is_repeated(fields: dict[str, str]) -> bool:
    return fields.get("43") == "Y" or fields.get("97") == "Y"
