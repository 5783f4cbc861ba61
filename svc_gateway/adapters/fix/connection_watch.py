"""Follows QuickFIX's connection, and says when it does not come back by itself."""

from collections.abc import Callable

from fix.guards.initiator_guard import retry_ceiling_s

# The first words of QuickFIX's texts before a logon; the port in them is the guard process's.
CONNECTING = "Connecting to "
_LOGON_SENT = "Initiated logon request"
_IDLE_WORDS = (
    "Created session", "Received logon response", "Received logout re", "Sent test request",
    "Disconnecting",
)  # fmt: skip


class ConnectionWatch:
    """The watch of one session, over all its engines. Called in QuickFIX's thread.

    A connection that QuickFIX ends itself (no heartbeat, MsgSeqNum(34) too low) stays among its
    connections: QuickFIX never connects again, and its Logon(A) goes nowhere, forever.
    """

    def __init__(self, reconnect_s: float, now: Callable[[], float]) -> None:
        self._reconnect_s = reconnect_s
        self._now = now
        # Failed logons in a row: the guard process, which spaces them, is new for each engine.
        self._failures = 0
        self._not_before = 0.0
        self.begin()

    def begin(self) -> None:
        """A new engine is made."""
        # QuickFIX's last text that may say why the session ended.
        self.why = ""
        self._stuck = False
        self._connecting = False

    def logged_on(self) -> None:
        """The venue accepted the logon."""
        self._failures = 0
        self.why = ""

    @property
    def stuck(self) -> bool:
        """Whether a new engine is needed now: at once the first time, then after growing delays."""
        return self._stuck and self._now() >= self._not_before

    def note(self, text: str) -> bool:
        """Note a text of QuickFIX; return whether it is useful to people."""
        if text.startswith(CONNECTING):
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
