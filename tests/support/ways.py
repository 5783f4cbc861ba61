"""Every way in which an order can come to its venue, as data, on a `LimitBench`.

A way prepares an order of 10 shares, if it waits here first, and then lets it go to the venue. The
limits of a test are set between the two.
"""

import dataclasses
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, NamedTuple

from mesh.errors import MeshError
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from ordermesh.type.v1 import error_pb2
from svc_oms.api.orders import order_requests as requests
from svc_oms.domain.commands import TriggerOrder
from svc_oms.domain.routing.decision import Cause
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.submissions import EVERY_ACCOUNT, CommandKind, RouteOrder, Submission
from tests.support.limits import ALICE, BUY, SELL, LimitBench
from tests.support.routed import ISIN, KEY, consolidated

ANNA = dataclasses.replace(ALICE, subject="anna")
OCO, OTO = order_pb2.ORDER_LINK_KIND_OCO, order_pb2.ORDER_LINK_KIND_OTO
BRACKET = order_pb2.ORDER_LINK_KIND_BRACKET
LIMIT, STOP = order_pb2.ORDER_TYPE_LIMIT, order_pb2.ORDER_TYPE_STOP
STOP_LIMIT = order_pb2.ORDER_TYPE_STOP_LIMIT
TRAILING_STOP = order_pb2.ORDER_TYPE_TRAILING_STOP
DAY = order_pb2.TIME_IN_FORCE_DAY
QUANTITY = 10
STOP_PRICE = "100"


def other(side: int) -> int:
    return SELL if side == BUY else BUY


def terms(**fields: Any) -> order_pb2.OrderTerms:
    return order_pb2.OrderTerms(**{"quantity": str(QUANTITY), "time_in_force": DAY} | fields)


def link(kind: int, parent: str = "") -> order_pb2.OrderLink:
    return order_pb2.OrderLink(kind=kind, group_id="G", parent_order_id=parent)


async def send(bench: LimitBench, side: int, **fields: Any) -> Any:
    """Place an order; without a type a limit order at 100."""
    request = order_service_pb2.PlaceRequest(
        **{
            "idempotency_key": f"w{next(bench._keys)}",
            "account_id": "ACC-ALICE",
            "instrument_id": "ASML.SIMA",
            "side": side,
            "type": LIMIT,
            "terms": terms(limit_price="100"),
        }
        | fields
    )
    outcome = (await bench.work(requests.place, request))[0]
    if not isinstance(outcome, MeshError):
        bench.orders.append(outcome.order_id)
    return outcome


async def waiting(bench: LimitBench, side: int, **fields: Any) -> int:
    """Place an order that has to be taken; return its number."""
    outcome = await send(bench, side, **fields)
    assert not isinstance(outcome, MeshError), outcome
    return len(bench.orders) - 1


async def trigger(bench: LimitBench, number: int, price: str | None = None) -> None:
    """Let the watch say that an order may go on, with the price it saw."""
    seen = None if price is None else Decimal(price)
    best = None if price is None else Decimal(price) + (-1 if (await is_buy(bench, number)) else 1)
    command = TriggerOrder("ACC-ALICE", bench.orders[number], seen, best)
    submission = Submission(CommandKind.TRIGGER, command, EVERY_ACCOUNT, b"", lambda _: None)
    await bench.book.worker.work([submission])


async def is_buy(bench: LimitBench, number: int) -> bool:
    return (await bench.order(number)).is_buy


async def approve(bench: LimitBench, number: int) -> Any:
    """Approve as a second person."""
    request = order_service_pb2.ApproveRequest(
        idempotency_key=f"w{next(bench._keys)}", order_id=bench.orders[number]
    )
    outcomes: list[Any] = []
    await bench.book.worker.work([requests.approve(request, ANNA, outcomes.append)])
    return outcomes[0]


async def reason(bench: LimitBench, number: int, outcome: Any = None) -> str:
    """Return why an order did not go; empty if it went."""
    if isinstance(outcome, MeshError):
        return outcome.reason
    rejection = (await bench.order(number)).rejection
    return rejection.reason if rejection else ""


async def session(bench: LimitBench, state: int) -> None:
    """Let the order session go up or down."""
    status = gw.SessionStatus(session_id="sima-orders", venue_mic="SIMA", state=state)
    opened = gw.LinkOpen(
        session_id="sima-orders", venue_mic="SIMA", gateway_instance="g", status=status
    )
    bench.link = await bench.book.leases.take(opened)


async def sent(bench: LimitBench, number: int) -> list[tuple[str, int]]:
    """Return (order, kind) of the commands in the outbox, up to and with this order's."""
    rows = await bench.store.outbox("sima-orders", 0, 100)
    commands = [gw.VenueCommand.FromString(payload) for _, payload in rows]
    found = [(command.order_id, command.kind) for command in commands]
    order_id = bench.orders[number]
    return found if any(name == order_id for name, _ in found) else []


Prepare = Callable[[LimitBench, int, str], Awaitable[int]]
Go = Callable[[LimitBench, int, int, str], Awaitable[str]]


class Way(NamedTuple):
    """A way to the venue.

    Attributes:
        prepare: Accepts the order if it waits here; returns its number. Takes side and price.
        go: Lets it go to the venue; returns the reason of the refusal, or "".
        priced: It goes with a limit price.
        waited: It waited here.
        reduces: It closes what the account has just got.
    """

    prepare: Prepare
    go: Go
    priced: bool = True
    waited: bool = True
    reduces: bool = False


async def _nothing(bench: LimitBench, _side: int, _price: str) -> int:
    return len(bench.orders)


async def _place(bench: LimitBench, _number: int, side: int, price: str) -> str:
    outcome = await send(bench, side, terms=terms(limit_price=price))
    return outcome.reason if isinstance(outcome, MeshError) else ""


async def _batch(bench: LimitBench, _number: int, side: int, price: str) -> str:
    order = order_service_pb2.PlaceRequest(
        idempotency_key=f"w{next(bench._keys)}", account_id="ACC-ALICE",
        instrument_id="ASML.SIMA", side=side, type=LIMIT, terms=terms(limit_price=price),
    )  # fmt: skip
    request = order_service_pb2.PlaceBatchRequest(
        idempotency_key=f"w{next(bench._keys)}", account_id="ACC-ALICE", orders=[order]
    )
    outcome = (await bench.work(requests.place_batch, request))[0]
    (result,) = order_service_pb2.PlaceBatchResponse.FromString(outcome.body).results
    bench.orders += [result.order.order_id] if result.HasField("order") else []
    return reason_name(result.rejection.reason)


def reason_name(number: int) -> str:
    """Return the name of a reason without its prefix; empty for none."""
    name = error_pb2.ErrorReason.Name(number).removeprefix("ERROR_REASON_")
    return "" if name == "UNSPECIFIED" else name


async def _working(bench: LimitBench, side: int, _price: str) -> int:
    away = "90" if side == BUY else "110"
    return await waiting(bench, side, terms=terms(quantity="5", limit_price=away))


async def _replace(bench: LimitBench, number: int, _side: int, price: str) -> str:
    return await reason(bench, number, await bench.replace(number, QUANTITY, price))


def _accepted(**fields: Any) -> Prepare:
    async def prepare(bench: LimitBench, side: int, price: str) -> int:
        made = dict(fields)
        given = {"limit_price": price} if made.pop("priced", False) else {}
        if "stop" in made:
            given |= made.pop("stop")
        return await waiting(bench, side, terms=terms(**given), **made)

    return prepare


async def _approve(bench: LimitBench, number: int, _side: int, _price: str) -> str:
    return await reason(bench, number, await approve(bench, number))


async def _trigger(bench: LimitBench, number: int, _side: int, _price: str) -> str:
    await trigger(bench, number, STOP_PRICE)
    return await reason(bench, number)


async def _approved_stop(bench: LimitBench, side: int, price: str) -> int:
    hold = _accepted(type=STOP_LIMIT, priced=True, stop=AT, hold_for_approval=True)
    number = await hold(bench, side, price)
    await approve(bench, number)
    return number


async def _reached_stop(bench: LimitBench, side: int, price: str) -> int:
    number = await _accepted(type=STOP_LIMIT, priced=True, stop=AT)(bench, side, price)
    await session(bench, gw.SESSION_STATE_DOWN)
    await trigger(bench, number, STOP_PRICE)
    await session(bench, gw.SESSION_STATE_UP)
    return number


async def _go_on(bench: LimitBench, number: int, _side: int, _price: str) -> str:
    await trigger(bench, number)
    return await reason(bench, number)


async def _oco_leg(bench: LimitBench, side: int, price: str) -> int:
    away = "80" if side == BUY else "120"
    await waiting(bench, side, terms=terms(limit_price=away), link=link(OCO))
    leg = {"type": STOP_LIMIT, "terms": terms(limit_price=price, **AT)}
    return await waiting(bench, side, link=link(OCO), **leg)


async def _trigger_leg(bench: LimitBench, number: int, _side: int, _price: str) -> str:
    await trigger(bench, number, STOP_PRICE)
    why = await reason(bench, number)
    sibling = await bench.order(number - 1)
    if why or not sibling.pending_cancel_id:
        return why
    await bench.canceled(number - 1)
    await trigger(bench, number)
    return await reason(bench, number)


async def _oto_child(bench: LimitBench, side: int, price: str) -> int:
    first = {"instrument_id": "PHIA.SIMA", "terms": terms(limit_price="1")}
    parent = await waiting(bench, BUY, link=link(OTO), **first)
    return await waiting(
        bench, side, terms=terms(limit_price=price), link=link(OTO, bench.orders[parent])
    )


async def _bracket_exit(bench: LimitBench, side: int, price: str) -> int:
    entry = await waiting(bench, other(side), link=link(BRACKET))
    exits = link(BRACKET, bench.orders[entry])
    return await waiting(bench, side, terms=terms(limit_price=price), link=exits)


async def _parent_fills(bench: LimitBench, number: int, _side: int, _price: str) -> str:
    parent = await bench.order(number - 1)
    await bench.fill(number - 1, QUANTITY, parent.terms.limit_price)
    await trigger(bench, number)
    return await reason(bench, number)


async def _routed_parent(bench: LimitBench, side: int, price: str) -> int:
    """Let a routed order take what is displayed at its venue, and that order come back."""
    books = bench.book.routing_books
    books.need(KEY)
    books.heard()
    shown = {"SIMA": f"{QUANTITY}@{price or 100}"}
    books.take(consolidated(**{"offers" if side == BUY else "bids": shown}))
    routing = order_pb2.Routing(strategy=order_pb2.ROUTING_STRATEGY_BEST, venues=["SIMA"])
    routed = {"instrument_id": "", "isin": ISIN, "routing": routing}
    kind = LIMIT if price else order_pb2.ORDER_TYPE_MARKET
    parent = await waiting(bench, side, type=kind, terms=terms(limit_price=price), **routed)
    rows = await bench.store.outbox("sima-orders", 0, 100)
    bench.orders.append(gw.VenueCommand.FromString(rows[-1][1]).order_id)
    await bench.canceled(parent + 1)
    return parent


async def route(bench: LimitBench, number: int) -> Any:
    """Decide about a routed order; return what became of the command."""
    outcomes: list[Any] = []
    command = RouteOrder("ACC-ALICE", bench.orders[number], Cause.CHILD.value, [])
    submission = Submission(CommandKind.ROUTE, command, EVERY_ACCOUNT, b"", outcomes.append)
    await bench.book.worker.work([submission])
    return outcomes[0]


async def _next_child(bench: LimitBench, number: int, _side: int, _price: str) -> str:
    outcome = await route(bench, number)
    if isinstance(outcome, MeshError):
        return outcome.reason
    parent, first = await bench.order(number), bench.orders[number + 1]
    for _, payload in await bench.store.outbox("sima-orders", 0, 100):
        order_id = gw.VenueCommand.FromString(payload).order_id
        row = await bench.store.order(order_id)
        if order_id != first and read_order(row.body, row.fold).routed_by == parent.order_id:
            bench.orders[number] = order_id
    return parent.routing_sums.held.partition(":")[0]


AT = {"stop_price": STOP_PRICE}
HELD = {"hold_for_approval": True}
WAYS = {
    "place": Way(_nothing, _place, waited=False),
    "place in a batch": Way(_nothing, _batch, waited=False),
    "replace": Way(_working, _replace, waited=False),
    "held and approved": Way(_accepted(priced=True, **HELD), _approve),
    "stop": Way(_accepted(type=STOP, stop=AT), _trigger, priced=False),
    "stop-limit": Way(_accepted(type=STOP_LIMIT, priced=True, stop=AT), _trigger),
    "trailing stop": Way(
        _accepted(type=TRAILING_STOP, stop=AT | {"trailing_offset": "1"}), _trigger, priced=False
    ),
    "stop held and approved": Way(_approved_stop, _trigger),
    "stop reached while its venue was down": Way(_reached_stop, _go_on),
    "OCO leg": Way(_oco_leg, _trigger_leg),
    "OTO child": Way(_oto_child, _parent_fills),
    "child of a routed order": Way(_routed_parent, _next_child),
    "bracket exit": Way(_bracket_exit, _parent_fills, reduces=True),
}
