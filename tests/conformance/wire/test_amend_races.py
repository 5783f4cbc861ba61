"""Every amend crossed by everything that can cross it, at every place on the wire.

A replace or cancel in flight never hides a fill, sums hold, and in the end the client sees what the
venue has. The venue is truthful, but its messages may come in another order than things happened:
`late` crossings are true before the answer and reported after it.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product

import grpc.aio
import pytest

from conformance.play import NAMES, Play
from conformance.scripted_venue import Fields, body
from ordermesh.oms.v1 import order_pb2
from tests.support.waiting import until
from tests.support.wire import Wire

REQUESTS = {
    "cancel": ("cancel",),
    "decrease": ("replace 8000",),
    "increase": ("replace 12000",),
    "cancel_after_replace": ("replace 8000", "cancel"),
}
CROSSINGS = {
    "partial_fill": "trade 1000",
    "full_fill": "trade",
    "unsolicited_cancel": "canceled for=X",
    "expire": "expired for=X",
    "refusal": "cancel_reject reason=2",
    "pending": "pending",
}
# Crossed on the wire; between request and answer; between the answers to two; reported after them.
PLACES = ("crossed", "between", "middle", "late")
# The venue cancelled or replaced the order, and then reports a fill it did before: the book had it
# closed, or the CumQty(14) of the answer was above its executions until the fill came.
FLAGGED = {
    ("cancel", "partial_fill", "late"),
    ("cancel_after_replace", "partial_fill", "late"),
    ("decrease", "partial_fill", "late"),
    ("increase", "partial_fill", "late"),
}  # fmt: skip


def races() -> list[tuple[str, str, str]]:
    """The product, without what cannot be: an answer before its request, a middle of one."""
    return [
        (request, crossing, place)
        for request, crossing, place in product(REQUESTS, CROSSINGS, PLACES)
        if not (place == "crossed" and crossing in {"refusal", "pending"})
        and not (place == "middle" and request != "cancel_after_replace")
    ]


def words(play: Play, request: str, crossing: str) -> str:
    """What the venue says: the first request is the one that is refused or considered."""
    first_is_cancel = request == "cancel"
    if crossing == "full_fill":
        return f"trade {play.book.leaves}"
    if crossing == "pending":
        return f"pending_{'cancel' if first_is_cancel else 'replace'} for=Y"
    return CROSSINGS[crossing] + (" for=Y" if crossing == "refusal" else "")


def answer(play: Play, letter: str, refused: set[str]) -> str:
    """What a truthful venue answers, as its book stands."""
    book = play.book
    if letter in refused:
        return ""
    if book.closed or book.cum >= book.quantity:
        return play.message(["cancel_reject", f"for={letter}", "reason=0"])
    kind = "replaced" if letter in play.asked else "canceled"
    return play.message([kind, f"for={letter}", f"orig={'X' if letter == 'Y' else 'Y'}"])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("request_", "crossing", "place"), races())
async def test_race(wire: Wire, request_: str, crossing: str, place: str) -> None:
    """{cancel, decrease, increase, cancel after a replace} x {partial fill, full fill, unsolicited
    cancel, expiry, refusal, pending} x {crossed, between, in the middle, late}."""
    play = Play(wire)
    await play.say("client", "place 10000")
    await play.say("venue", "new")
    await play.say("sees", "NEW 0 10000")
    messages: list[str] = []
    if place == "crossed":
        # Sent before the venue reads the request; the book may see either first.
        await play.say("venue", words(play, request_, crossing))
    for line in REQUESTS[request_]:
        try:
            await play.say("client", line)
        except grpc.aio.AioRpcError:
            # The book had seen the report that closed it already: this one was not sent.
            assert place == "crossed"
            assert crossing in {"full_fill", "unsolicited_cancel", "expire"}
            break
    letters = ["Y", "Z"][: play.requests - 1]
    if place == "middle":
        messages.append(answer(play, letters[0], set()))
    if place != "crossed":
        messages.append(play.message(words(play, request_, crossing).split()))
    refused = {"Y"} if crossing == "refusal" and place != "middle" else set()
    rest = letters[1 if place == "middle" else 0 :]
    messages += [answer(play, letter, refused) for letter in rest]
    if place == "late":
        messages.append(messages.pop(0))
    for text in filter(None, messages):
        wire.venue.send(text)
    await wire.settled()
    anomalies = await agreed(play)
    assert (anomalies > 0) == ((request_, crossing, place) in FLAGGED)


async def agreed(play: Play) -> int:
    """Compare the client's view with the venue's book; return the number of anomalies."""
    found = await play.path.get(play.order_id)
    order, progress, book = found.order, found.order.progress, play.book
    assert Decimal(progress.cum_quantity) == book.cum
    assert Decimal(progress.leaves_quantity) == book.leaves
    assert sum(Decimal(one.quantity) for one in found.executions) == book.cum
    assert Decimal(order.terms.quantity) == book.quantity
    assert not order.HasField("pending_terms") or book.closed
    closed = NAMES[progress.state] in {"CANCELED", "FILLED", "EXPIRED"}
    assert closed == (book.leaves == 0)
    if not closed:
        assert NAMES[progress.state] == ("PARTIALLY_FILLED" if book.cum else "NEW")
    return order.anomaly_count


# --- Under load -----------------------------------------------------------------------------------

ORDERS = 200


@dataclass
class Crossing:
    """A venue that crosses every amend with a fill, alternately before and after its answer."""

    turn: int = 0
    quantity: dict[str, int] = field(default_factory=dict)
    cum: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    closed: set[str] = field(default_factory=set)

    def report(self, request: Fields, exec_type: str, status: str, **tags: str) -> str:
        order = request["11"].rpartition("-")[0]
        self.turn += 1
        leaves = 0 if order in self.closed else self.quantity[order] - self.cum[order]
        base = {
            "t37": f"V-{order}", "t11": request["11"], "t17": f"R{self.turn}", "t150": exec_type,
            "t39": status, "t55": "ASML", "t54": "1", "t38": str(self.quantity[order]),
            "t151": str(leaves), "t14": str(self.cum[order]), "t6": "50",
        }  # fmt: skip
        return body("8", **base | ({"t41": request["41"]} if "41" in request else {}) | tags)

    def fill(self, request: Fields) -> str:
        order = request["11"].rpartition("-")[0]
        self.cum[order] += 100
        under = {"11": request.get("41", request["11"])}
        return self.report(under, "F", "1", t32="100", t31="50")

    def new(self, request: Fields) -> list[str]:
        self.quantity[request["11"].rpartition("-")[0]] = int(request["38"])
        return [self.report(request, "0", "0")]

    def replace(self, request: Fields) -> list[str]:
        fill = self.fill(request)
        self.quantity[request["11"].rpartition("-")[0]] = int(request["38"])
        answers = [fill, self.report(request, "5", "1")]
        return answers if self.turn % 4 < 2 else answers[::-1]

    def cancel(self, request: Fields) -> list[str]:
        fill = self.fill(request)
        self.closed.add(request["11"].rpartition("-")[0])
        answers = [fill, self.report(request, "4", "4")]
        return answers if self.turn % 4 < 2 else answers[::-1]


@pytest.mark.asyncio(loop_scope="module")
async def test_every_amend_of_two_hundred_orders_is_crossed_by_a_fill(wire: Wire) -> None:
    """All at once, alternately before and after the answer; client and venue agree on each."""
    venue = Crossing()
    scripts = {"D": venue.new, "G": venue.replace, "F": venue.cancel}
    for kind, script in scripts.items():
        wire.venue.on(kind, script)

    async def trade(number: int) -> str:
        play = Play(wire)
        await play._ask(["place", "10000"])
        await play._ask(["replace", "8000" if number % 2 else "12000"])
        if number % 5:
            await play._ask(["cancel"])
        return play.order_id

    try:
        order_ids = await asyncio.gather(*(trade(number) for number in range(ORDERS)))
        amends = ORDERS + sum(number % 5 > 0 for number in range(ORDERS))
        await until(lambda: venue.turn == ORDERS + 2 * amends, "the venue answered everything")
        await wire.settled()
    finally:
        for kind in scripts:
            wire.venue.ignore(kind)
    for order_id in order_ids:
        order = await wire.order(order_id)
        closed = order_id in venue.closed
        quantity, cum = venue.quantity[order_id], venue.cum[order_id]
        state = "CANCELED" if closed else "PARTIALLY_FILLED"
        seen = (NAMES[order.progress.state], int(order.progress.cum_quantity))
        assert seen == (state, cum)
        assert int(order.terms.quantity) == quantity
        assert int(order.progress.leaves_quantity) == (0 if closed else quantity - cum)
        assert order.progress.average_price == "50"
        assert not order.HasField("pending_terms")
    assert {venue.cum[one] for one in order_ids} == {100, 200}
    assert order_pb2.ORDER_STATE_UNKNOWN not in {
        (await wire.order(one)).progress.state for one in order_ids
    }
