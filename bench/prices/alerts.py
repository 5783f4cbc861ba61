"""The cost of price alerts for an update: pure code, in this process, CPU time only.

One listing whose best bid changes with every update, and whose trades come between, with 0, 100 and
10,000 alerts that no price reaches. The aim: the cost does not grow with their number.
"""

import time

from bench.measure import Figure, Plan
from kernel.clock import SystemClock
from svc_marketdata.api.alerts.mapping import shown_of
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.domain.alerts.alert import Alert, AlertPrice, Condition
from svc_marketdata.domain.book import Level, Side
from svc_marketdata.domain.listing import Listing, TradingStatus
from svc_marketdata.domain.market import Aggressor, Trade
from svc_marketdata.service.alerts.watching import Watching
from svc_marketdata.service.feed_session import FeedIdentity, FeedSession
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData

NAME = "ASML.SIMA"
COUNTS = (0, 100, 10_000)
UPDATES = 50_000
QUICK_UPDATES = 2_000
ROUNDS = 5


def measure(plan: Plan) -> list[Figure]:
    """CPU of a changed best bid, and of a trade, by the number of alerts on the listing."""
    updates = QUICK_UPDATES if plan.is_quick else UPDATES
    benches = {count: _Bench(count) for count in COUNTS}
    bids = {count: Figure(f"{count:,} alerts, changed best bid", "µs") for count in COUNTS}
    trades = {count: Figure(f"{count:,} alerts, trade", "µs") for count in COUNTS}
    # In turn, so that what else the machine does affects all of them.
    for _ in range(1 if plan.is_quick else ROUNDS):
        for count, bench in benches.items():
            bids[count].values.append(bench.bids(updates))
            trades[count].values.append(bench.trades(updates // 10))
            assert not bench.watching.fires
    return [*bids.values(), *trades.values()]


class _Bench:
    """A listing with its feed and its alerts: half of them above every price, half below."""

    def __init__(self, alerts: int) -> None:
        self.data = MarketData(Hub(ProtoEncoder(), Limits(), "bench"), SystemClock())
        self.session = FeedSession(
            self.data, FeedIdentity("s", "SIMA", "g", "e"), self.data.venue("SIMA"), lambda: None
        )
        self.session.status(feed_up=True, trading_status=TradingStatus.OPEN, simulated=True)
        self.session.listing(Listing(NAME, "ASML", "SIMA", trading_status=TradingStatus.OPEN))
        self.session.book(NAME, [Level("99", "1", 1)], [Level("101", "1", 1)], 1, 1)
        self.session.end_frame()
        self.watching = Watching(self.data, shown_of, lambda: None)
        kinds = list(AlertPrice)
        for number in range(alerts):
            above = number % 2 == 0
            level = 1_000 + number if above else -number
            self.watching.add(_alert(number, kinds[number // 2 % len(kinds)], level, above=above))
        self.count = 0

    def bids(self, updates: int) -> float:
        """Return the microseconds of a changed best bid."""
        session, end = self.session, self.count + updates
        began = time.process_time()
        while self.count < end:
            self.count += 1
            size = str(1 + self.count % 50)
            session.level(NAME, Side.BID, Level("99", size, 1), self.count, self.count)
            session.end_frame()
        return (time.process_time() - began) / updates * 1e6

    def trades(self, updates: int) -> float:
        """Return the microseconds of a trade."""
        session, end, now_ns = self.session, self.count + updates, time.time_ns()
        began = time.process_time()
        while self.count < end:
            self.count += 1
            trade = Trade(f"T{self.count}", "100", "1", Aggressor.BUY, now_ns, now_ns)
            session.trade(NAME, trade, now_ns)
            session.end_frame()
        return (time.process_time() - began) / updates * 1e6


def _alert(number: int, price: AlertPrice, level: int, *, above: bool) -> Alert:
    condition = Condition.ABOVE if above else Condition.BELOW
    return Alert(
        f"A{number}", "u", "u", NAME, "", price, condition, str(level), "", "", delayed=False,
        note="", created_ns=1, expires_ns=2,
    )  # fmt: skip
