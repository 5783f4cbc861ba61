"""Order flow of the simulation: seeded market makers and takers.

Per instrument two market makers keep a ladder of limit orders around the fair value; takers
send immediate-or-cancel orders. One step per tick of the venue's timer does the few actions
that are due, so that the cost is per action and not per instrument. The same seed and
the same instants give the same orders, as long as no client trades.
"""

from dataclasses import dataclass
from random import Random

from kernel.nanoseconds import NS_PER_S
from sim_exchange.domain.order import Order, OrderKind, Side, TimeInForce
from sim_exchange.domain.walk import fair_value
from sim_exchange.service.calendar import Phase
from sim_exchange.service.market import Market
from sim_exchange.service.venue import AUCTIONS, Venue


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """How lively the simulation is.

    Attributes:
        seed: Of sizes, times and sides; each venue mixes in its MIC.
        walk_seed: Of the fair values; the same on all venues, so that they agree.
        actions_per_s: Actions of all agents together; 0 stops them.
        ladder_levels: Price levels a side and market maker.
        taker_share: Part of the actions that take, from 0 to 1.
        lot_notional: Typical value of a market maker's order in units of currency.
        catch_up_actions_max: Actions done in one step at most; after a pause of the
            process the rest is left out.
        client_fill_mean_s: Mean seconds until a taker comes for a client order within
            client_reach_ticks of the touch; 0 sends none on purpose.
        client_reach_ticks: How near to the touch that is, in ticks.
        client_orders_max: Client orders looked at per step, instrument and side.
    """

    seed: int = 1
    walk_seed: int = 1
    actions_per_s: float = 30.0
    ladder_levels: int = 6
    taker_share: float = 0.25
    lot_notional: int = 20_000
    catch_up_actions_max: int = 60
    client_fill_mean_s: float = 2.0
    client_reach_ticks: int = 2
    client_orders_max: int = 20


class _Maker:
    """One market maker in one instrument: its resting order numbers by price."""

    __slots__ = ("half_spread_ticks", "quotes")

    def __init__(self, half_spread_ticks: int) -> None:
        self.half_spread_ticks = half_spread_ticks
        self.quotes: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}


class OrderFlow:
    """All agents of a venue, in all its instruments but those left out."""

    def __init__(
        self, venue: Venue, settings: FlowSettings, *, without: frozenset[str] = frozenset()
    ) -> None:
        self._venue = venue
        self._settings = settings
        self._random = Random(f"{settings.seed}/{venue.mic}")  # noqa: S311 - a simulation
        self._markets = [
            market for symbol, market in venue.markets.items() if symbol not in without
        ]
        self._makers = {
            market.instrument.symbol: (_Maker(1), _Maker(2)) for market in self._markets
        }
        self._number = 0
        self._last_ns = 0
        self._due = 0.0

    def open(self, now_ns: int) -> None:
        """Quote every instrument once."""
        self._last_ns = now_ns
        for market in self._markets:
            self._requote(market, now_ns)

    def step(self, now_ns: int) -> None:
        """Do what is due since the last step."""
        elapsed_s = (now_ns - self._last_ns) / NS_PER_S
        self._last_ns = now_ns
        if elapsed_s <= 0 or self._venue.phase is Phase.CLOSED:
            return
        settings = self._settings
        self._due = min(
            self._due + elapsed_s * settings.actions_per_s, float(settings.catch_up_actions_max)
        )
        while self._due >= 1:
            self._due -= 1
            market = self._random.choice(self._markets)
            if market.book.halted:
                continue
            if self._random.random() < settings.taker_share:
                self._take(market, now_ns)
            else:
                self._requote(market, now_ns)
        if settings.client_fill_mean_s > 0:
            self._come_for_clients(min(elapsed_s, 1.0), now_ns)

    # -- market makers ----------------------------------------------------------------------

    def _requote(self, market: Market, now_ns: int) -> None:
        listed = market.instrument
        fair = fair_value(listed.reference_price, self._settings.walk_seed, listed.symbol, now_ns)
        middle = listed.ticks.round_down(fair)
        makers = self._makers[listed.symbol]
        # The bids of both makers move first: otherwise one maker would trade with the other's stale
        # quotes at every move.
        wanted = [self._ladders(market, maker, middle) for maker in makers]
        for maker, ladders in zip(makers, wanted, strict=True):
            for side in (Side.BUY, Side.SELL):
                self._pull(market, maker, side, ladders[side], now_ns)
        for maker, ladders in zip(makers, wanted, strict=True):
            for side in (Side.BUY, Side.SELL):
                self._fill_ladder(market, maker, side, ladders[side], now_ns)

    def _ladders(self, market: Market, maker: _Maker, middle: int) -> dict[Side, list[int]]:
        ticks = market.instrument.ticks
        levels = self._settings.ladder_levels
        bid = ticks.steps(middle, 1 - maker.half_spread_ticks)
        ask = ticks.steps(middle, maker.half_spread_ticks)
        bids, asks = [bid], [ask]
        for _ in range(levels - 1):
            bids.append(ticks.steps(bids[-1], -1))
            asks.append(ticks.steps(asks[-1], 1))
        return {Side.BUY: bids, Side.SELL: asks}

    def _pull(
        self, market: Market, maker: _Maker, side: Side, wanted: list[int], now_ns: int
    ) -> None:
        quotes = maker.quotes[side]
        book = market.book
        for price in [price for price in quotes if price not in wanted]:
            book.cancel(quotes.pop(price), now_ns)
        for price in [price for price, number in quotes.items() if number not in book]:
            del quotes[price]
        # Now and then a maker changes one size, so that depth moves as well.
        if quotes and self._random.random() < 0.3:  # noqa: PLR2004 - a taste
            book.cancel(quotes.pop(self._random.choice(list(quotes))), now_ns)

    def _fill_ladder(
        self, market: Market, maker: _Maker, side: Side, wanted: list[int], now_ns: int
    ) -> None:
        quotes = maker.quotes[side]
        for price in wanted:
            if price not in quotes:
                number = self._next_number()
                quantity = self._size(market)
                market.book.submit(Order(number, side, price, quantity), now_ns)
                if number in market.book:
                    quotes[price] = number

    # -- takers -------------------------------------------------------------------------------

    def _take(self, market: Market, now_ns: int) -> None:
        side = self._random.choice((Side.BUY, Side.SELL))
        best = market.book.best(side.opposite)
        if best is None:
            return
        share = self._random.choice((0.1, 0.3, 0.6, 1.2))
        quantity = max(1, int(best.quantity * share))
        self._send_taker(market, side, best.price, quantity, now_ns)

    def _come_for_clients(self, elapsed_s: float, now_ns: int) -> None:
        """Send takers to client orders near the touch, so that they do not wait for long."""
        chance = elapsed_s / self._settings.client_fill_mean_s
        for market in self._markets:
            if market.resting_clients and not market.book.halted:
                for side in (Side.BUY, Side.SELL):
                    self._come_for_one(market, side, chance, now_ns)

    def _come_for_one(self, market: Market, side: Side, chance: float, now_ns: int) -> None:
        """Perhaps pick a client order of a side and send what reaches it."""
        ahead = looked_at = 0
        for level in market.book.levels(side, self._settings.client_reach_ticks + 1):
            for resting in level.orders.values():
                if resting.owner is not None:
                    if self._random.random() < chance:
                        part = self._random.choice((0.3, 0.5, 1.0, 1.0))
                        quantity = ahead + max(1, int(resting.leaves * part))
                        self._send_taker(market, side.opposite, level.price, quantity, now_ns)
                        return
                    looked_at += 1
                    if looked_at >= self._settings.client_orders_max:
                        return
                ahead += resting.leaves

    def _send_taker(
        self, market: Market, side: Side, price: int, quantity: int, now_ns: int
    ) -> None:
        # In the call of an auction takers wait for it.
        tif = AUCTIONS.get(self._venue.phase, TimeInForce.IOC)
        order = Order(self._next_number(), side, price, quantity, kind=OrderKind.LIMIT, tif=tif)
        market.book.submit(order, now_ns)

    # -- inside -------------------------------------------------------------------------------

    def _next_number(self) -> int:
        # Negative, so that it meets neither recorded order ids nor client order ids.
        self._number -= 1
        return self._number

    def _size(self, market: Market) -> int:
        typical = self._settings.lot_notional * 10_000 // market.instrument.reference_price
        return max(1, int(typical * self._random.choice((0.25, 0.5, 0.5, 1.0, 1.0, 2.0, 4.0))))
