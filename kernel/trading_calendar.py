"""The trading days, sessions and phases of a venue or listing, by its own clock and calendar.

A trading day has a date. It begins at one time of day, in the calendar's time zone, on each date
that is a trading day, or with the first phase of its session if that is earlier, and lasts until
the next trading day begins. So the figures of a Friday stay until Monday.

A session is what the venue trades on one date, as phases. A calendar without hours has trading days
and no sessions: when the venue opens and closes is then not known.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from kernel.nanoseconds import NS_PER_S

SESSIONS_REMEMBERED_MAX: Final = 512
"""Sessions of one calendar that are remembered. Beyond it all are worked out again."""
MINUTES_A_DAY: Final = 24 * 60

EVERY_DAY = frozenset(range(7))
ONE_DAY: Final = dt.timedelta(days=1)


class TradingDay(NamedTuple):
    """When a trading day begins, and when the next one does; UTC nanoseconds."""

    begins_ns: int
    ends_ns: int


class Phase(IntEnum):
    """What a venue does at a time, by its calendar."""

    PRE_OPEN = 1
    """It takes orders and does not match them."""
    OPENING_AUCTION = 2
    CONTINUOUS = 3
    CLOSING_AUCTION = 4
    CLOSED = 5


class Origin(IntEnum):
    """Who says when the days and sessions of a calendar are."""

    LIBRARY = 1
    """The library exchange-calendars, as kernel/calendars has it."""
    VENUES_FILE = 2
    """The venues file of a gateway."""
    NOBODY = 3
    """Nothing is known: days are those of UTC."""


class PhaseTime(NamedTuple):
    """When a phase is; UTC nanoseconds."""

    phase: Phase
    begins_ns: int
    ends_ns: int


class Session(NamedTuple):
    """What a venue trades on one date."""

    date: dt.date
    phases: tuple[PhaseTime, ...]
    """In order. Between two of them, in a break, the venue is closed."""

    @property
    def begins_ns(self) -> int:
        """When its first phase begins."""
        return self.phases[0].begins_ns

    @property
    def closes_ns(self) -> int:
        """When its last phase ends: DAY orders end then."""
        return self.phases[-1].ends_ns


Hours = tuple[tuple[int, int], ...]
"""Continuous trading on one date: beginning and end of each part, in minutes since its midnight;
below 0 on the day before. Between two parts is a break."""

_PART: Final = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


def parse_hours(text: str) -> Hours:
    """Read hours: "09:00-17:30", with a break "09:00-11:30 12:30-15:30".

    If the end is not later than the beginning, as in "17:00-16:00", trading begins on the day
    before.

    Raises:
        ValueError: The text is not of this form, or the parts are not in order.
    """
    times: list[int] = []
    for part in text.split(" "):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(f"hours {text!r} are not of the form 09:00-17:30")
        hour, minute, end_hour, end_minute = map(int, found.groups())
        times += [hour * 60 + minute, end_hour * 60 + end_minute]
        if max(minute, end_minute) > 59 or max(times) > MINUTES_A_DAY:  # noqa: PLR2004
            raise ValueError(f"hours {text!r} have a time that is none: 00:00 to 24:00")
    last = times[-1]
    if times[0] >= last:
        times = [time - MINUTES_A_DAY if time >= last and at < len(times) - 1 else time
                 for at, time in enumerate(times)]  # fmt: skip
    if sorted(set(times)) != times:
        raise ValueError(f"hours {text!r} are not in order")
    return tuple(zip(times[::2], times[1::2], strict=True))


class SessionTimes(NamedTuple):
    """When the sessions of a calendar are held."""

    regular: Sequence[tuple[dt.date, Hours]] = ()
    """Date from which hours hold, the first one first; earlier dates have the first ones, too."""
    special: Mapping[dt.date, Hours] = {}
    """Dates with other hours: half days, and trading days on other weekdays."""
    pre_open_minutes: int = 0
    """From the beginning of the pre-open phase to that of the opening auction."""
    opening_auction_minutes: int = 0
    """Its length; continuous trading begins at its end."""
    closing_auction_minutes: int = 0
    """Its length; it begins when continuous trading ends."""
    auctions_verified: bool = True
    """Whether these lengths were compared with what the venue has published."""


NO_TIMES: Final = SessionTimes()


class TradingCalendar:
    """The trading days and sessions of one venue or listing."""

    def __init__(
        self,
        zone: str = "UTC",
        begins_minute: int = 0,
        weekdays: Collection[int] = EVERY_DAY,
        closed: Collection[dt.date] = (),
        times: SessionTimes = NO_TIMES,
        *,
        name: str = "UTC",
        origin: Origin = Origin.NOBODY,
        known_until: dt.date | None = None,
    ) -> None:
        """Make a calendar; without arguments a day is one of UTC.

        Args:
            zone: IANA time zone.
            begins_minute: Time of day at which a trading day begins, in minutes since midnight.
            weekdays: Weekdays on which one begins; 0 is Monday.
            closed: Dates on which none begins: holidays.
            times: The sessions; none by default.
            name: What it is called: a MIC, or "UTC".
            origin: Who says so.
            known_until: Last date whose holidays are known; None if the calendar has no such date.

        Raises:
            ValueError: The zone is not known here, or a weekday or the time does not exist.
        """
        try:
            self.zone = ZoneInfo(zone)
        except (OSError, KeyError, ValueError) as error:
            raise ValueError(f"time zone {zone!r} is not known here") from error
        self._time = dt.time(*divmod(begins_minute, 60))
        if not weekdays or not EVERY_DAY.issuperset(weekdays):
            raise ValueError(f"weekdays are {sorted(weekdays)}; expected some of 0 to 6")
        self._weekdays = frozenset(weekdays)
        self._closed = frozenset(closed)
        self._times = times
        self.name = name
        self.origin = origin
        self.known_until = known_until
        self._sessions: dict[dt.date, Session] = {}
        self._last = TradingDay(0, 0)
        self._phase = PhaseTime(Phase.CLOSED, 0, 0)
        self._close = (0, 0)

    @property
    def has_hours(self) -> bool:
        """Whether it knows when the venue opens and closes."""
        return bool(self._times.regular)

    @property
    def auctions_verified(self) -> bool:
        """Whether the lengths of pre-open and auctions are those that the venue has published."""
        return self.has_hours and self._times.auctions_verified

    def day_of(self, at_ns: int) -> TradingDay:
        """Return the trading day of an instant."""
        last = self._last
        if not last.begins_ns <= at_ns < last.ends_ns:
            last = self._last = self._find(at_ns)
        return last

    def date_of(self, day: TradingDay) -> dt.date:
        """Return the date of a trading day. Its session may begin on the evening before."""
        date = self._local_date(day.begins_ns)
        after = date + ONE_DAY
        return after if self._begins_ns(after) == day.begins_ns else date

    def first_from(self, date: dt.date) -> int:
        """Return when the first trading day begins whose date is this one or a later one."""
        return next(self._beginnings(date, 1))

    def session(self, date: dt.date) -> Session | None:
        """Return the session of a date; None if there is none, or its hours are not known."""
        if not self.has_hours or not self._is_trading_day(date):
            return None
        if date not in self._sessions:
            if len(self._sessions) >= SESSIONS_REMEMBERED_MAX:
                self._sessions.clear()
            self._sessions[date] = self._make_session(date)
        return self._sessions[date]

    def _make_session(self, date: dt.date) -> Session:
        times, parts = self._times, self._hours(date)
        first, last = parts[0][0], parts[-1][1]
        auction = first - times.opening_auction_minutes
        spans = [
            (Phase.PRE_OPEN, auction - times.pre_open_minutes, auction),
            (Phase.OPENING_AUCTION, auction, first),
            *((Phase.CONTINUOUS, begins, ends) for begins, ends in parts),
            (Phase.CLOSING_AUCTION, last, last + times.closing_auction_minutes),
        ]
        return Session(
            date,
            tuple(
                PhaseTime(phase, self._at_ns(date, begins), self._at_ns(date, ends))
                for phase, begins, ends in spans
                if begins < ends
            ),
        )

    def phase_at(self, at_ns: int) -> PhaseTime | None:
        """Return the phase of an instant; None if the hours are not known."""
        if not self.has_hours:
            return None
        known = self._phase
        if not known.begins_ns <= at_ns < known.ends_ns:
            known = self._phase = self._find_phase(at_ns)
        return known

    def close_after(self, at_ns: int) -> int | None:
        """Return when the first session closes that closes after an instant.

        None if the hours are not known.
        """
        if not self.has_hours:
            return None
        since_ns, closes_ns = self._close
        if since_ns <= at_ns < closes_ns:
            return closes_ns
        since_ns = at_ns
        # A session may close on the date after its own.
        sessions = self._sessions_from(self._local_date(at_ns) - 2 * ONE_DAY)
        for session in sessions:
            if session.closes_ns > at_ns:
                self._close = since_ns, session.closes_ns
                break
            since_ns = session.closes_ns
        return self._close[1]

    def _find(self, at_ns: int) -> TradingDay:
        date = self._local_date(at_ns)
        # The trading day of the date after it may have begun.
        after = date + ONE_DAY
        begins_ns = next(ns for ns in self._beginnings(after, -1) if ns <= at_ns)
        ends_ns = next(ns for ns in self._beginnings(date, 1) if ns > at_ns)
        return TradingDay(begins_ns, ends_ns)

    def _find_phase(self, at_ns: int) -> PhaseTime:
        closed_ns = 0
        today = self.date_of(self.day_of(at_ns))
        before = next(self._trading_dates(today - ONE_DAY, -1))
        phases = (one for session in self._sessions_from(before) for one in session.phases)
        for one in phases:
            if at_ns < one.begins_ns:
                return PhaseTime(Phase.CLOSED, closed_ns, one.begins_ns)
            if at_ns < one.ends_ns:
                return one
            closed_ns = one.ends_ns
        raise AssertionError("sessions have no end")

    def _sessions_from(self, date: dt.date) -> Iterator[Session]:
        """Yield the sessions from a date on, without end; the hours must be known."""
        for day in self._trading_dates(date, 1):
            session = self.session(day)
            assert session is not None
            yield session

    def _is_trading_day(self, date: dt.date) -> bool:
        if date in self._times.special:
            return True
        return date.weekday() in self._weekdays and date not in self._closed

    def _hours(self, date: dt.date) -> Hours:
        special = self._times.special.get(date)
        if special is not None:
            return special
        regular = self._times.regular
        return next((hours for since, hours in reversed(regular) if since <= date), regular[0][1])

    def _trading_dates(self, date: dt.date, step: int) -> Iterator[dt.date]:
        """Yield dates of trading days, from a date on or backwards from it, without end.

        A closure may be of any length. It ends, for the dates that are closed are a finite list.
        """
        while True:
            if self._is_trading_day(date):
                yield date
            date += dt.timedelta(days=step)

    def _beginnings(self, date: dt.date, step: int) -> Iterator[int]:
        """Yield when trading days begin, from a date on or backwards from it."""
        return map(self._begins_ns, self._trading_dates(date, step))

    def _begins_ns(self, date: dt.date) -> int:
        begins_ns = int(dt.datetime.combine(date, self._time, self.zone).timestamp()) * NS_PER_S
        session = self.session(date)
        return begins_ns if session is None else min(begins_ns, session.begins_ns)

    def _at_ns(self, date: dt.date, minute: int) -> int:
        days, of_day = divmod(minute, MINUTES_A_DAY)
        local = dt.datetime.combine(
            date + dt.timedelta(days=days), dt.time(*divmod(of_day, 60)), self.zone
        )
        return int(local.timestamp()) * NS_PER_S

    def _local_date(self, at_ns: int) -> dt.date:
        return dt.datetime.fromtimestamp(at_ns // NS_PER_S, self.zone).date()


UTC_DAYS = TradingCalendar()
