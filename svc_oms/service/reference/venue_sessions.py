"""Which session leads to which venue, whether it is up, and when the venue trades.

A view of oms.sessions.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from kernel.calendars.library import default_calendar, library_calendar
from kernel.nanoseconds import NS_PER_S
from kernel.trading_calendar import UTC_DAYS, TradingCalendar
from mesh.calendars import calendar_of_venue
from mesh.errors import MeshError, refuse
from mesh.log import get_logger
from mesh.timestamps import from_timestamp, set_timestamp
from ordermesh.gateway.v1.venue_link_service_pb2 import (
    SESSION_STATE_DOWN,
    SESSION_STATE_UP,
    SessionState,
    SessionStatus,
)
from ordermesh.gateway.v1.venue_link_service_pb2 import FeeRate as FeeRateMessage
from svc_oms.domain.model import OrderType, TimeInForce
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.domain.order_terms.terms import BASIC, Capabilities
from svc_oms.domain.order_terms.trading_hours import (
    NOT_KNOWN,
    TradingSession,
    day_ends_at_ns,
    known,
    quotes_count,
)
from svc_oms.domain.order_terms.trading_hours import SessionStatus as TradSesStatus
from svc_oms.domain.routing.fees import FeeBasis, FeeRate, FeeRounding, FeeSchedule
from svc_oms.service import metrics

log = get_logger("svc_oms.venues")

TRADING_DAY_END_S = 22 * 3600
"""When a trading day ends where nothing else is known, in seconds since midnight UTC."""


class VenueSession(NamedTuple):
    """A session as this replica knows it."""

    session_id: str
    venue_mic: str
    state: int
    fencing_token: int
    capabilities: Capabilities = BASIC
    drop_copy: bool = False
    since_ns: int = 0
    """When it went into its state, as last reported; 0 if never."""
    trading: TradingSession = NOT_KNOWN
    fees: tuple[FeeSchedule, ...] = ()
    """What the venue charges, one schedule for each currency."""
    calendar: TradingCalendar = UTC_DAYS
    """When it trades, by its gateway's venues file or by the library."""


_TYPES = {value.value: value for value in OrderType}
_TIMES = {value.value: value for value in TimeInForce}


def capabilities_of(status: SessionStatus) -> Capabilities:
    """Return what a venue takes by its session's status.

    An empty list comes from an older gateway, which could do the basic things. Values that only
    a newer gateway knows are left out.
    """
    types = frozenset(_TYPES[number] for number in status.order_types if number in _TYPES)
    times = frozenset(_TIMES[number] for number in status.times_in_force if number in _TIMES)
    return Capabilities(
        types if status.order_types else BASIC.order_types,
        times if status.times_in_force else BASIC.times_in_force,
        status.cash_quantity,
    )


def fees_of(venue_mic: str, status: SessionStatus) -> tuple[FeeSchedule, ...]:
    """Return what a venue charges by its session's status."""
    return tuple(
        FeeSchedule(
            venue_mic,
            each.currency,
            _rate(each.taker),
            _rate(each.maker),
            FeeBasis(each.basis or FeeBasis.ORDER),
            each.places,
            FeeRounding(each.rounding or FeeRounding.HALF_EVEN),
            each.version,
        )
        for each in status.fees
    )


def _rate(message: FeeRateMessage) -> FeeRate:
    return FeeRate(
        Decimal(message.per_share or 0),
        Decimal(message.basis_points or 0),
        Decimal(message.fixed or 0),
        Decimal(message.minimum) if message.minimum else None,
        Decimal(message.maximum) if message.maximum else None,
    )


def calendar_of(venue_mic: str, status: SessionStatus) -> TradingCalendar:
    """Return a venue's calendar by its session's status."""
    said = status.trading_calendar if status.HasField("trading_calendar") else None
    try:
        return calendar_of_venue(venue_mic, said)
    except ValueError as error:
        # The gateway has checked it: its time zones or calendars are newer than ours.
        log.warning("calendar not usable", venue_mic=venue_mic, error=str(error))
        return default_calendar(venue_mic)


def trading_of(status: SessionStatus) -> TradingSession:
    """Return what a stored status says of the venue's trading session."""
    number, reported = status.trading_session_status, status.trading_session
    return TradingSession(
        TradSesStatus(number) if number in _STATUSES else TradSesStatus.UNKNOWN,
        from_timestamp(reported.since),
        from_timestamp(reported.closes_at),
        from_timestamp(reported.closed_at),
    )


_STATUSES = frozenset(TradSesStatus)


def keep_trading(before: SessionStatus, reported: SessionStatus, now_ns: int) -> None:
    """Write into a reported status what is known of the venue's trading session.

    A gateway that asks for it and has no answer yet reports nothing: what was known stays. So a
    restart of the gateway or of the OMS does not open a closed venue.
    """
    if not reported.HasField("trading_session"):
        if ASKS_FOR_STATUS not in reported.capabilities:
            reported.trading_session_status = 0
            return
        reported.trading_session_status = before.trading_session_status
        reported.trading_session.CopyFrom(before.trading_session)
        return
    trading = known(trading_of(before), trading_of(reported), now_ns)
    for field, time_ns in (
        (reported.trading_session.since, trading.since_ns),
        (reported.trading_session.closed_at, trading.closed_at_ns),
    ):
        if time_ns:
            set_timestamp(field, time_ns)


ASKS_FOR_STATUS = "trading_session_status"
"""The capability of a session that asks for TradingSessionStatus(h)."""


def reported_session(
    session_id: str,
    venue_mic: str,
    fencing_token: int,
    status: SessionStatus,
    *,
    drop_copy: bool = False,
) -> VenueSession:
    """Return a session as its owner's gateway reports it; without a state it is down."""
    state = status.state or SESSION_STATE_DOWN
    capabilities = capabilities_of(status)
    return VenueSession(
        session_id,
        venue_mic,
        state,
        fencing_token,
        capabilities,
        drop_copy,
        from_timestamp(status.since),
        trading_of(status),
        fees_of(venue_mic, status),
        calendar_of(venue_mic, status),
    )


class VenueSessions:
    """Sessions by venue, from the local session links and from the database."""

    def __init__(
        self,
        day_end_s: int = TRADING_DAY_END_S,
        day_ends_s: Mapping[str, int] | None = None,
        listing: Callable[[str], Instrument | None] = lambda _: None,
    ) -> None:
        """Begin without sessions.

        Args:
            day_end_s: End of the trading day in seconds since midnight UTC, where neither the
                venue reports when it closes nor a calendar has its hours.
            day_ends_s: The same for single venues, by MIC.
            listing: Returns a listing by its id.
        """
        self._listing = listing
        self._by_venue: dict[str, VenueSession] = {}
        self._day_end_s = day_end_s
        self._day_ends_s = day_ends_s or {}
        self._copied: set[str] = set()

    def learn(self, sessions: Iterable[VenueSession]) -> list[VenueSession]:
        """Set sessions; return those that went up or down by it."""
        moved = []
        for session in sessions:
            if session.drop_copy:
                # No command is sent on a drop copy, so its state matters only to the operator.
                self._copied.add(session.venue_mic)
                metrics.LINK_STATE.labels(session.session_id, session.venue_mic).set(session.state)
                continue
            before = self._by_venue.get(session.venue_mic)
            if before is not None and before.fencing_token > session.fencing_token:
                continue
            self._by_venue[session.venue_mic] = session
            metrics.LINK_STATE.labels(session.session_id, session.venue_mic).set(session.state)
            was_up = before is not None and before.state == SESSION_STATE_UP
            if before is not None and was_up != (session.state == SESSION_STATE_UP):
                moved.append(session)
        return moved

    def all(self) -> list[VenueSession]:
        """Return every session known."""
        return list(self._by_venue.values())

    def session_of(self, venue_mic: str) -> str:
        """Return the session that a venue's commands are sent on, up or not.

        Raises:
            MeshError: VENUE_UNAVAILABLE: There never was one.
        """
        session = self._by_venue.get(venue_mic)
        if session is None:
            raise _unavailable(venue_mic, "no order session has ever been linked")
        return session.session_id

    def name_of(self, venue_mic: str) -> str:
        """Return the session that a venue's commands are sent on; empty if there never was one."""
        session = self._by_venue.get(venue_mic)
        return "" if session is None else session.session_id

    def has_copy(self, venue_mic: str) -> bool:
        """Return whether a drop copy of a venue was ever linked."""
        return venue_mic in self._copied

    def up(self) -> frozenset[str]:
        """Return the venues that can take orders now."""
        return frozenset(
            mic for mic, one in self._by_venue.items() if one.state == SESSION_STATE_UP
        )

    def is_up(self, venue_mic: str) -> bool:
        """Return whether a venue can take orders now."""
        session = self._by_venue.get(venue_mic)
        return session is not None and session.state == SESSION_STATE_UP

    def is_gone(self, venue_mic: str, now_ns: int, age_s: float) -> bool:
        """Return whether a venue could not take orders for so many seconds."""
        session = self._by_venue.get(venue_mic)
        if session is None or session.state == SESSION_STATE_UP:
            return False
        return session.since_ns <= now_ns - int(age_s * NS_PER_S)

    def capabilities(self, venue_mic: str) -> Capabilities:
        """Return what a venue takes, as last reported; the basic things if it never was."""
        session = self._by_venue.get(venue_mic)
        return BASIC if session is None else session.capabilities

    def fees(self, venue_mic: str, currency: str) -> FeeSchedule | None:
        """Return what a venue charges in a currency; None: not known."""
        session = self._by_venue.get(venue_mic)
        schedules = () if session is None else session.fees
        return next((one for one in schedules if one.currency == currency), None)

    def trading(self, venue_mic: str) -> TradingSession:
        """Return what a venue reports of its trading session."""
        session = self._by_venue.get(venue_mic)
        return NOT_KNOWN if session is None else session.trading

    def day_ends_at_ns(self, instrument_id: str, accepted_ns: int) -> int | None:
        """Return when DAY ends for an order that waits here; None: not known yet."""
        venue_mic = instrument_id.rpartition(".")[2]
        session = self._by_venue.get(venue_mic)
        if session is None:
            # Sessions are read after the start, and the venue may trade longer than the calendar.
            return None
        listing = self._listing(instrument_id)
        own = library_calendar(listing.calendar) if listing is not None else None
        day_end_s = self._day_ends_s.get(venue_mic, self._day_end_s)
        return day_ends_at_ns(accepted_ns, session.trading, own or session.calendar, day_end_s)

    def quotes_count(self, instrument_id: str, now_ns: int) -> bool:
        """Return whether bid and offer of a listing say what the market is."""
        listing = self._listing(instrument_id)
        status = "" if listing is None else listing.trading_status
        return quotes_count(self.trading(instrument_id.rpartition(".")[2]), status, now_ns)

    def require_up(self, venue_mic: str) -> str:
        """Return the session of a venue that can take orders now.

        Raises:
            MeshError: VENUE_UNAVAILABLE.
        """
        session = self._by_venue.get(venue_mic)
        if session is None or session.state != SESSION_STATE_UP:
            state = SESSION_STATE_DOWN if session is None else session.state
            name = SessionState.Name(state).removeprefix("SESSION_STATE_")
            raise _unavailable(venue_mic, f"its order session is {name}")
        return session.session_id


def _unavailable(venue_mic: str, why: str) -> MeshError:
    return refuse(
        "VENUE_UNAVAILABLE",
        f"venue {venue_mic} cannot take orders now: {why}; nothing was sent",
        retry_after_s=2.0,
        venue_mic=venue_mic,
    )
