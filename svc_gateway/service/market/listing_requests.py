"""What a market-data session asks its venue: the list, and prices and status of each listing."""

from collections import deque
from collections.abc import Iterable

from kernel.clock import Clock
from mesh.log import get_logger
from svc_gateway.domain.market.price_retries import PriceRetries
from svc_gateway.domain.market.status_questions import StatusQuestions
from svc_gateway.service.market.listings import Listings
from svc_gateway.service.market.venue_trading import VenueTrading
from svc_gateway.service.ports import (
    FixEngine,
    Groups,
    InDoubtError,
    MarketDialect,
    MarketReading,
    NotSentError,
)
from svc_gateway.venues import SessionConfig

_log = get_logger(__name__)


class ListingRequests:
    """The requests of one session, and what follows from the venue's answers."""

    def __init__(
        self, config: SessionConfig, engine: FixEngine, dialect: MarketDialect, clock: Clock,
        listings: Listings,
    ) -> None:  # fmt: skip
        self._config = config
        self._engine = engine
        self._dialect = dialect
        self._clock = clock
        self._listings = listings
        self._questions = StatusQuestions(
            asks=config.dialect.security_status,
            rate_per_s=config.venue_messages_per_second,
            now_s=clock.monotonic(),
        )
        self.trading = VenueTrading(asks=config.dialect.trading_session_status)
        self._retries = PriceRetries(clock.monotonic())
        self._waiting: deque[tuple[str, Groups]] = deque()
        # The listings whose prices were requested since the logon, by symbol.
        self._subscribed: set[str] = set()

    def logged_on(self) -> None:
        """Ask for everything: the venue has forgotten what was asked before."""
        self._waiting.clear()
        self._subscribed.clear()
        self._retries.forget()
        self._questions.begin()
        self._listings.await_statuses()
        requests = self._dialect.opening_requests()
        self._listings.list_asked(self._dialect.list_request_id())
        self._trading_asked()
        self.send((body, ()) for body in requests)
        if self._config.instruments:
            self._subscribe()

    def missed(self) -> None:
        """Ask again for what lost messages may have said of statuses, and of a list that came."""
        requests = self._dialect.session_status_requests()
        if self._listings.list_awaited:
            requests = self._dialect.list_requests() + requests
            self._listings.list_asked(self._dialect.list_request_id())
        self._trading_asked()
        self.send((body, ()) for body in requests)
        self._questions.begin()
        self._ask_status(self._listings.symbols)

    def send(self, requests: Iterable[tuple[str, Groups]]) -> None:
        """Send requests; what cannot be sent is dropped, because the next logon asks anew."""
        self._waiting.extend(requests)
        while self._waiting:
            try:
                self._engine.send(*self._waiting[0])
            except (NotSentError, InDoubtError):
                self._waiting.clear()
                return
            self._waiting.popleft()

    def snapshots(self, symbols: list[str]) -> None:
        """Request whole books."""
        self.send(self._dialect.snapshots(symbols))

    def take(self, reading: MarketReading, received_ns: int) -> None:
        """Take what the venue says of its listings and of our requests."""
        if reading.trading_session is not None:
            self.trading.heard(reading.trading_session, received_ns)
        part = reading.list_part
        if part is not None:
            self._listings.take_part(part)
        if reading.list_refused or (part is not None and not part.more):
            self._subscribe()
        for name, status in reading.statuses.items():
            self._listings.take_status(name, status, self._clock.now_ns())
            self._questions.answered(name, self._clock.monotonic())
        if reading.statuses_refused:
            self._no_statuses("it refuses the request")
            self._questions.refused()
        if reading.requests:
            _log.info("refused prices are requested in halves", session_id=self._config.session_id)
            self.send(reading.requests)
        if reading.refused:
            self._listings.refuse_prices(reading.refused)
            refused = (f"{symbol}.{self._config.venue_mic}" for symbol in reading.refused)
            self._retries.refused(refused, self._clock.monotonic())
        if self._listings.refused:
            self._take_books(reading)

    def attend(self) -> None:
        """Ask for the status of further listings, and again for prices that were refused."""
        now_s = self._clock.monotonic()
        if again := self._retries.take(self._listings.refused, now_s):
            self.send(self._dialect.subscriptions([again.rpartition(".")[0]]))
        listings = self._questions.take(now_s)
        if listings:
            symbols = [name.rpartition(".")[0] for name in listings]
            self.send(self._dialect.status_requests(symbols))
        unanswered = self._questions.unanswered
        if self._questions.is_over(now_s) and not self._listings.statuses_assumed:
            if unanswered:
                self._no_statuses(f"{unanswered} answers did not come")
            self._listings.assume_statuses()

    def _subscribe(self) -> None:
        """Request prices and status of the listings for which that was not done yet."""
        new = [symbol for symbol in self._listings.symbols if symbol not in self._subscribed]
        self._subscribed.update(new)
        self._ask_status(new)
        self.send(self._dialect.subscriptions(new))

    def _ask_status(self, symbols: list[str]) -> None:
        listings = [f"{symbol}.{self._config.venue_mic}" for symbol in symbols]
        self._questions.want(listings, self._clock.monotonic())
        self.attend()

    def _take_books(self, reading: MarketReading) -> None:
        """Note the books of listings whose prices the venue had refused."""
        for update in reading.updates:
            if update.instrument_id in self._listings.refused and update.HasField("book"):
                self._listings.has_prices(update.instrument_id)
                self._retries.granted(update.instrument_id)

    def _trading_asked(self) -> None:
        self.trading.asked(self._dialect.session_status_request_id(), self._clock.monotonic())

    def _no_statuses(self, why: str) -> None:
        _log.warning(
            "the venue does not answer SecurityStatusRequest(e): if it never does, set"
            " dialect.security_status to false",
            session_id=self._config.session_id, why=why,
        )  # fmt: skip
