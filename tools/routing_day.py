"""A scripted day of routed orders at the simulated venues, for the table in docs/ROUTING.md.

`python -m tools.routing_day` rewrites the table between the markers; `--check` only checks whether
it is fresh (exit code 1 if not). The venues are those of the local stack: their order flow, ticks,
depth and fees. Each order is worked three times by `decide`: at one venue alone, at the other one
alone, and at both. What a child gets is what the book displays when it arrives, a step of the flow
later, at its price or better; orders of the script do not change the books.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple

from deploy.processes import VENUES
from kernel.nanoseconds import NS_PER_MS, NS_PER_S
from kernel.side import Side
from kernel.ticks import TickBand
from meshctl.stack.venues import FEES
from sim_exchange.domain.order import Side as BookSide
from sim_exchange.domain.prices import PRICE_SCALE
from sim_exchange.instruments import INSTRUMENTS
from sim_exchange.service.agents import FlowSettings, OrderFlow
from sim_exchange.service.market import Market
from sim_exchange.service.venue import Venue
from sim_exchange.settings import SimSettings
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.numbers import EXACT, NO_QUANTITY, Price, Quantity
from svc_oms.domain.routing.decide import decide
from svc_oms.domain.routing.decision import ActionKind, Cause, Inputs, RoutingLimits
from svc_oms.domain.routing.fees import FeeRate, FeeSchedule, Fill, net_amount
from svc_oms.domain.routing.parent import Child, ChildRole, ChildState, ParentState
from svc_oms.domain.routing.request import RoutingRequest, Strategy
from svc_oms.domain.routing.view import ConsolidatedView, Level, VenueState, VenueView

PAGE = Path(__file__).parent.parent / "docs" / "ROUTING.md"
BEGIN, END = "<!-- begin: a scripted day -->", "<!-- end: a scripted day -->"

SYMBOLS = ("ASML", "ENEL", "INGA", "SAP", "SIE")
MICS = tuple(one.settings["SIM_MIC"] for one in VENUES)
OPENS_NS = 1_790_000_000 * NS_PER_S
BETWEEN_NS = 90 * NS_PER_S
ARRIVES_NS = 50 * NS_PER_MS
"""From a decision to its children's arrival, in which the books move."""
VALUES = {"small": 5_000, "medium": 40_000, "large": 120_000}
"""Value of an order in EUR by its size."""
ORDERS_PER_SIZE = 60
LEVELS = 10
TOGETHER = "BEST"


class Outcome(NamedTuple):
    """What one order came to, worked in one way."""

    executed: Quantity
    cost: Decimal
    """What it cost more than the middle of both venues at its arrival, fees included; EUR."""
    value: Decimal
    """What was executed, at that middle; EUR."""


def _opened(settings: Mapping[str, str]) -> tuple[Venue, OrderFlow]:
    """Open a venue of the local stack without its sessions."""
    known = SimSettings.model_validate({key.lower(): value for key, value in settings.items()})
    listed = [
        replace(one, ticks=one.ticks.coarser(known.sim_tick_multiple))
        for one in INSTRUMENTS
        if one.symbol in SYMBOLS
    ]
    venue = Venue(known.sim_mic, listed)
    flow = OrderFlow(
        venue,
        FlowSettings(
            seed=known.sim_seed,
            walk_seed=known.sim_walk_seed,
            actions_per_s=known.sim_actions_per_s,
            ladder_levels=known.sim_ladder_levels,
            lot_notional=known.sim_lot_notional,
            client_fill_mean_s=0,
        ),
    )
    flow.open(OPENS_NS)
    return venue, flow


def _price(units: int) -> Price:
    return Price(EXACT.divide(Decimal(units), Decimal(PRICE_SCALE)))


def _levels(market: Market, side: BookSide) -> tuple[Level, ...]:
    found = market.book.levels(side, LEVELS)
    return tuple(Level(_price(one.price), Quantity(Decimal(one.quantity))) for one in found)


def _view(venues: Mapping[str, Venue], symbol: str) -> ConsolidatedView:
    views = []
    for mic, venue in venues.items():
        market = venue.markets[symbol]
        table = tuple(
            TickBand(_price(band.from_price), _price(band.tick_size))
            for band in market.instrument.ticks.bands
        )
        views.append(
            VenueView(
                mic,
                f"{symbol}.{mic}",
                VenueState.OPEN,
                _levels(market, BookSide.BUY),
                _levels(market, BookSide.SELL),
                age_ns=0,
                lot_size=Quantity(Decimal(market.instrument.lot)),
                tick_table=table,
            )
        )
    isin = next(iter(venues.values())).markets[symbol].instrument.isin
    return ConsolidatedView(isin, "EUR", tuple(views))


def _schedule(mic: str) -> FeeSchedule:
    """Return the schedule of a venue of the local stack."""
    known = FEES[mic]

    def rate(of: Mapping[str, str]) -> FeeRate:
        minimum = of.get("minimum")
        return FeeRate(
            basis_points=Decimal(of["basis_points"]),
            minimum=None if minimum is None else Decimal(minimum),
        )

    return FeeSchedule(mic, "EUR", rate(known["taker"]), rate(known["maker"]), places=2)


def _executed(view: ConsolidatedView, child: Child, *, is_buy: bool) -> list[Fill]:
    """Return what a child gets of the book that it meets."""
    venue = next(one for one in view.venues if one.mic == child.mic)
    left, fills = child.quantity, []
    for level in venue.offers if is_buy else venue.bids:
        if level.price > child.price if is_buy else level.price < child.price:
            break
        quantity = min(left, level.quantity)
        if quantity > 0:
            fills.append(Fill(quantity, level.price))
            left = Quantity(EXACT.subtract(left, quantity))
    return fills


class Day:
    """The venues through the day, and the orders of the script."""

    def __init__(self) -> None:
        opened = {one.settings["SIM_MIC"]: _opened(one.settings) for one in VENUES}
        self._venues = {mic: venue for mic, (venue, _) in opened.items()}
        self._flows = [flow for _, flow in opened.values()]
        self._fees = tuple(_schedule(mic) for mic in MICS)
        self._now_ns = OPENS_NS
        self._limits = RoutingLimits(rounds_max=3)

    def _pass(self, time_ns: int) -> None:
        self._now_ns += time_ns
        for flow in self._flows:
            flow.step(self._now_ns)

    def run(self) -> dict[str, dict[str, list[Outcome]]]:
        """Return the outcomes by size and by way: each venue alone, and BEST."""
        random = Random("a scripted day")  # noqa: S311 - a simulation
        outcomes: dict[str, dict[str, list[Outcome]]] = {}
        for number in range(ORDERS_PER_SIZE):
            for size, value in VALUES.items():
                self._pass(BETWEEN_NS)
                symbol = SYMBOLS[number % len(SYMBOLS)]
                side = random.choice((Side.BUY, Side.SELL))
                ways = self._order(symbol, side, value)
                for way, outcome in ways.items():
                    outcomes.setdefault(size, {}).setdefault(way, []).append(outcome)
        return outcomes

    def _order(self, symbol: str, side: Side, value: int) -> dict[str, Outcome]:
        """Work one order in every way, on the same books."""
        books = [_view(self._venues, symbol)]
        for _ in range(self._limits.rounds_max):
            self._pass(ARRIVES_NS)
            books.append(_view(self._venues, symbol))
        bids = [one.bids[0].price for one in books[0].venues if one.bids]
        offers = [one.offers[0].price for one in books[0].venues if one.offers]
        middle = EXACT.divide(EXACT.add(max(bids), min(offers)), Decimal(2))
        quantity = Quantity(Decimal(round(value / middle)))
        ways = {mic: (mic,) for mic in MICS} | {TOGETHER: MICS}
        return {
            way: self._worked(books, RoutingRequest(
                Strategy.BEST, side, None, TimeInForce.IOC, venues=mics
            ), quantity, middle)
            for way, mics in ways.items()
        }  # fmt: skip

    def _worked(
        self,
        books: list[ConsolidatedView],
        request: RoutingRequest,
        quantity: Quantity,
        middle: Decimal,
    ) -> Outcome:
        """Work an order until its end, one book later in each round."""
        state, amount = ParentState("P", quantity), Decimal(0)
        for seen, met in zip(books, [*books[1:], books[-1]], strict=True):
            inputs = Inputs(
                request, seen, self._fees, state, self._limits, Cause.CHILD, self._now_ns
            )
            actions = decide(inputs).actions
            if any(action.kind is ActionKind.END for action in actions):
                break
            for action in actions:
                assert action.quantity is not None
                assert action.price is not None
                child = Child(
                    f"C{len(state.children)}", action.mic, ChildRole.TAKE, ChildState.CLOSED,
                    action.quantity, NO_QUANTITY, action.price, TimeInForce.IOC, state.round + 1,
                )  # fmt: skip
                fills = _executed(met, child, is_buy=request.is_buy)
                schedule = next(one for one in self._fees if one.mic == action.mic)
                net = net_amount(schedule, schedule.taker, fills, is_buy=request.is_buy)
                amount = EXACT.add(amount, net)
                done = Quantity(sum((fill.quantity for fill in fills), start=NO_QUANTITY))
                state = state._replace(
                    children=(*state.children, child._replace(cum_quantity=done))
                )
            state = state._replace(round=state.round + 1)
        executed = state.cum_quantity
        value = EXACT.multiply(executed, middle)
        cost = EXACT.subtract(amount, value) if request.is_buy else EXACT.subtract(value, amount)
        return Outcome(executed, cost, value)


def basis_points(outcomes: list[Outcome]) -> Decimal:
    """Return the cost of orders in 1/100 of a percent of their value, to 2 places."""
    cost, value = sum(one.cost for one in outcomes), sum(one.value for one in outcomes)
    return Decimal(round(cost / value * 10_000, 2)) if value else Decimal(0)


def table(outcomes: Mapping[str, Mapping[str, list[Outcome]]]) -> str:
    """Return the table of the page."""
    ways = [*MICS, TOGETHER]
    lines = [
        "| Orders | " + " | ".join(
            f"{way} alone" if way in MICS else way for way in ways
        ) + " | executed by each way |",
        "|---|" + "---|" * (len(ways) + 1),
    ]  # fmt: skip
    everything: dict[str, list[Outcome]] = {way: [] for way in ways}
    for size, by_way in outcomes.items():
        for way in ways:
            everything[way] += by_way[way]
        lines.append(_row(f"{ORDERS_PER_SIZE} {size}, {VALUES[size]:,} EUR each", by_way, ways))
    lines.append(_row("all", everything, ways))
    return "\n".join(lines)


def _row(title: str, by_way: Mapping[str, list[Outcome]], ways: list[str]) -> str:
    costs = " | ".join(f"{basis_points(by_way[way]):.2f}" for way in ways)
    wanted = max(sum(one.executed for one in by_way[way]) for way in ways)
    shares = ", ".join(f"{sum(one.executed for one in by_way[way]) / wanted:.0%}" for way in ways)
    return f"| {title} | {costs} | {shares} |"


def render(page: str) -> str:
    """Return the page with a fresh table.

    Raises:
        ValueError: The page lacks the markers.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} needs the markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table(Day().run())}\n{END}{after}"


def main(words: list[str]) -> int:
    """Rewrite the page, or with --check say whether it is fresh."""
    page = PAGE.read_text(encoding="utf-8")
    fresh = render(page)
    if words == ["--check"]:
        return int(page != fresh)
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
