"""Requests to a simulated venue and its answers, as FIX fields, without QuickFIX."""

from fix.wire import read_fields
from sim_exchange.adapters.fix.terms import read_terms
from sim_exchange.adapters.fix.wire import answer_body
from sim_exchange.domain.order import Order, Side
from sim_exchange.instruments import INSTRUMENTS
from sim_exchange.service.venue import Venue

SAP = {
    "55": "SAP",
    "54": "1",
    "38": "100",
    "40": "2",
    "44": "240",
    "1": "ACC",
    "48": "DE0007164600",
}


class Driver:
    """Sends requests to a venue and gives its answers as fields."""

    def __init__(self, **options) -> None:
        self.venue = Venue("SIMA", options.pop("instruments", INSTRUMENTS), **options)
        self.now = 1

    def answers(self) -> list[dict[str, str]]:
        answers, self.venue.answers = self.venue.answers, []
        return [read_fields("37=" + answer_body(one, "SIMA") + "\x01") for one in answers]

    def place(self, cl_ord_id: str, repeated=False, **changes) -> list[dict[str, str]]:
        fields = {**SAP, **changes}
        fields = {tag: value for tag, value in fields.items() if value is not None}
        self.now += 1
        self.venue.place(
            "C", cl_ord_id, read_terms(fields), self.now, fields=fields, repeated=repeated
        )
        return self.answers()

    def cancel(self, cl_ord_id, orig, repeated=False) -> list[dict[str, str]]:
        self.venue.cancel("C", cl_ord_id, orig, self.now, repeated=repeated)
        return self.answers()

    def replace(self, cl_ord_id, orig, **changes) -> list[dict[str, str]]:
        fields = {tag: value for tag, value in {**SAP, **changes}.items() if value is not None}
        self.venue.replace("C", cl_ord_id, orig, read_terms(fields), self.now, repeated=False)
        return self.answers()

    def status(self, cl_ord_id="", order_id="") -> dict[str, str]:
        self.venue.status("C", cl_ord_id, order_id, {"790": "Q"}, self.now)
        return self.answers()[0]

    def rest(self, side=Side.SELL, price=2_400_000, quantity=60) -> None:
        book = self.venue.markets["SAP"].book
        book.submit(Order(object(), side, price, quantity), self.now)


def short(answer: dict[str, str]) -> tuple:
    return tuple(answer.get(tag, "") for tag in ("11", "150", "39", "151", "14"))
