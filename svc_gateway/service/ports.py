"""What the sessions need of the outside, and what the FIX side tells them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol, TypeVar

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as instrument

# Number-of-entries tag, first tag of an entry, the entries' texts.
Groups = Sequence[tuple[int, int, Sequence[str]]]


class Told(Enum):
    """What a FIX thread hands over."""

    # A message for us: application messages and Reject(3).
    MESSAGE = auto()
    # A message our code could not even take over; to be parked.
    UNREADABLE = auto()
    # Logged on. `epoch_ns` and `number` (MsgSeqNum(34) of the venue's Logon(A)) are set.
    LOGON = auto()
    # Not logged on any more; `raw` is the reason in words.
    LOGOUT = auto()
    # The venue asked for one of our requests again; it was not sent again. `raw` is the request.
    NOT_RESENT = auto()
    # QuickFIX says something: connect errors and the like.
    NOTE = auto()
    # The venue was heard by a Heartbeat(0) or the like; `raw` is its SendingTime(52).
    HEARD = auto()


@dataclass(frozen=True, slots=True)
class Handed:
    """One thing from a FIX thread, in session order."""

    told: Told
    raw: str
    received_ns: int
    number: int = 0
    epoch_ns: int = 0


class CannotExpressError(ValueError):
    """The command has no form in this venue's dialect; the text says what."""


class LinkBrokenError(Exception):
    """The stream to one of our services ended; the text says why. Dial again."""


class NotSentError(Exception):
    """The message did not leave and never will: it is not in the store."""


class InDoubtError(Exception):
    """The message is in the store with a number, but the socket did not take it."""


class FixEngine(Protocol):
    """One FIX session's engine. `start` and `stop` block and are run in a thread."""

    @property
    def running(self) -> bool:
        """Whether started and not stopped."""

    @property
    def spoiled(self) -> bool:
        """Whether something handed over was lost (queue full): the session is to be rewound."""

    @property
    def stuck(self) -> bool:
        """Whether it will not connect again by itself: it is to be stopped and started."""

    def start(self, next_target: int | None) -> None:
        """Create the engine, set the next number to expect, connect."""

    def stop(self) -> None:
        """Log out and end the engine."""

    def forgive(self) -> None:
        """Take messages again after a loss that does not matter (prices)."""

    def send(self, body: str, groups: Groups = ()) -> int:
        """Send one application message and return its MsgSeqNum(34).

        Raises:
            NotSentError: the session is not logged on.
            InDoubtError: it got a number but may not have left.
        """

    def logged_on(self) -> bool:
        """Whether logged on."""

    def epoch_ns(self) -> int:
        """Return the creation time of the store; 0 before the first start."""

    def numbers(self) -> tuple[int, int]:
        """Return the next MsgSeqNum(34) to send and to expect."""

    def requests_sent(self) -> frozenset[str]:
        """Return ClOrdID(11) of every request in the store."""

    def sent_message(self, msg_seq_num: int) -> str:
        """Return what went out with a number, or ""."""

    def change_numbers(self, next_sender: int, next_target: int, *, reset: bool) -> None:
        """Set the numbers of the stopped session; 0 leaves one.

        With `reset` both are 1 in a new life of the store, and so they are told the venue at the
        next logon.
        """

    def begin_anew(self, next_sender: int) -> None:
        """Make a new store in which our numbers go on from here."""


class StoreLock(Protocol):
    """Keeps a second process from one session's FIX store, as long as this one lives."""

    @property
    def held(self) -> bool:
        """Whether this process has it."""

    def take(self) -> bool:
        """Take it, if no other process has it."""

    def free(self) -> None:
        """Give it up."""

    def holder(self) -> str:
        """Return who took it last, in words."""

    async def until_held(self) -> None:
        """Wait until this process has it."""


class CommandWriter(Protocol):
    """Writes commands as FIX text in one venue's dialect."""

    def write(self, command: link.VenueCommand, now_ns: int) -> tuple[str, Groups]:
        """Return body and repeating groups; raise CannotExpressError if it has no form."""

    def ask(self, command: link.VenueCommand) -> str:
        """Return a status request about a command in doubt."""

    def ask_all(self, request_id: str) -> str:
        """Return a question about all orders at once."""

    def ask_about(self, sent: str) -> tuple[str, str]:
        """Return a status request about a request in the FIX store; "" if it needs none."""

    def receipt_about(self, sent: str) -> link.CommandReceipt | None:
        """Return the receipt that says that a request in the FIX store is in doubt; None for H."""


class ReportReader(Protocol):
    """Reads what a venue says on an order session."""

    def read(self, raw: str, epoch_ns: int, received_ns: int, number: int) -> link.VenueMessage:
        """Return the contract message; what cannot be read is parked in it."""

    def mass_answer(self, raw: str) -> tuple[str, bool, bool] | None:
        """Return the question, whether it is the last report, whether of an order; or None."""

    def reject_for(self, message: link.VenueMessage, raw: str, number: int) -> str:
        """Return the body of what a message we cannot use is answered with; empty if nothing.

        Args:
            message: what was read.
            raw: what it was read from.
            number: its MsgSeqNum(34); 0 if that is not known.
        """

    def sent_at(self, raw: str) -> tuple[int, int]:
        """Return SendingTime(52) of a message or of its own text, and the unit of its last digit.

        Both in nanoseconds; 0 for a time that cannot be read.
        """

    def trading_session_status(self, raw: str) -> int | None:
        """Return TradSesStatus(340) if it is a TradingSessionStatus(h)."""


class Inbox(Protocol):
    """The queue behind the FIX threads."""

    def put(self, item: Handed) -> bool:
        """Put from any thread; False when full."""

    async def get_batch(self, max_items: int) -> list[Handed]:
        """Return what there is, at least one."""


RequestT_contra = TypeVar("RequestT_contra", contravariant=True)
ResponseT_co = TypeVar("ResponseT_co", covariant=True)


class Stream(Protocol[RequestT_contra, ResponseT_co]):
    """A bidirectional stream to one of our services; LinkBrokenError when it ended."""

    async def send(self, request: RequestT_contra) -> None:
        """Send a frame; waits while the peer does not read."""

    async def receive(self) -> ResponseT_co:
        """Return the next frame."""

    async def finish(self) -> None:
        """Say that nothing more comes, and wait a moment for the peer to end it."""

    async def close(self) -> None:
        """End it."""


@dataclass(slots=True)
class MarketReading:
    """What one message of a market-data session told."""

    updates: list[feed.FeedUpdate] = field(default_factory=list)
    instruments: list[instrument.Instrument] = field(default_factory=list)
    # The last part of the list of instruments has come.
    list_complete: bool = False
    # Symbols whose book can only be had again whole.
    refresh: set[str] = field(default_factory=set)
    session_status: instrument.TradingStatus | None = None
    # What could not be read or was refused, in words.
    faults: list[str] = field(default_factory=list)


class MarketDialect(Protocol):
    """Speaks with one venue about its market."""

    def forget(self) -> None:
        """Start over: what was remembered of the venue's books is void."""

    def file_instruments(self, now_ns: int) -> list[instrument.Instrument]:
        """Return the instruments of the venues file."""

    def opening_requests(self) -> list[str]:
        """Return what is asked first after logon."""

    def subscriptions(self, symbols: Sequence[str]) -> list[tuple[str, Groups]]:
        """Return requests for snapshot and updates."""

    def snapshots(self, symbols: Sequence[str]) -> list[tuple[str, Groups]]:
        """Return requests for one snapshot each."""

    def read(self, raw: str, received_ns: int) -> MarketReading:
        """Read a message; never raises for anything a venue can send."""
