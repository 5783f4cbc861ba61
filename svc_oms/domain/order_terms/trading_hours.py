"""When a venue trades, and what it takes when it does not: TradingSessionStatus(h) of FIX 4.4.

One rule applies to every way in which an order can come to a venue: placed, approved, released
after its stop or its parent. While the venue is closed or halted, it takes orders for its next
opening (AT_OPEN) and no others; before the opening it takes all but those that must trade at
once (IOC, FOK). Cancels and replaces always pass, because they only change what is there.
A status that is not known refuses nothing.

A listing has a status of its own (`checks.check_terms`): before its opening and in its auctions it
takes all but orders that must trade at once.

When a session closes is what the venue reports; else what the calendar of the listing has; else the
setting.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from kernel.trading_calendar import TradingCalendar
from svc_oms.domain.model import TimeInForce
from svc_oms.domain.refusal import OrderRefused

CLOSING_S: Final = 5
"""So long after TradSesCloseTime(344) a venue counts as closed although it has not said so: its
last trade may come before its TradingSessionStatus(h), and must not send a stop into a closed
venue. Later, what the venue reports counts: it may have prolonged its session."""
DAY_MAX_S: Final = 24 * 3600
"""A DAY order that waits here ends so long after its acceptance, or after the opening, at the
latest: where a venue reports that it trades, but neither its close nor the time of it."""


class SessionStatus(IntEnum):
    """TradSesStatus(340)."""

    UNKNOWN = 0
    HALTED = 1
    OPEN = 2
    CLOSED = 3
    PRE_OPEN = 4
    PRE_CLOSE = 5
    REQUEST_REJECTED = 6


class TradingSession(NamedTuple):
    """What a venue reports of its trading session. Times are UTC nanoseconds; 0: not known."""

    status: SessionStatus = SessionStatus.UNKNOWN
    since_ns: int = 0
    """When the venue entered the status."""
    closes_at_ns: int = 0
    """TradSesCloseTime(344) of the session that is on or comes next."""
    closed_at_ns: int = 0
    """When the venue last closed."""


NOT_KNOWN: Final = TradingSession()

_S, _F = SessionStatus, TimeInForce
_NOT_TRADING: Final = frozenset({_S.CLOSED, _S.HALTED})
AT_ONCE: Final = frozenset({_F.IOC, _F.FOK})
"""Times in force of orders that trade at once or not at all."""
_RESTS: Final = frozenset(set(TimeInForce) - AT_ONCE)
_NO_QUOTES: Final = frozenset({_S.CLOSED, _S.HALTED, _S.PRE_OPEN})
IN_CALL: Final = frozenset({"PRE_OPEN", "AUCTION"})
"""TradingStatus of a listing that collects orders and matches them later."""
_QUOTED: Final = frozenset({"", "OPEN", "NOT_KNOWN"})
"""TradingStatus of a listing whose bid and offer say what the market is; empty: not reported."""

TAKES: Final = {
    _S.UNKNOWN: frozenset(TimeInForce),
    _S.REQUEST_REJECTED: frozenset(TimeInForce),
    _S.OPEN: frozenset(TimeInForce),
    _S.PRE_CLOSE: frozenset(TimeInForce),
    _S.PRE_OPEN: _RESTS,
    _S.HALTED: frozenset({_F.AT_OPEN}),
    _S.CLOSED: frozenset({_F.AT_OPEN}),
}
"""The times in force of new orders that a venue takes in each status."""


def known(before: TradingSession, reported: TradingSession, now_ns: int) -> TradingSession:
    """Return what is known after a venue has reported its status.

    A status that is reported again keeps its first time: a gateway that was started again hears
    of it later than the venue entered it.

    Args:
        before: What was known.
        reported: What the venue reports now.
        now_ns: The present time.
    """
    same = before.status is reported.status and before.since_ns
    closed_at_ns = before.closed_at_ns
    if 0 < before.closes_at_ns <= now_ns:
        closed_at_ns = max(closed_at_ns, before.closes_at_ns)
    if reported.status is _S.CLOSED and not same:
        closed_at_ns = max(closed_at_ns, reported.since_ns)
    return reported._replace(
        since_ns=before.since_ns if same else reported.since_ns, closed_at_ns=closed_at_ns
    )


def status_at(session: TradingSession, now_ns: int) -> SessionStatus:
    """Return the status that counts at an instant."""
    passed_ns = now_ns - session.closes_at_ns
    if (
        0 <= passed_ns < CLOSING_S * NS_PER_S
        and session.since_ns < session.closes_at_ns
        and session.status not in _NOT_TRADING
    ):
        return _S.CLOSED
    return session.status


def takes(session: TradingSession, time_in_force: TimeInForce, now_ns: int) -> bool:
    """Return whether a venue takes a new order of this time in force now."""
    return time_in_force in TAKES[status_at(session, now_ns)]


def waits_for_opening(session: TradingSession, now_ns: int) -> bool:
    """Return whether an order that is accepted now is for the next trading session."""
    return status_at(session, now_ns) in _NOT_TRADING


def quotes_count(session: TradingSession, listing_status: str, now_ns: int) -> bool:
    """Return whether bid and offer of a listing say what the market is.

    Before the opening, in an auction and while nothing is traded they do not: nobody has to trade
    at them, and they may be crossed.

    Args:
        session: What its venue reports.
        listing_status: TradingStatus of the listing, by name; empty if it is not reported.
        now_ns: The present time.
    """
    return listing_status in _QUOTED and status_at(session, now_ns) not in _NO_QUOTES


def require_taken(
    session: TradingSession,
    instrument_id: str,
    venue_mic: str,
    time_in_force: TimeInForce,
    now_ns: int,
) -> None:
    """Refuse a new order that its venue does not take in its present status.

    Raises:
        OrderRefused: INSTRUMENT_NOT_TRADABLE.
    """
    status = status_at(session, now_ns)
    taken = TAKES[status]
    if time_in_force in taken:
        return
    names = ", ".join(each.name for each in sorted(taken))
    raise OrderRefused(
        "INSTRUMENT_NOT_TRADABLE",
        f"instrument_id {instrument_id} cannot be traded now: TradSesStatus(340) of venue "
        f"{venue_mic} is {status.name}, and terms.time_in_force is {time_in_force.name}; until "
        f"it opens, the venue takes {names}",
        "terms.time_in_force",
        {
            "instrument_id": instrument_id,
            "venue_mic": venue_mic,
            "trading_status": status.name,
            "value": time_in_force.name,
            "expected": names,
        },
    )


def day_ends_at_ns(
    accepted_ns: int, session: TradingSession, calendar: TradingCalendar, day_end_s: int
) -> int | None:
    """Return when DAY ends for an order that waits here; None while its close is not known.

    Args:
        accepted_ns: When the order was accepted. While the venue was closed: for its next session.
        session: What the venue reports.
        calendar: The listing's. It counts where the venue reports nothing.
        day_end_s: End of the venue's trading day by the settings, in seconds since midnight UTC.
            It counts where the calendar has no hours.
    """
    if session.closed_at_ns > accepted_ns:
        return session.closed_at_ns
    if session.closes_at_ns > accepted_ns:
        return session.closes_at_ns
    if session.status in {_S.UNKNOWN, _S.REQUEST_REJECTED}:
        closes_ns = calendar.close_after(accepted_ns)
        if closes_ns is not None:
            return closes_ns
        end = accepted_ns - accepted_ns % NS_PER_DAY + day_end_s * NS_PER_S
        return end if end > accepted_ns else end + NS_PER_DAY
    if session.status is _S.CLOSED:
        return None
    return max(accepted_ns, session.since_ns) + DAY_MAX_S * NS_PER_S
