"""A recording played into a live market at its own pace, with clients trading along.

The recorded orders do what the file says, as facts. A client's order in the same book is extra
liquidity: when the file executes a resting order, a client's order with priority over it, at a
better price or earlier at the same one, is offered the same quantity first. Quantity that a
client takes from recorded orders is missing when the file comes to them; that is counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from kernel.ticks import TickBand
from mesh.log import get_logger
from sim_exchange.domain.levels import Level
from sim_exchange.domain.lobster import Event, Message, RecordingError, read_messages
from sim_exchange.domain.order import Order
from sim_exchange.domain.playback import Playback
from sim_exchange.domain.prices import PRICE_SCALE, TickTable
from sim_exchange.instruments import INSTRUMENTS, SHARE_CFI, Instrument
from sim_exchange.service.market import Market
from sim_exchange.service.recorded_books import (
    RecordedBooks,
    beside,
    check_recording,
    open_file,
)
from sim_exchange.service.venue import Venue

_LOG = get_logger(__name__)

STEP_MESSAGES_MAX = 2_000
"""Rows applied in one step, about 20 ms; what is due beyond waits for the next step."""

US_TICKS = TickTable((TickBand(0, 1), TickBand(PRICE_SCALE, 100)))
"""0.0001 below 1, 0.01 from there on: the steps of the recorded exchange."""


def replay_instrument(symbol: str) -> Instrument:
    """The listing a recording is played into: a listed one with the recording's ticks.

    A symbol that is not listed gets a made-up listing in USD with an ISIN of the prefix XX,
    which no agency assigns.
    """
    for listed in INSTRUMENTS:
        if listed.symbol == symbol:
            return replace(listed, ticks=US_TICKS)
    if not symbol or not symbol.isascii() or not symbol.isalnum() or len(symbol) > 9:  # noqa: PLR2004 - an ISIN has room for 9
        raise RecordingError(
            f"replay symbol '{symbol}' is not 1 to 9 letters and digits; give --replay-symbol"
        )
    stem = "XX" + symbol.upper().rjust(9, "0")
    isin = stem + _check_digit(stem)
    return Instrument(
        symbol.upper(), isin, f"{symbol.upper()} (recorded)", SHARE_CFI, "USD", US_TICKS, 0
    )


def _check_digit(stem: str) -> str:
    digits = "".join(str(int(character, 36)) for character in stem)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 * (value > 9)  # noqa: PLR2004 - largest digit
    return str(-total % 10)


@dataclass(slots=True)
class RecordedFlow:
    """Plays the rows of an open file; one call of `step` applies what is due.

    Attributes:
        symbol: Instrument it is played into.
        instrument: Its listing.
        speed: Recorded seconds per second; 0 for as fast as possible.
        books: The recorded books, which the played book is kept equal to; None: there is no such
            file, and the book is made of the messages alone.
        finished: Nothing is left to play.
    """

    symbol: str
    instrument: Instrument
    speed: float
    name: str
    _file: TextIO
    _messages: Iterator[Message]
    books: RecordedBooks | None = None
    finished: bool = False
    playback: Playback | None = None
    _market: Market | None = None
    _venue: Venue | None = None
    _next: Message | None = None
    _start_ns: int = 0
    _first_ns: int = 0

    def attach(self, market: Market, venue: Venue) -> None:
        """Set the market to play into."""
        self._market, self._venue = market, venue
        self.playback = Playback(market.book)

    def step(self, now_ns: int) -> None:
        """Apply the rows that are due, at most STEP_MESSAGES_MAX.

        Raises:
            RecordingError: A row is bad; the playback ends there.
        """
        for _ in range(STEP_MESSAGES_MAX):
            if self.finished:
                return
            message = self._next or self._read(now_ns)
            if message is None:
                return
            due_ns = (now_ns - self._start_ns) * self.speed
            if self.speed and message.time_ns - self._first_ns > due_ns:
                return
            self._next = None
            self._apply(message, now_ns)

    def _read(self, now_ns: int) -> Message | None:
        try:
            message = next(self._messages, None)
        except RecordingError:
            self._finish()
            raise
        if message is None:
            self._finish()
            return None
        if not self._start_ns:
            self._start_ns, self._first_ns = now_ns, message.time_ns
        self._next = message
        return message

    def close(self) -> None:
        """Play no more."""
        self.finished = True
        self._file.close()
        if self.books is not None:
            self.books.close()

    def _finish(self) -> None:
        self.close()
        counts = self.playback.counts if self.playback else None
        compared = self.books.summary() if self.books else "no orderbook file beside it"
        _LOG.info("recording ended", file=self.name, counts=str(counts), compared=compared)

    def _apply(self, message: Message, now_ns: int) -> None:
        market, playback, venue = self._market, self.playback, self._venue
        if market is None or playback is None or venue is None:
            raise RuntimeError("step before attach")
        if message.event is Event.EXECUTE and market.resting_clients:
            self._offer_to_clients(market, message, now_ns)
        if self.books is None:
            playback.apply(message, now_ns)
        else:
            try:
                self.books.play(playback, message, now_ns)
            except RecordingError:
                self._finish()
                raise
        if message.event is Event.HALT:
            venue.report_state(market, now_ns)

    def _offer_to_clients(self, market: Market, message: Message, now_ns: int) -> None:
        left = message.size
        for level in market.book.levels(message.side):
            if (level.price - message.price) * message.side < 0 or left <= 0:
                return
            for resting in _clients_ahead(level, message):
                if left > 0:
                    quantity = min(left, resting.leaves)
                    left -= market.book.execute(resting.number, quantity, now_ns)


def _clients_ahead(level: Level, message: Message) -> list[Order]:
    ahead = []
    for resting in level.orders.values():
        if resting.number == message.order_id:
            break
        if resting.owner is not None:
            ahead.append(resting)
    return ahead


def open_recording(path: str, symbol: str, speed: float) -> RecordedFlow:
    """Open a LOBSTER message file for playing, with the orderbook file beside it if there is one.

    Args:
        path: The file.
        symbol: Instrument to play into; empty for the file name's part before the first _.
        speed: Recorded seconds per second; 0 for as fast as possible.

    Raises:
        RecordingError: A file cannot be opened, is cut or out of order, or the symbol cannot be
            listed.
    """
    messages, beside_it = Path(path), beside(Path(path))
    symbol = symbol or messages.name.partition("_")[0]
    instrument = replay_instrument(symbol)
    check_recording(messages, beside_it)
    if beside_it is None:
        _LOG.warning(
            "no orderbook file beside the recording: the book begins empty, and what happens "
            "deeper than its levels is not known, so its prices are not exact",
            file=path,
        )
    file = open_file(messages)
    return RecordedFlow(
        instrument.symbol, instrument, speed, path, file, read_messages(file, path),
        books=RecordedBooks(beside_it) if beside_it else None,
    )  # fmt: skip
