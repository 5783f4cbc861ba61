"""What the sessions need of the outside, and what the FIX side hands over to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple, Protocol, TypeVar

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as instrument
from svc_gateway.domain.market.trading_sessions import Reported

# A gateway that stood still for so long sends nothing more under the session it had then: the OMS
# gives the session away after this time, and the guard process lets nothing pass. Seconds.
OWNER_SILENCE_MAX_S = 2.0

# Number-of-entries tag, first tag of an entry, the entries' texts.
Groups = Sequence[tuple[int, int, Sequence[str]]]


class HandedKind(Enum):
    """The kinds of things that a FIX thread hands over."""

    # A message for us: application messages and Reject(3).
    MESSAGE = auto()
    # A message that our code could not even take over; it must be parked.
    UNREADABLE = auto()
    # Logged on. `epoch_ns` and `number` (MsgSeqNum(34) of the venue's Logon(A)) are set.
    LOGON = auto()
    # Not logged on any more; `raw` is the reason.
    LOGOUT = auto()
    # The venue wanted one of our requests resent; it was not. `raw` is the request.
    NOT_RESENT = auto()
    # A text of QuickFIX: connect errors and the like.
    NOTE = auto()
    # The venue sent a Heartbeat(0) or the like; `raw` is its SendingTime(52).
    HEARD = auto()
    # Numbers of the venue are missing; `raw` is our ResendRequest(2). Market data only, as FILLED.
    GAP = auto()
    # The venue filled numbers without their messages; `raw` is its SequenceReset(4).
    FILLED = auto()


class Handed(NamedTuple):
    """One thing from a FIX thread, in session order."""

    kind: HandedKind
    raw: str
    received_ns: int
    number: int = 0
    epoch_ns: int = 0


class CannotExpressError(ValueError):
    """The command has no form in this venue's dialect; the text says what has none."""


class LinkBrokenError(Exception):
    """The stream to one of our services ended; the text says why. Connect again."""


class StoreFaultError(Exception):
    """The FIX store cannot be written; the text names the folder and the error."""


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
    def spoiled(self) -> str:
        """Return what was lost on the way in, so that the session must be rewound; or ""."""

    @property
    def stuck(self) -> str:
        """Return why it will not go on by itself and must be stopped and started; or ""."""

    def start(self, next_target: int | None) -> None:
        """Create the engine, set the next number to expect, connect."""

    def stop(self) -> None:
        """Log out and end the engine."""

    def renew(self) -> None:
        """Show that this process still lives; without it nothing leaves for the venue."""

    def forgive(self) -> None:
        """Take messages again after a loss that does not matter (prices)."""

    def send(self, body: str, groups: Groups = ()) -> int:
        """Send one application message and return its MsgSeqNum(34).

        Raises:
            NotSentError: the session is not logged on.
            InDoubtError: It got a number but may not have left.
        """

    def store_fault(self) -> str:
        """Return why the store cannot be written now; empty if it can."""

    def logged_on(self) -> bool:
        """Whether logged on."""

    def epoch_ns(self) -> int:
        """Return the creation time of the store; 0 before the first start."""

    def numbers(self) -> tuple[int, int]:
        """Return the next MsgSeqNum(34) to send and to expect."""

    def requests_sent(self) -> frozenset[str]:
        """Return ClOrdID(11) of every request in the store."""

    def requests(self, first: int, limit: int) -> list[tuple[int, str]]:
        """Return number and text of the D, F and G sent from a number on; the newest `limit`."""

    def sent_message(self, msg_seq_num: int) -> str:
        """Return the message that was sent with a number, or ""."""

    def change_numbers(self, next_sender: int, next_target: int, *, reset: bool) -> None:
        """Set the numbers of the stopped session; 0 leaves one.

        With `reset` both are 1 in a new epoch of the store, as the next logon shows.

        Raises:
            StoreFaultError: the store cannot be written.
        """

    def begin_anew(self, next_sender: int) -> None:
        """Make a new store in which our numbers continue from here.

        Raises:
            StoreFaultError: the store cannot be written.
        """


class StoreLock(Protocol):
    """Keeps a second process from one session's FIX store, as long as this one lives."""

    @property
    def held(self) -> bool:
        """Whether this process has it."""

    def take(self) -> bool:
        """Take it, if no other process has it.

        Raises:
            StoreFaultError: the lock's file cannot be opened.
        """

    def free(self) -> None:
        """Free the lock."""

    def stamp(self) -> None:
        """Show other processes that this one, which has it, still lives."""

    def end_hung_holder(self) -> str:
        """Kill the process that has it, if it hangs on this machine; return which one, or ""."""

    def holder(self) -> str:
        """Return a text that names the process which took it last."""

    async def until_held(self) -> None:
        """Wait until this process has it."""


class MarkStore(Protocol):
    """Keeps a mark of the order book beside the FIX store of a session. Both methods block."""

    def read(self) -> link.BookMark | None:
        """Return the stored mark; None if there is none, or it cannot be read."""

    def write(self, mark: link.BookMark) -> None:
        """Replace the stored mark; raise OSError if that is not possible."""


class SentReader(Protocol):
    """Reads requests of the FIX store in one venue's dialect."""

    def read(self, msg_seq_num: int, raw: str) -> link.SentRequest:
        """Return a request with its command, or with the reason why it cannot be read."""


class CommandWriter(Protocol):
    """Writes commands as FIX text in one venue's dialect."""

    def write(self, command: link.VenueCommand, now_ns: int) -> tuple[str, Groups]:
        """Return body and repeating groups; raise CannotExpressError if it has no form."""

    def ask(self, command: link.VenueCommand) -> str:
        """Return a status request about a command in doubt."""

    def ask_all(self, request_id: str) -> str:
        """Return a question about all orders at once."""

    def ask_trading_status(self, request_id: str) -> str:
        """Return a TradingSessionStatusRequest(g), for now and for every change."""

    def ask_about(self, sent: str) -> tuple[str, str]:
        """Return a status request about a request in the FIX store; "" if it needs none."""

    def receipt_about(self, sent: str) -> link.CommandReceipt | None:
        """Return the receipt that says that a request in the FIX store is in doubt; None for H."""


class ReportReader(Protocol):
    """Reads a venue's messages on an order session."""

    def read(self, raw: str, epoch_ns: int, received_ns: int, number: int) -> link.VenueMessage:
        """Return the contract message; what cannot be read is parked in it."""

    def plain(self, raw: str, epoch_ns: int, received_ns: int, number: int) -> tuple[str, bytes]:
        """Return what `read` returns, as bytes, if the message is a plain report; else empty.

        A plain report is like nearly all are: it has nothing odd, answers no question of ours, and
        needs no answer. It is read quickly. With it comes its kind: the field of the content.
        """

    def mass_answer(self, raw: str) -> tuple[str, bool, bool] | None:
        """Return the question, whether it is the last report, whether of an order; or None."""

    def reject_for(self, message: link.VenueMessage, raw: str, number: int) -> str:
        """Return the body of the answer to a message that we cannot use; empty if there is none.

        Args:
            message: The decoded message.
            raw: Its text.
            number: Its MsgSeqNum(34); 0 if that is not known.
        """

    def sent_at(self, raw: str) -> tuple[int, int]:
        """Return SendingTime(52) of a message, or of its own text, and the unit of its last digit.

        Both in nanoseconds; 0 for a time that cannot be read.
        """

    def trading_session(self, raw: str) -> Reported | None:
        """Return the content of a TradingSessionStatus(h); None if it is another message."""


class Inbox(Protocol):
    """The queue from the FIX threads."""

    def put(self, item: Handed) -> bool:
        """Put from any thread; False when full."""

    async def get_batch(self, max_items: int) -> list[Handed]:
        """Return what waits, at least one item."""


RequestT_contra = TypeVar("RequestT_contra", contravariant=True)
ResponseT_co = TypeVar("ResponseT_co", covariant=True)


class Stream(Protocol[RequestT_contra, ResponseT_co]):
    """A bidirectional stream to one of our services; LinkBrokenError when it ended."""

    async def send(self, request: RequestT_contra) -> None:
        """Send a frame; waits while the peer does not read."""

    async def receive(self) -> ResponseT_co:
        """Return the next frame."""

    async def finish(self) -> None:
        """End our side, and wait a moment for the peer to end the stream."""

    async def close(self) -> None:
        """End it."""


@dataclass(slots=True)
class ListPart:
    """One part of a venue's list of instruments: a SecurityList(y)."""

    # SecurityReqID(320).
    request_id: str = ""
    instruments: list[instrument.Instrument] = field(default_factory=list)
    # instrument_id of all entries that have one, also of those that cannot be read.
    named: set[str] = field(default_factory=set)
    entries: int = 0
    # TotNoRelatedSym(393): entries of all parts together; 0 if the venue does not report it.
    total: int = 0
    more: bool = False
    # By SecurityRequestResult(560).
    refused: bool = False
    # Entries that are left out: Symbol(55), and why.
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class MarketReading:
    """The content of one message of a market-data session.

    Listings are named by their `symbol`, or by their instrument_id where that is said.
    """

    updates: list[feed.FeedUpdate] = field(default_factory=list)
    list_part: ListPart | None = None
    # The venue refused SecurityListRequest(x).
    list_refused: bool = False
    # Listings whose book is only complete after a new snapshot; the updates mark their books as
    # incomplete.
    refresh: set[str] = field(default_factory=set)
    # The message may have changed any book of the session, and cannot be read.
    lost: bool = False
    # Status by instrument_id; not specified if the venue's answer leaves it as it is.
    statuses: dict[str, instrument.TradingStatus] = field(default_factory=dict)
    # The venue does not take SecurityStatusRequest(e).
    statuses_refused: bool = False
    # The parts of a refused request, to be sent.
    requests: list[tuple[str, Groups]] = field(default_factory=list)
    # Listings whose prices the venue refuses, with its reason.
    refused: dict[str, str] = field(default_factory=dict)
    # TradingSessionStatus(h).
    trading_session: Reported | None = None
    # Texts of what could not be read or was refused.
    faults: list[str] = field(default_factory=list)
    # What the times of the message were moved by, as the venue's clock is far from ours.
    moved_by_ns: int = 0


class MarketDialect(Protocol):
    """Reads and writes one venue's market data."""

    def forget(self) -> None:
        """Start over: the remembered books of the venue are void."""

    def file_instruments(self, now_ns: int) -> list[instrument.Instrument]:
        """Return the instruments of the venues file."""

    def opening_requests(self) -> list[str]:
        """Return the first requests after logon; earlier requests are forgotten."""

    def list_requests(self) -> list[str]:
        """Return those of the first requests that ask for the list."""

    def session_status_requests(self) -> list[str]:
        """Return those of the first requests that ask for the venue's trading status."""

    def list_request_id(self) -> str:
        """Return SecurityReqID(320) of the last SecurityListRequest(x); empty if there is none."""

    def session_status_request_id(self) -> str:
        """Return the id of the last request of `session_status_requests`; empty without one."""

    def status_requests(self, symbols: Sequence[str]) -> list[tuple[str, Groups]]:
        """Return questions about the trading status of listings."""

    def subscriptions(self, symbols: Sequence[str]) -> list[tuple[str, Groups]]:
        """Return requests for snapshot and updates."""

    def snapshots(self, symbols: Sequence[str]) -> list[tuple[str, Groups]]:
        """Return requests for one snapshot each."""

    def read(self, raw: str, received_ns: int) -> MarketReading:
        """Read a message; never raises for anything a venue can send."""
