"""The parts of a simulated venue, and the venue as it runs."""

import threading
import time
from dataclasses import dataclass, replace

from fix.guards.acceptor_guard import AcceptorGuard
from kernel.nanoseconds import NS_PER_MS
from mesh.log import get_logger
from sim_exchange.adapters.fix.acceptor import (
    VenueAcceptor,
    acceptor_text,
    free_inner_port,
    store_tail,
    was_logged_on,
)
from sim_exchange.adapters.fix.application import VenueApplication
from sim_exchange.adapters.fix.market_data_sessions import MarketDataSessions
from sim_exchange.adapters.fix.order_sessions import OrderSessions
from sim_exchange.adapters.fix.outbound import AnswerBook, Sender
from sim_exchange.adapters.fix.wire import DROP_COPY_SUFFIX
from sim_exchange.adapters.journal import Journal
from sim_exchange.instruments import INSTRUMENTS, Instrument, further_listing
from sim_exchange.service.agents import FlowSettings, OrderFlow
from sim_exchange.service.calendar import TradingHours, minute_of_day
from sim_exchange.service.recorded_flow import RecordedFlow, open_recording
from sim_exchange.service.venue import Venue
from sim_exchange.settings import SimSettings

_LOG = get_logger(__name__)

STEP_S = 0.05
"""Seconds between steps of the order flow."""


@dataclass(slots=True)
class Parts:
    """Everything a venue is made of."""

    settings: SimSettings
    venue: Venue
    journal: Journal
    sender: Sender
    answers: AnswerBook
    market_data: MarketDataSessions
    application: VenueApplication
    acceptor: VenueAcceptor
    flow: OrderFlow | None
    recording: RecordedFlow | None


def _hours(settings: SimSettings) -> TradingHours:
    hours = settings.sim_session_start, settings.sim_session_end
    start, end = map(minute_of_day, hours) if all(hours) else (None, None)
    return TradingHours(start, end, settings.sim_auction_s)


def _symbols(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))


def make_parts(settings: SimSettings) -> Parts:
    """Make the parts of a venue; nothing listens yet.

    Raises:
        JournalError: The store folder cannot be used.
        RecordingError: The recording cannot be read.
    """
    folder = settings.sim_store_dir / settings.sim_mic
    unlisted = _symbols(settings.sim_unlisted)
    listed: list[Instrument] = [one for one in INSTRUMENTS if one.symbol not in unlisted]
    listed += [further_listing(symbol) for symbol in sorted(_symbols(settings.sim_more_symbols))]
    ticks = settings.sim_tick_multiple
    listed = [replace(one, ticks=one.ticks.coarser(ticks)) for one in listed]
    recording = None
    if settings.sim_replay:
        recording = open_recording(
            settings.sim_replay, settings.sim_replay_symbol, settings.sim_replay_speed
        )
        listed = [one for one in listed if one.symbol != recording.symbol]
        listed.append(recording.instrument)
    unknown = _symbols(settings.sim_halted) - {one.symbol for one in listed}
    if unknown:
        raise ValueError(f"sim_halted has {sorted(unknown)}, which are not listed")
    journal = Journal(folder, settings.sim_closed_orders_max)
    venue = Venue(
        settings.sim_mic,
        listed,
        start_number=journal.start_number,
        orders=journal.orders,
        closed_orders_max=settings.sim_closed_orders_max,
        pending_reports=settings.sim_pending_reports,
        basic_orders=settings.sim_basic_orders,
    )
    sender = Sender()
    answers = AnswerBook(venue, journal, sender)
    without_prices = _symbols(settings.sim_without_prices)
    market_data = MarketDataSessions(venue, sender, _hours(settings), without_prices)
    application = VenueApplication(
        sender,
        OrderSessions(venue, answers, sender),
        market_data,
        latency_ns=round(settings.sim_latency_ms * NS_PER_MS),
    )
    store = folder / "fix"
    inner_port = free_inner_port()
    clients = settings.sim_clients.split(",")
    sender.copied |= {
        client
        for client in clients
        if was_logged_on(store, settings.sim_mic, client + DROP_COPY_SUFFIX)
    }
    text = acceptor_text(settings.sim_mic, inner_port, store, clients)
    guard = AcceptorGuard(
        settings.sim_mic, (settings.sim_host, settings.sim_port), inner_port, _LOG.warning
    )
    flow = None
    if settings.sim_agents:
        flow = OrderFlow(
            venue,
            FlowSettings(
                seed=settings.sim_seed,
                walk_seed=settings.sim_walk_seed,
                actions_per_s=settings.sim_actions_per_s,
                ladder_levels=settings.sim_ladder_levels,
                lot_notional=settings.sim_lot_notional,
                client_fill_mean_s=settings.sim_client_fill_mean_s,
            ),
            without=frozenset({recording.symbol}) if recording else frozenset(),
        )
    if recording is not None:
        recording.attach(venue.markets[recording.symbol], venue)
    return Parts(
        settings,
        venue,
        journal,
        sender,
        answers,
        market_data,
        application,
        VenueAcceptor(application, text, store, guard),
        flow,
        recording,
    )


def recover(parts: Parts, now_ns: int) -> tuple[int, int]:
    """Finish what a killed process left: unsent reports, then cancels of what was open.

    Returns:
        Reports sent late, orders cancelled.
    """
    settings = parts.settings
    store = settings.sim_store_dir / settings.sim_mic / "fix"
    with parts.venue.lock:
        tails = {
            comp_id: store_tail(store, settings.sim_mic, comp_id)
            for client in {report.client for report in parts.journal.last_reports}
            for comp_id in (client, client + DROP_COPY_SUFFIX)
        }
        late = parts.answers.send_missing(tails)
        cancelled = parts.venue.cancel_after_restart(now_ns)
        parts.answers.flush()
    return late, cancelled


class Timer:
    """The one thread of everything that is not an answer: flow, hours, publication."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="timer", daemon=True)
        self._hours = _hours(parts.settings)
        self._publish_due_ns = self._started_ns = 0
        self.errors = 0

    def start(self) -> None:
        """Run until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """End after the current step."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        step_s = min(STEP_S, self._parts.settings.sim_publish_ms / 1000)
        while not self._stop.wait(step_s):
            try:
                self.step(time.time_ns())
            except Exception:  # noqa: BLE001 - it is logged and counted
                # One bad step must not end the market; the count makes it visible.
                self.errors += 1
                _LOG.exception("a step of the market failed")

    def step(self, now_ns: int) -> None:
        """Do what is due."""
        parts = self._parts
        venue = parts.venue
        with venue.lock:
            try:
                self._started_ns = self._started_ns or now_ns
                venue.enter(self._hours.phase(now_ns, self._started_ns), now_ns)
                venue.expire_due(now_ns)
                if parts.flow is not None:
                    parts.flow.step(now_ns)
                if parts.recording is not None:
                    parts.recording.step(now_ns)
            finally:
                parts.answers.flush()
        if now_ns >= self._publish_due_ns:
            self._publish_due_ns = now_ns + parts.settings.sim_publish_ms * NS_PER_MS
            parts.market_data.publish(now_ns)


class RunningVenue:
    """A venue in this process, from start to stop."""

    def __init__(self, settings: SimSettings) -> None:
        self.parts = make_parts(settings)
        self.timer = Timer(self.parts)
        self._is_ready = False

    def start(self) -> tuple[int, int]:
        """Recover, open the market and listen.

        Returns:
            Reports sent late and orders cancelled after a restart.
        """
        now_ns = time.time_ns()
        recovered = recover(self.parts, now_ns)
        if self.parts.flow is not None:
            with self.parts.venue.lock:
                self.parts.flow.open(now_ns)
        with self.parts.venue.lock:
            for symbol in _symbols(self.parts.settings.sim_halted):
                self.parts.venue.halt(symbol, now_ns)
        self.parts.acceptor.start()
        self.timer.start()
        self._is_ready = True
        return recovered

    def readiness(self) -> tuple[bool, str]:
        """Whether it listens and trades, and why not."""
        problems = self.parts.application.errors + self.timer.errors
        return self._is_ready, "ready" if not problems else f"ready; {problems} errors logged"

    def stop(self) -> None:
        """Stop the market and log the clients out."""
        self._is_ready = False
        self.timer.stop()
        with self.parts.venue.lock:
            self.parts.sender.log_out_all()
        self.parts.sender.await_logouts()
        self.parts.acceptor.close()
        if self.parts.recording is not None:
            self.parts.recording.close()
        self.parts.journal.close()
