"""The memory of svc_marketdata at the size it is made for, in a process of its own.

2,000 instruments, each listed at 2 venues with 20 levels a side. Each minute every listing gets a
trade with an id and two changed levels, until everything that is kept is full: 240 candles of a
minute (`CANDLES_KEPT_MAX`) and 256 trades (`TRADES_KEPT_MAX`) of each listing, delayed values,
consolidated books, and the quotes of 30 s that wait for the database. So the rest of a trading day
adds nothing. One reader has asked for everything and reads nothing. All modules of the service are
loaded; time is moved by hand; no database, no connections. PSS counts memory that is shared with
other processes in part.
"""

import json
import subprocess
import sys
from collections.abc import Callable

import psutil

import svc_marketdata.app  # noqa: F401  # what the service loads counts
from bench.children import BENCH_FOLDER, PROJECT
from bench.measure import Figure, Plan
from kernel.clock import SystemClock, Timer
from kernel.nanoseconds import NS_PER_S
from mesh.settings import child_environment
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.domain.book import Level, Side
from svc_marketdata.domain.history.quotes import BLOCK_S
from svc_marketdata.domain.listing import Listing, TradingStatus
from svc_marketdata.domain.market import Aggressor, Trade
from svc_marketdata.domain.price_rights import ALL_PRICES
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.interest import Interest
from svc_marketdata.service.feed_session import FeedIdentity, FeedSession
from svc_marketdata.service.groups import Subscriber
from svc_marketdata.service.history.recorder import Recorder
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData

INSTRUMENTS = 2_000
VENUES = ("SIMA", "SIMB")
LEVELS = 20
MINUTES = 260
QUICK_MINUTES = 10
MIB = 1024 * 1024
DAY_BEGINS_NS = 1_700_006_400 * NS_PER_S
"""2023-11-15T00:00Z."""


def measure(plan: Plan) -> list[Figure]:
    """RSS and PSS after the day, and RSS before it."""
    minutes = QUICK_MINUTES if plan.is_quick else MINUTES
    answer = subprocess.run(
        [sys.executable, "-m", "bench.prices.memory", str(minutes)],
        env=child_environment({"PYTHONPATH": f"{PROJECT}:{PROJECT / 'gen/python'}"}),
        cwd=BENCH_FOLDER, check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    found: dict[str, float] = json.loads(answer.stdout)
    note = f"{INSTRUMENTS:,} instruments, {len(VENUES)} venues, {LEVELS} levels, {minutes} min"
    return [
        Figure(f"svc_marketdata, {name}", "MiB", [value], note) for name, value in found.items()
    ]


class _Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.ns = DAY_BEGINS_NS

    def now_ns(self) -> int:
        return self.ns

    def monotonic(self) -> float:
        return self.ns / NS_PER_S

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return SystemClock().call_later(seconds, callback)


class _Day:
    """The service's data, and a day of reports."""

    def __init__(self) -> None:
        self.clock = _Clock()
        self.data = MarketData(Hub(ProtoEncoder(), Limits(), "bench"), self.clock)
        # What it records is taken as the writer of the history would take it.
        self.recorder = Recorder(self.clock, 100_000, self.data.calendar_of, 1)
        self.data.recorder = self.recorder
        self.sessions: list[FeedSession] = []
        for mic in VENUES:
            identity = FeedIdentity(f"{mic}-md", mic, "g", "e", book_depth=LEVELS)
            session = self.data.open_feed(identity, lambda: None)
            session.status(feed_up=True, trading_status=TradingStatus.OPEN, simulated=True)
            self.sessions.append(session)
            for number in range(INSTRUMENTS):
                session.listing(
                    Listing(
                        f"S{number:04}.{mic}", f"S{number:04}", mic, isin=f"NL{number:09}0",
                        name=f"Company number {number}", currency="EUR",
                        trading_status=TradingStatus.OPEN,
                    )
                )  # fmt: skip
                session.book(f"S{number:04}.{mic}", *_book(number), 1, self.clock.ns)
            session.end_frame()
        self.data.hub.open(Subscriber(), Interest(frozenset(Topic), rights=ALL_PRICES))

    def minute(self, number: int) -> None:
        """Report a minute of all listings: other prices, sizes and ids than in any other."""
        for session in self.sessions:
            mic = session.identity.venue_mic
            for listing in range(INSTRUMENTS):
                name, at_ns = f"S{listing:04}.{mic}", self.clock.ns + listing
                price = f"{100 + listing % 300}.{number % 10}5"
                size = str(1 + (number * 7 + listing) % 9_973)
                session.level(name, Side.BID, Level(_price(listing, -1), size, 3), at_ns, at_ns)
                session.level(name, Side.ASK, Level(_price(listing, 1), size, 3), at_ns, at_ns)
                trade = Trade(f"{mic}-{number}-{listing}", price, size, Aggressor.BUY, at_ns, at_ns)
                session.trade(name, trade, at_ns)
            session.begin_frame()
            session.end_frame()
        for _ in range(2):
            self.clock.ns += 30 * NS_PER_S
            self.data.tick()
        self.recorder.take()
        self.recorder.quotes.ended()

    def seconds(self, count: int) -> None:
        """Change the best bid of every listing once a second, as nothing is kept longer."""
        for second in range(count):
            for session in self.sessions:
                for listing in range(INSTRUMENTS):
                    name, size = f"S{listing:04}.{session.identity.venue_mic}", str(100 + second)
                    level = Level(_price(listing, -1), size, 3)
                    session.level(name, Side.BID, level, self.clock.ns, self.clock.ns)
                session.end_frame()
            self.clock.ns += NS_PER_S
            self.data.tick()


def _price(listing: int, step: int) -> str:
    return f"{1_000 + listing % 300 + step}.25"


def _book(listing: int) -> tuple[list[Level], list[Level]]:
    bids = [Level(_price(listing, -1 - n), str(1 + n * 13), 2) for n in range(LEVELS)]
    asks = [Level(_price(listing, 1 + n), str(1 + n * 17), 2) for n in range(LEVELS)]
    return bids, asks


def main(minutes: int) -> None:
    """Run in the process that is measured."""
    me = psutil.Process()
    before = me.memory_info().rss
    day = _Day()
    for number in range(minutes):
        day.minute(number)
    day.seconds(BLOCK_S)
    after = me.memory_full_info()
    figures = {"RSS before the day": before, "RSS": after.rss, "PSS": after.pss}
    print(json.dumps({name: value / MIB for name, value in figures.items()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
