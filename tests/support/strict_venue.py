"""A venue that keeps the protocol, and a gateway that dies: one order between them.

The venue reads its inbox in order and reports in order. The gateway sends commands
in order, each at most once; when it dies it no longer knows whether the last one
left, says IN_DOUBT, and asks. Nothing here knows the OMS's domain but its facts.
"""

from collections import deque
from decimal import Decimal

from svc_oms.domain.facts import CancelRejectFacts, ExecutionReportFacts, ReceiptFacts
from svc_oms.domain.model import OrderTerms

UNKNOWN_ORDER, PENDING_ALREADY, TOO_LATE = 1, 3, 0


class StrictVenue:
    """Works one order. `names_the_order`: status answers have the order's ClOrdID(11) now.

    Other venues put there the one that was asked about. OrdStatusReqID(790) all return.

    With `legs` each replace gets an OrderID(37) of its own, and the venue reports the end of the
    one before: "before" or "after" it reports the replace.
    """

    def __init__(self, *, names_the_order: bool, legs: str = ""):
        self.names_the_order = names_the_order
        self.legs = legs
        self.leg = 1
        self.inbox = deque()
        self.out = deque()
        self.known = set()
        self.status = ""  # OrdStatus(39) without pending requests; "" before the order
        self.considering = None
        self.cl_ord_id = ""
        self.quantity = self.price = None
        self.cum = Decimal(0)
        self.fills = 0

    @property
    def works(self):
        return self.status in {"0", "1"}

    def read(self, *, consider=False, refuse=False):
        """Take one message from the inbox."""
        kind, cl_ord_id, terms = self.inbox.popleft()
        if kind == "H":
            self._answer(cl_ord_id)
            return
        assert cl_ord_id not in self.known, "a request came twice"
        if kind == "D":
            self.known.add(cl_ord_id)
            self.cl_ord_id, self.quantity, self.price = cl_ord_id, terms.quantity, terms.limit_price
            self.status = "8" if refuse else "0"
            self._report(self.status)
        elif self.status in {"", "8"}:
            self._refuse(kind, cl_ord_id, UNKNOWN_ORDER)
        else:
            self.known.add(cl_ord_id)
            if not self.works or refuse:
                self._refuse(kind, cl_ord_id, TOO_LATE)
            elif self.considering:
                self._refuse(kind, cl_ord_id, PENDING_ALREADY)
            elif consider:
                self.considering = (kind, cl_ord_id, terms)
                self._report({"F": "6", "G": "E"}[kind], cl_ord_id)
            else:
                self._grant(kind, cl_ord_id, terms)

    def conclude(self, *, refuse=False):
        """Answer the request under consideration."""
        kind, cl_ord_id, terms = self.considering
        self.considering = None
        if refuse or not self.works:
            self._refuse(kind, cl_ord_id, TOO_LATE)
        else:
            self._grant(kind, cl_ord_id, terms)

    def fill(self, quantity):
        """Execute at most what is left."""
        quantity = min(Decimal(quantity), self.quantity - self.cum)
        self.cum += quantity
        self.fills += 1
        self.status = "2" if self.cum == self.quantity else "1"
        self._report("F", exec_id=f"E{self.fills}", last_quantity=quantity, last_price=self.price)

    def end(self, exec_type):
        """Cancel unasked, or expire."""
        self.status = exec_type
        self._report(exec_type)

    def _grant(self, kind, cl_ord_id, terms):
        if kind == "F":
            self.status = "4"
            self._report("4", cl_ord_id)
            return
        before = self.cl_ord_id
        if self.legs == "before":
            self._report_end_of_leg(before, self.leg)
        self.cl_ord_id, self.price = cl_ord_id, terms.limit_price
        self.quantity = max(terms.quantity, self.cum)
        self.leg += bool(self.legs)
        if self.cum == self.quantity:
            self.status = "2"
        self._report("5", cl_ord_id)
        if self.legs == "after":
            self._report_end_of_leg(before, self.leg - 1)

    def _report_end_of_leg(self, cl_ord_id, leg):
        self.out.append(
            ExecutionReportFacts(
                cl_ord_id,
                "4",
                "4",
                venue_order_id=f"V{leg}",
                cum_quantity=self.cum,
                leaves_quantity=Decimal(0),
            )
        )

    def _refuse(self, kind, cl_ord_id, reason):
        self.out.append(
            CancelRejectFacts(
                cl_ord_id,
                response_to={"F": "1", "G": "2"}[kind],
                cxl_rej_reason=reason,
                ord_status=self._shown() or "8",
            )
        )

    def _answer(self, asked):
        if asked in self.known:
            named = self.cl_ord_id if self.names_the_order else asked
            self._report("I", named, status_request_id=asked)
        else:
            self.out.append(
                ExecutionReportFacts(asked, "I", "8", ord_rej_reason=5, status_request_id=asked)
            )

    def _shown(self):
        """OrdStatus(39), by precedence."""
        if self.considering and self.works:
            return {"F": "6", "G": "E"}[self.considering[0]]
        return self.status

    def _report(self, exec_type, cl_ord_id="", **fields):
        closed = self.status not in {"0", "1"}
        self.out.append(
            ExecutionReportFacts(
                cl_ord_id or self.cl_ord_id,
                exec_type,
                self._shown(),
                venue_order_id=f"V{self.leg}",
                order_quantity=self.quantity,
                limit_price=self.price,
                cum_quantity=self.cum,
                leaves_quantity=Decimal(0) if closed else self.quantity - self.cum,
                **fields,
            )
        )


class MortalGateway:
    """Sends the outbox in order, and may die at every command."""

    def __init__(self, venue: StrictVenue):
        self.venue = venue
        self.outbox = deque()
        self.doubts = deque()
        self.to_oms = deque()

    def submit(self, kind: str, cl_ord_id: str, terms: OrderTerms | None = None):
        self.outbox.append((kind, cl_ord_id, terms))

    def send(self, fate: str):
        """Send the next command.

        "sent"; "lost", or "arrived", and the gateway died over it; "gapped": lost although
        it went well, as the venue's ResendRequest(2) shows later; "stale": too old to send.
        """
        kind, cl_ord_id, terms = self.outbox.popleft()
        if kind == "H":
            # The OMS asks about a contradiction. It repeats the question until it was sent.
            self.venue.inbox.append((kind, cl_ord_id, terms))
            return
        if kind == "F" and fate == "stale":
            fate = "sent"  # a cancel is never too old
        if fate in {"sent", "arrived"}:
            self.venue.inbox.append((kind, cl_ord_id, terms))
        name = {"D": "NEW", "F": "CANCEL", "G": "REPLACE"}[kind]
        if fate in {"lost", "arrived", "gapped"}:
            self.doubts.append(cl_ord_id)
        outcome = {"sent": "SENT", "gapped": "SENT", "stale": "NOT_SENT"}.get(fate, "IN_DOUBT")
        self.to_oms.append(ReceiptFacts(cl_ord_id, name, outcome))

    def ask(self):
        """Ask about the oldest doubt."""
        self.venue.inbox.append(("H", self.doubts.popleft(), None))

    def relay(self):
        """Hand the OMS the venue's next message."""
        self.to_oms.append(self.venue.out.popleft())
