"""When the watch of routed orders asks for a decision, without a database."""

from types import SimpleNamespace

import pytest

from kernel.nanoseconds import NS_PER_S
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Link, LinkKind, Routing, RoutingSchedule, TimeInForce
from svc_oms.domain.routing.decision import Cause, Decision, WakeUp
from svc_oms.service.routing.router import Router
from svc_oms.service.submissions import NOTHING_DONE
from tests.support.clock import ManualClock
from tests.support.order_events import ORDER
from tests.support.routing import D

HOUR_NS = 3600 * NS_PER_S
PARENT = ORDER._replace(
    instrument_id="",
    routing=Routing(5, (), (), RoutingSchedule(1, 2 * HOUR_NS, 3600)),
    link=Link(LinkKind.ROUTED, ORDER.order_id),
    terms=ORDER.terms._replace(time_in_force=TimeInForce.GTC),
    pending_terms=None,
    state=OrderState.NEW,
    base_state=OrderState.NEW,
    version=1,
)


class Watched:
    """A router of one order whose decisions the test makes."""

    def __init__(self):
        self.clock = ManualClock(HOUR_NS)
        self.asked = []
        market = SimpleNamespace(listings=lambda *_: [])
        books = SimpleNamespace(
            on_moved=lambda _: None, need=lambda _: None, keep=lambda _: None,
            follow=list, is_coming=lambda _: False,
            book=lambda _: SimpleNamespace(listings={}),
        )  # fmt: skip
        parts = SimpleNamespace(books=books, market=market)
        self.router = Router(None, parts, self.clock, self.asked.append)
        self.router.learn([PARENT])

    def decided(self, *wake_ups):
        """Take the one decision that is asked for, with its wake-ups; return its cause."""
        (submission,) = self.asked
        self.asked.clear()
        submission.command.decided.append(Decision((), (), tuple(wake_ups), "", D(0), False))
        submission.reply(NOTHING_DONE)
        return Cause(submission.command.cause)


@pytest.fixture
def watched():
    one = Watched()
    one.router.look()
    return one


async def test_a_clock_that_is_set_forward_makes_no_decision_late(watched):
    watched.decided(WakeUp(Cause.TIMER, at_ns=2 * HOUR_NS))
    watched.router.look()
    assert not watched.asked
    # The loop's own timer goes on for an hour.
    watched.clock.advance(3600)
    watched.router.look()
    watched.router.look()
    assert watched.decided() is Cause.TIMER
    watched.router.look()
    assert not watched.asked


@pytest.mark.parametrize(
    "changed",
    [
        {"terms": PARENT.terms._replace(limit_price=D(700))},
        {"pending_terms": PARENT.terms._replace(quantity=D(1))},
        {"state": OrderState.SUSPENDED, "base_state": OrderState.SUSPENDED},
    ],
    ids=["amended", "to become smaller", "paused"],
)
async def test_after_a_command_the_wake_ups_are_those_of_a_new_decision(watched, changed):
    watched.decided(WakeUp(Cause.BOOK, "SIMA", True, D(650)))
    watched.router.learn([PARENT._replace(version=2, cum_quantity=D(1))])
    assert not watched.asked
    watched.router.learn([PARENT._replace(version=3, **changed)])
    assert watched.decided() is Cause.RESUMED
