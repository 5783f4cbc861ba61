"""Follow one order: print each event until there is nothing to wait for."""

import asyncio
from typing import Final

from meshctl.blotter import CLOSED
from meshctl.commands.common import EXIT_OK, EXIT_ORDER_NOT_DONE, emit, errors, say
from meshctl.commands.words import (
    event_words,
    filled_words,
    order_words,
    rejection_words,
    state_text,
    waits_words,
)
from ordermesh.oms.v1 import event_pb2, order_pb2
from ordermesh_client import MeshClient

FILLED: Final = order_pb2.ORDER_STATE_FILLED
EXECUTION_WAIT_S: Final = 2.0
"""How long an order that reaches the other side may work before it is said to rest."""


async def follow(
    mesh: MeshClient,
    order: order_pb2.Order,
    change: str = "",
    *,
    as_json: bool,
    timeout_s: float,
    crossing: bool = False,
) -> int:
    """Print each event of an order until it is closed, or the venue has answered and it rests.

    Args:
        mesh: Where to read.
        order: The order as the command's answer had it.
        change: "cancel" or "replace" to wait for the answer to that.
        as_json: One object a line.
        timeout_s: Wait no longer.
        crossing: The limit reaches the other side: the venue acknowledges the order before it
            reports the execution, so NEW is not its outcome.
    """
    print_order(order, as_json=as_json)
    state = order.progress.state
    rests = False
    try:
        async with asyncio.timeout(timeout_s) as deadline:
            async for item in mesh.watch_orders([order.account_id]):
                kind = item.WhichOneof("item")
                if kind == "snapshot" and item.snapshot.order_id == order.order_id:
                    if item.snapshot.last_sequence > order.last_sequence:
                        print_order(item.snapshot, as_json=as_json)
                    state = item.snapshot.progress.state
                    refused = item.snapshot.HasField("rejection")
                elif kind == "event" and item.event.order_id == order.order_id:
                    _print_event(item.event, as_json=as_json)
                    state = item.event.progress.state
                    refused = item.event.WhichOneof("kind") == f"{change}_refused"
                else:
                    continue
                code = _verdict(order, state, change, refused=refused)
                if code == EXIT_OK and crossing and state in _WORKING and not rests:
                    rests = True
                    until = asyncio.get_running_loop().time() + EXECUTION_WAIT_S
                    # The wait for the execution is part of the time that was asked for.
                    deadline.reschedule(min(until, deadline.when() or until))
                elif code is not None and (state not in _WORKING or not crossing):
                    return code
    except TimeoutError:
        if rests:
            return EXIT_OK
        name = order_pb2.OrderState.Name(state).removeprefix("ORDER_STATE_")
        errors.print(
            f"still {name} after {timeout_s:g} s; it continues without this command: "
            "`ordermesh watch orders`"
        )
    return EXIT_ORDER_NOT_DONE


_AUCTION_TIFS: Final = frozenset(
    {order_pb2.TIME_IN_FORCE_AT_OPEN, order_pb2.TIME_IN_FORCE_AT_CLOSE}
)
_RESTING_TIFS: Final = _AUCTION_TIFS | {
    order_pb2.TIME_IN_FORCE_DAY, order_pb2.TIME_IN_FORCE_GTC, order_pb2.TIME_IN_FORCE_GTD,
}  # fmt: skip
# They trade at once, or the venue reports the outcome.
_NEVER_RESTING: Final = frozenset({order_pb2.ORDER_TYPE_UNSPECIFIED, order_pb2.ORDER_TYPE_MARKET})
_WORKING: Final = frozenset({order_pb2.ORDER_STATE_NEW, order_pb2.ORDER_STATE_PARTIALLY_FILLED})
# It waits here, not at the venue, for a price, a parent or a person.
_WAITING: Final = frozenset({order_pb2.ORDER_STATE_HELD, order_pb2.ORDER_STATE_AWAITING_TRIGGER})


def _verdict(order: order_pb2.Order, state: int, change: str, *, refused: bool) -> int | None:
    """Return the exit code, None while the outcome is open."""
    if state in CLOSED:
        wanted = order_pb2.ORDER_STATE_CANCELED if change == "cancel" else FILLED
        return EXIT_OK if state == wanted else EXIT_ORDER_NOT_DONE
    if state not in _WORKING | _WAITING:
        return None
    if change:
        # If the order still works after the cancel, the cancel was refused.
        return EXIT_ORDER_NOT_DONE if refused or change == "cancel" else EXIT_OK
    if state in _WAITING:
        return EXIT_OK
    if order.routing.HasField("schedule"):
        # It is worked until its schedule ends.
        return EXIT_OK
    # An order for an auction waits for the auction, also a market order.
    rests = order.type not in _NEVER_RESTING or order.terms.time_in_force in _AUCTION_TIFS
    return EXIT_OK if rests and order.terms.time_in_force in _RESTING_TIFS else None


def print_order(one: order_pb2.Order, *, as_json: bool) -> None:
    """Print an order and its state."""
    if as_json:
        emit(one)
        return
    filled = f"filled {words} " if (words := filled_words(one)) else ""
    say(f"{one.order_id}  {order_words(one)}  {filled}", state_text(one.progress.state), sep="")
    if one.for_next_session and one.progress.state not in CLOSED:
        say("   the venue does not trade now: the order is for its next trading session")
    if one.listing_status_not_known and one.progress.state not in CLOSED:
        say("   the venue has not said whether the listing is traded: it may refuse the order")
    if waits := waits_words(one.waits_for):
        say(f"   {waits}")
    if one.HasField("rejection"):
        say(f"   {rejection_words(one.rejection)}")


def _print_event(event: event_pb2.OrderEvent, *, as_json: bool) -> None:
    if as_json:
        emit(event)
        return
    say(f"   {event_words(event)} ", state_text(event.progress.state))
