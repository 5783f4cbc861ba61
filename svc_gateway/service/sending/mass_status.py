"""One question about everything in doubt: OrderMassStatusRequest(AF), once after a logon.

A crash can leave thousands of requests in doubt, and a venue takes only so many messages a second.
Where it offers mass status it is asked once, and its reports end the doubts that they mention.
Nothing is concluded from silence: a venue may leave out closed orders. Requests that it did not
mention when its answer is complete, or `ANSWER_WAIT_S` later, are asked about one by one, and so
is every doubt that arose after the question.

The answer knows of everything sent before the question. The OMS concludes the same from a single
answer that returns OrdStatusReqID(790). So a report that answers our own question gets the number
of the youngest request of its order that was in doubt when we asked. A report that answers another
question, or one asked before a crash, gets none.
"""

from collections.abc import Iterable

from ordermesh.gateway.v1 import venue_link_service_pb2 as link

# How long single questions wait for the end of the mass answer. Seconds.
ANSWER_WAIT_S = 10.0


class MassStatus:
    """The question of one logon.

    Args:
        offered: Whether the venue answers OrderMassStatusRequest(AF).
    """

    def __init__(self, *, offered: bool) -> None:
        self._offered = offered
        self._due = offered
        self._asked_id = ""
        self._wait_until = 0.0
        self._youngest: dict[str, str] = {}

    def logged_on(self) -> None:
        """Begin anew: an earlier question will not be answered."""
        self._due, self._asked_id = self._offered, ""

    @property
    def due(self) -> bool:
        """Whether the one question has not been asked yet."""
        return self._due

    def waits(self, now_s: float) -> bool:
        """Return whether single questions should wait for the answer."""
        return bool(self._asked_id) and now_s < self._wait_until

    def asked(self, request_id: str, subjects: Iterable[str], now_s: float) -> None:
        """Note the question and which ClOrdID(11)s were in doubt before it."""
        self._due, self._asked_id = False, request_id
        self._wait_until = now_s + ANSWER_WAIT_S
        self._youngest = {}
        for subject in subjects:
            order_id, _, number = subject.rpartition("-")
            known = self._youngest.get(order_id, "").rpartition("-")[2]
            if not known or (number.isdecimal() and int(number) > int(known)):
                self._youngest[order_id] = subject

    def heard(self, report: link.ExecutionReport) -> str:
        """Name the question that a report answers for the OMS; return its order, or ""."""
        if not self._asked_id or report.mass_status_request_id != self._asked_id:
            return ""
        order_id = report.cl_ord_id.rpartition("-")[0]
        subject = self._youngest.get(order_id)
        if subject is None:
            return ""
        report.status_request_id = subject
        return order_id

    def over(self, request_id: str = "") -> None:
        """Stop waiting: the answer is complete, or the venue refused the question."""
        if request_id in {"", self._asked_id}:
            self._asked_id = ""


def unanswered(doubts: Iterable[tuple[str, str]], order_id: str) -> list[tuple[str, str]]:
    """Return the doubts that are not of an order."""
    return [doubt for doubt in doubts if doubt[0].rpartition("-")[0] != order_id]
