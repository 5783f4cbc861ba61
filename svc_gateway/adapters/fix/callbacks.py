# ruff: noqa: ARG002  QuickFIX passes the session's id to every callback; an engine has one
"""QuickFIX callbacks. They hand over and do nothing else.

Facts that shape this file (probed with quickfix 1.16):

- A Python exception that leaves a callback ends the process, so every callback is guarded.
- QuickFIX gives a parsed message, with fields sorted by tag. Only the log sees the text as it
  came, so the log object keeps it for the callback that follows in the same thread.
- A message that QuickFIX refuses by itself (for a repeating group that the dictionary does not
  have) never comes to `fromApp`; only its Reject(3) comes to `toAdmin`. A fact must not be lost
  because of its form, so the refused text is taken from the log and handed over like any other.
- A message that QuickFIX queued because of a gap comes to `fromApp` later, without coming to the
  log again. Its text is looked for among the few kept; otherwise the sorted one is used (correct
  for everything without groups).
- A call into QuickFIX takes 4 to 8 µs, and gives Python's lock away. So a number is read from the
  text where that is certain: a message that comes to `fromApp` right after the log, with no other
  callback of this thread in between, is the one that the log saw.
- DoNotSend in `toApp` of a message with PossDupFlag(43) makes QuickFIX gap-fill over it; DoNotSend
  of a fresh message leaves no trace: no number, nothing in the store.
"""

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import get_ident
from typing import Any

import quickfix as fix

from svc_gateway.adapters.fix.message_log import MessageLog
from svc_gateway.adapters.fix.traffic import Traffic
from svc_gateway.service.ports import Handed, HandedKind

_MSG_SEQ_NUM = 34
_MSG_TYPE = 35
_POSS_DUP_FLAG = 43
_TEXT = 58
_REF_SEQ_NUM = 45
_SENDING_TIME = 52
# Heartbeat(0), TestRequest(1): they come when nothing else does, and have the venue's time.
_HEARTBEATS = frozenset("01")
_SESSION_REJECT_REASON = 373
# CompID problem, SendingTime(52) accuracy problem: such a message is not of this session.
_NOT_FOR_US = frozenset({"9", "10"})
_USERNAME = 553
_PASSWORD = 554
# Texts kept for messages that QuickFIX may queue because of a gap; older ones come sorted.
_RAW_KEPT_MAX = 1024
_NUMBER = "\x0134="

HandOver = Callable[[Handed], bool]


class RawLog(fix.Log):  # type: ignore[misc]
    """Sees every message as it came, and as it leaves.

    Attributes:
        sender: The thread that sends a message of ours now; 0: none does.
        sent: MsgSeqNum(34) of the last message that it sent.
    """

    def __init__(self, hand_over: HandOver, message_log: MessageLog | None) -> None:
        super().__init__()
        self._hand_over = hand_over
        self._message_log = message_log
        # The last message that came, while no callback has taken it; and whether none came since.
        self._number = 0
        self._raw = ""
        self._is_new = False
        self._kept: OrderedDict[int, str] = OrderedDict()
        self.sender = 0
        self.sent = 0

    def clear(self) -> None:
        """Nothing is kept here."""

    def backup(self) -> None:
        """Nothing is kept here."""

    def onIncoming(self, raw: str) -> None:  # noqa: N802  QuickFIX's name
        """Keep the text for the callback that follows."""
        try:
            if self._number:
                self._keep()
            at = raw.find(_NUMBER)
            if at > 0:
                self._number = int(raw[at + 4 : raw.index("\x01", at + 4)])
                self._raw = raw
                # With two numbers QuickFIX decides which is the message's.
                self._is_new = raw.find(_NUMBER, at + 4) < 0
            if self._message_log is not None:
                self._message_log.write("<", raw)
        except Exception as error:  # noqa: BLE001  an exception here ends the process
            _note(self._hand_over, f"log of an incoming message failed: {error!r}")

    def onOutgoing(self, raw: str) -> None:  # noqa: N802
        """Note the number of a message of ours; write to the message log."""
        try:
            if self.sender == get_ident():
                at = raw.find(_NUMBER) + 4
                self.sent = int(raw[at : raw.index("\x01", at)])
            if self._message_log is not None:
                self._message_log.write(">", raw)
        except Exception as error:  # noqa: BLE001
            _note(self._hand_over, f"log of an outgoing message failed: {error!r}")

    def onEvent(self, text: str) -> None:  # noqa: N802
        """Hand over QuickFIX's event texts."""
        _note(self._hand_over, text)

    def take_new(self) -> tuple[int, str]:
        """Return number and text of the message of the callback that follows; 0 if not known."""
        if not self._is_new:
            return 0, ""
        number, self._number, self._is_new = self._number, 0, False
        return number, self._raw

    def is_old(self) -> None:
        """Note that a callback came: the next one may be about another message."""
        self._is_new = False

    def take(self, number: int) -> str:
        """Return the text as it came, or "" if it is not kept any more."""
        if number == self._number:
            self._number = 0
            return self._raw
        return self._kept.pop(number, "")

    def _keep(self) -> None:
        """Keep the last message, which QuickFIX may have queued."""
        self._kept[self._number] = self._raw
        self._number, self._is_new = 0, False
        if len(self._kept) > _RAW_KEPT_MAX:
            self._kept.popitem(last=False)


class RawLogFactory(fix.LogFactory):  # type: ignore[misc]
    """Makes the one log of one session."""

    def __init__(self, hand_over: HandOver, message_log: MessageLog | None) -> None:
        super().__init__()
        self._hand_over = hand_over
        self._message_log = message_log
        self.log: RawLog | None = None

    def create(self, *session: Any) -> Any:
        """Make the session's log, and one for the engine's own events."""
        log = RawLog(self._hand_over, self._message_log)
        if session:
            self.log = log
        # QuickFIX deletes it; without this both sides would.
        return log.__disown__()

    def destroy(self, log: Any) -> None:
        """Do nothing: QuickFIX no longer uses the log."""


class Callbacks(fix.Application):  # type: ignore[misc]
    """The application of one session's engine."""

    def __init__(
        self, hand_over: HandOver, factory: RawLogFactory, epoch_ns: Callable[[], int],
        credentials: tuple[str, str], logged_on: Callable[[], None] = lambda: None,
        logged_out: Callable[[], None] = lambda: None, traffic: Traffic | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._traffic = traffic or Traffic()
        self._logged_on = logged_on
        self._logged_out = logged_out
        self._hand_over = hand_over
        self._factory = factory
        self._epoch_ns = epoch_ns
        self._credentials = credentials
        self._logon_number = 0
        self._logout_text = ""
        self.session: Any = None

    def send(self, message: Any) -> tuple[bool, int]:
        """Send a message; return whether it left, and its MsgSeqNum(34) if that is certain."""
        log = self._factory.log
        if log is None or self.session is None:
            return False, 0
        log.sent, log.sender = 0, get_ident()
        try:
            left = bool(self.session.send(message))
        finally:
            log.sender = 0
        return left, log.sent

    def _is_ours(self) -> bool:
        """Return whether `send` runs in this thread; in others the last message becomes old."""
        log = self._factory.log
        if log is None:
            return False
        if log.sender == get_ident():
            return True
        log.is_old()
        return False

    def onCreate(self, session_id: Any) -> None:  # noqa: N802
        """Do nothing: the numbers are set before start."""

    def onLogon(self, session_id: Any) -> None:  # noqa: N802
        """Report that requests may be sent."""
        try:
            self._is_ours()
            self._logout_text = ""
            self._logged_on()
            self._hand_over(
                Handed(HandedKind.LOGON, "", time.time_ns(), self._logon_number, self._epoch_ns())
            )
        except Exception as error:  # noqa: BLE001
            _note(self._hand_over, f"onLogon failed: {error!r}")

    def onLogout(self, session_id: Any) -> None:  # noqa: N802
        """Report that the session is down."""
        try:
            self._is_ours()
            self._logged_out()
            self._hand_over(Handed(HandedKind.LOGOUT, self._logout_text, time.time_ns()))
        except Exception as error:  # noqa: BLE001
            _note(self._hand_over, f"onLogout failed: {error!r}")

    def toAdmin(self, message: Any, session_id: Any) -> None:  # noqa: N802
        """Put the credentials into our Logon(A); take over what QuickFIX refuses and misses."""
        try:
            self._is_ours()
            username, password = self._credentials
            kind = message.getHeader().getField(_MSG_TYPE)
            if kind == "3":
                self._refused(message)
            elif kind == "1":
                self._traffic.heartbeats_missed += 1
            elif kind == "2":
                self._traffic.resends_asked += 1
                # QuickFIX noticed a gap; what comes next is after it.
                self._hand_over(Handed(HandedKind.GAP, message.toString(), time.time_ns()))
            elif kind == "A":
                if username:
                    message.setField(_USERNAME, username)
                if password:
                    message.setField(_PASSWORD, password)
        except Exception as error:  # noqa: BLE001
            _note(self._hand_over, f"toAdmin failed: {error!r}")

    def fromAdmin(self, message: Any, session_id: Any) -> None:  # noqa: N802
        """Take Reject(3), SequenceReset(4), the number of Logon(A), the text of Logout(5)."""
        received_ns = self._traffic.received_ns = time.time_ns()
        try:
            self._is_ours()
            header = message.getHeader()
            kind = header.getField(_MSG_TYPE)
            if kind == "2":
                self._traffic.resends_wanted += 1
            elif kind == "3":
                self._traffic.rejected += 1
                self._message(message, received_ns)
            elif kind == "A":
                self._logon_number = int(header.getField(_MSG_SEQ_NUM))
            elif kind in _HEARTBEATS and not header.isSetField(_POSS_DUP_FLAG):
                self._hand_over(
                    Handed(HandedKind.HEARD, header.getField(_SENDING_TIME), received_ns)
                )
            elif kind == "4":
                self._hand_over(Handed(HandedKind.FILLED, message.toString(), received_ns))
            elif kind == "5":
                self._logout_text = message.getField(_TEXT) if message.isSetField(_TEXT) else ""
        except Exception as error:  # noqa: BLE001
            self._unreadable(message, received_ns, error)

    def toApp(self, message: Any, session_id: Any) -> None:  # noqa: N802
        """Stop any second sending, and sending while not logged on, so that no number is used."""
        send = False
        try:
            if not self._is_ours() and message.getHeader().isSetField(_POSS_DUP_FLAG):
                self._hand_over(Handed(HandedKind.NOT_RESENT, message.toString(), time.time_ns()))
            else:
                send = self.session is not None and self.session.isLoggedOn()
        except Exception as error:  # noqa: BLE001
            _note(self._hand_over, f"toApp failed: {error!r}")
        if not send:
            raise fix.DoNotSend

    def fromApp(self, message: Any, session_id: Any) -> None:  # noqa: N802
        """Take a message."""
        received_ns = self._traffic.received_ns = time.time_ns()
        try:
            self._message(message, received_ns)
        except Exception as error:  # noqa: BLE001
            self._unreadable(message, received_ns, error)

    def _message(self, message: Any, received_ns: int) -> None:
        log = self._factory.log
        number, raw = log.take_new() if log is not None else (0, "")
        if not number:
            number = int(message.getHeader().getField(_MSG_SEQ_NUM))
            raw = (log.take(number) if log is not None else "") or message.toString()
        self._hand_over(Handed(HandedKind.MESSAGE, raw, received_ns, number))

    def _refused(self, reject: Any) -> None:
        reason = reject.getField(_SESSION_REJECT_REASON) if reject.isSetField(
            _SESSION_REJECT_REASON
        ) else ""  # fmt: skip
        log = self._factory.log
        if reason in _NOT_FOR_US or log is None:
            return
        number = int(reject.getField(_REF_SEQ_NUM))
        raw = log.take(number)
        if raw and "\x0135=3\x01" not in raw[:40]:
            _note(self._hand_over, f"QuickFIX refused MsgSeqNum(34) {number}; taken nevertheless")
            self._hand_over(Handed(HandedKind.MESSAGE, raw, time.time_ns(), number))

    def _unreadable(self, message: Any, received_ns: int, error: Exception) -> None:
        # Whatever is wrong with this message, the process goes on and a person sees it.
        try:
            raw = message.toString()
        except Exception as again:  # noqa: BLE001
            raw, error = "", again
        _note(self._hand_over, f"a message could not be taken over: {error!r}")
        with contextlib.suppress(Exception):
            self._hand_over(Handed(HandedKind.UNREADABLE, raw, received_ns))


def _note(hand_over: HandOver, text: str) -> None:
    # Called where callbacks handle errors: nothing may be raised here.
    with contextlib.suppress(Exception):
        hand_over(Handed(HandedKind.NOTE, text, time.time_ns()))
