"""Reports sent while the connection is cut come once, in order, with PossDupFlag(43)."""

import asyncio

import pytest

from conformance.play import Play
from tests.support.waiting import until
from tests.support.wire import Wire, up

module = pytest.mark.asyncio(loop_scope="module")


async def cut(wire: Wire) -> None:
    """Cut the wire, and wait until the venue knows."""
    wire.cable.cut()
    await until(lambda: not wire.venue.logged_on(), "the venue sees the cut")


async def mend(wire: Wire) -> None:
    wire.cable.mend()
    await up(wire)


@module
async def test_fills_sent_into_a_cut_wire_count_once(wire: Wire) -> None:
    """The fills come after the next logon with PossDupFlag(43); a repeat adds nothing."""
    play = Play(wire)
    await play.say("client", "place 10000")
    await play.say("venue", "new")
    await play.say("venue", "trade 1000 id=E1")
    await play.say("sees", "PARTIALLY_FILLED 1000 9000")
    await cut(wire)
    for line in ("trade 2000 id=E2", "trade 3000 id=E3", "done"):
        await play.say("venue", line)
    await mend(wire)
    await play.say("sees", "DONE_FOR_DAY 6000 4000 executions=3")
    await play.say("venue", "trade 3000 id=E3")
    await play.say("sees", "DONE_FOR_DAY 6000 4000 executions=3")
    assert play.book.cum == 6000


@module
async def test_a_cancel_given_into_a_cut_wire_crosses_a_fill(wire: Wire) -> None:
    """The cancel waits for the session; a fill that the venue sent meanwhile comes first."""
    play = Play(wire)
    await play.say("client", "place 10000")
    await play.say("venue", "new")
    await play.say("sees", "NEW 0 10000")
    await cut(wire)
    await play.say("venue", "trade 4000")
    cancel = asyncio.create_task(play.say("client", "cancel"))
    await mend(wire)
    await cancel
    await play.say("sees", "PENDING_CANCEL 4000 6000")
    await play.say("venue", "canceled")
    await play.say("sees", "CANCELED 4000 0")
    requests = [one for one in wire.venue.of_type("F") if one["11"].startswith(play.order_id)]
    assert len(requests) == 1
