"""Follows what QuickFIX says of its connection, and tells when it does not come back by itself."""

from collections.abc import Callable

from fix.initiator_guard import retry_ceiling_s

# How QuickFIX begins what it says on the way to a logon; the port it names is the guard's.
_CONNECTING = "Connecting to "
_LOGON_SENT = "Initiated logon request"
_IDLE_WORDS = (
    "Created session", "Received logon response", "Received logout re", "Sent test request",
    "Disconnecting",
)  # fmt: skip


class ConnectionWatch:
    """One session's, over every engine made for it. Called in QuickFIX's thread.

    A connection that QuickFIX ends itself (no heartbeat, MsgSeqNum(34) too low) stays among those
    it has: it never dials again, and sends its Logon(A) nowhere, for ever.
    """

    def __init__(self, reconnect_s: float, now: Callable[[], float]) -> None:
        self._reconnect_s = reconnect_s
        self._now = now
        # Failed logons in a row: the guard process, which spaces them, is new for each engine.
        self._failures = 0
        self._not_before = 0.0
        self.begin()

    def begin(self) -> None:
        """An engine is made anew."""
        # Its last word that may tell why the session ended.
        self.why = ""
        self._stuck = False
        self._connecting = False

    def logged_on(self) -> None:
        """The venue took the logon."""
        self._failures = 0
        self.why = ""

    @property
    def stuck(self) -> bool:
        """Whether the engine is to be made anew now: at once the first time, then ever later."""
        return self._stuck and self._now() >= self._not_before

    def note(self, text: str) -> bool:
        """Take a word of QuickFIX; tell if it says anything to people."""
        if text.startswith(_CONNECTING):
            self._connecting = True
            return False
        if text == _LOGON_SENT:
            if not self._connecting and not self._stuck:
                self._stuck = True
                failures, self._failures = self._failures, self._failures + 1
                wait_s = retry_ceiling_s(self._reconnect_s, failures) if failures else 0.0
                self._not_before = self._now() + wait_s
            self._connecting = False
            return False
        if text.startswith(_IDLE_WORDS):
            return False
        self.why = text
        return True
