"""Whether a venue trades: what its TradingSessionStatus(h) say, one for each trading session.

The venue is asked after each logon, where it answers TradingSessionStatusRequest(g); later it
reports changes by itself. The session counts as up when it has answered, so that no order that
waited leaves for a venue that closed meanwhile. Until the first answer nothing is known, which is
not the same as "unknown": a gateway that was just started must not open a venue that its OMS
knows to be closed. A venue that refuses the question, or does not answer within `ANSWER_MAX_S`,
is unknown.

An order names no trading session, so any session that is open can take it. Of several statuses
the one counts in which the venue takes most orders.
"""

from typing import Final, NamedTuple

# How long the venue may take to answer TradingSessionStatusRequest(g). Seconds.
ANSWER_MAX_S = 10.0
# Trading sessions of one venue. The status of a further one is left out.
TRADING_SESSIONS_MAX = 64

UNKNOWN: Final = 0
_TAKES_MOST: Final = (2, 5, UNKNOWN, 4, 1, 3)
"""TradSesStatus(340): open, pre-close, unknown, pre-open, halted, closed."""


class Reported(NamedTuple):
    """One TradingSessionStatus(h)."""

    status: int
    """TradSesStatus(340), 0 to 5; others are 0."""
    trading_session_id: str = ""
    """TradingSessionID(336)."""
    closes_at_ns: int = 0
    """TradSesCloseTime(344), or else TradSesEndTime(345); UTC nanoseconds, 0 if there is none."""
    request_id: str = ""
    """TradSesReqID(335) of the request that it answers; empty if it answers none."""
    first_sent_ns: int = 0
    """OrigSendingTime(122) of a message that the venue resends; 0 if it does not."""


class TradingSessions:
    """The trading sessions of one venue; see the head of this file.

    Args:
        asks: Whether the venue answers TradingSessionStatusRequest(g).
    """

    def __init__(self, *, asks: bool) -> None:
        self._asks = asks
        self._due = False
        self._asked_id = ""
        self._asked_at = 0.0
        self._sessions: dict[str, Reported] = {}
        self.status = UNKNOWN
        self.since_ns = 0
        """When the venue entered the status; 0 before the first report."""

    @property
    def due(self) -> bool:
        """Whether the venue is still to be asked."""
        return self._due

    @property
    def closes_at_ns(self) -> int:
        """When the trading session that counts closes; 0 if that is not known."""
        times = [
            one.closes_at_ns
            for one in self._sessions.values()
            if one.status == self.status and one.closes_at_ns
        ]
        return max(times, default=0)

    @property
    def pending(self) -> bool:
        """Whether an answer is awaited, or the question is still to be asked."""
        return self._due or bool(self._asked_id)

    def logged_on(self) -> None:
        """Ask again: the venue may have changed its status meanwhile."""
        self._due, self._asked_id = self._asks, ""

    def logged_out(self) -> None:
        """Ask nothing more: no answer can come.

        Where the venue can be asked, what it said is forgotten: the session may be another
        gateway's meanwhile, and what was true then must not be reported as new.
        """
        self._due, self._asked_id = False, ""
        if self._asks:
            self._sessions.clear()
            self.status, self.since_ns = UNKNOWN, 0

    def asked(self, request_id: str, now_s: float) -> None:
        """Note the question."""
        self._due, self._asked_id, self._asked_at = False, request_id, now_s

    def heard(self, report: Reported, received_ns: int) -> None:
        """Note a report."""
        if report.first_sent_ns and self.pending:
            # Resent after a logon; the answer is newer.
            return
        at_ns = min(received_ns, report.first_sent_ns or received_ns)
        if report.request_id and report.request_id == self._asked_id:
            # The first answer; what was known before the logon is void.
            self._asked_id = ""
            self._sessions.clear()
        if (
            len(self._sessions) < TRADING_SESSIONS_MAX
            or report.trading_session_id in self._sessions
        ):
            self._sessions[report.trading_session_id] = report
        statuses = {one.status for one in self._sessions.values()}
        self._set(next(status for status in _TAKES_MOST if status in statuses), at_ns)

    def refused(self, at_ns: int) -> bool:
        """Note that the venue refused the question; return whether there was one."""
        asked = bool(self._asked_id)
        if asked:
            self._forget(at_ns)
        return asked

    def is_overdue(self, now_s: float, at_ns: int) -> bool:
        """Return whether the answer did not come in time; the status is unknown then."""
        overdue = bool(self._asked_id) and now_s - self._asked_at > ANSWER_MAX_S
        if overdue:
            self._forget(at_ns)
        return overdue

    def _forget(self, at_ns: int) -> None:
        self._asked_id = ""
        self._sessions.clear()
        self._set(UNKNOWN, at_ns)

    def _set(self, status: int, at_ns: int) -> None:
        if status != self.status or not self.since_ns:
            self.status, self.since_ns = status, at_ns
