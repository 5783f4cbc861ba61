"""One QuickFIX initiator per session, so that sessions share no thread and start on their own."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import quickfix as fix

from fix.dictionary import dictionary_text
from fix.guards.guard import LOOPBACK
from fix.guards.guard_process import GuardProcess
from fix.guards.initiator_guard import GuardConfig
from svc_gateway.adapters.fix.callbacks import Callbacks, RawLogFactory
from svc_gateway.adapters.fix.connection_watch import CONNECTING, ConnectionWatch
from svc_gateway.adapters.fix.message_log import MessageLog
from svc_gateway.adapters.fix.store.file_store import StoreView
from svc_gateway.adapters.fix.store.store_health import StoreHealth
from svc_gateway.adapters.fix.traffic import Traffic
from svc_gateway.adapters.fix.venue_groups import GROUPS, MORE_TYPES
from svc_gateway.service.ports import (
    OWNER_SILENCE_MAX_S,
    Groups,
    Handed,
    HandedKind,
    InDoubtError,
    NotSentError,
    StoreFaultError,
)
from svc_gateway.venues import Role, SessionConfig

_MSG_SEQ_NUM = 34
_LOSSES = frozenset({HandedKind.GAP, HandedKind.FILLED})
# What must not be lost on the way to the session.
_CARRIES = frozenset({HandedKind.MESSAGE, HandedKind.UNREADABLE}) | _LOSSES
# How long QuickFIX waits for the venue's Logon(A) and Logout(5), seconds.
LOGON_TIMEOUT_S = 10
LOGOUT_TIMEOUT_S = 2
# How long a stop waits for QuickFIX's thread before it stops QuickFIX again, seconds.
STOP_LOOK_S = 1.0


class QuickFixEngine:
    """The engine of one session; see `service.ports.FixEngine`.

    Attributes:
        traffic: What went over the session.
    """

    def __init__(
        self, config: SessionConfig, store_dir: Path, put: Callable[[Handed], bool],
        message_log_bytes_max: int = 0,
    ) -> None:  # fmt: skip
        self._config = config
        self.traffic = Traffic()
        self._folder = store_dir / config.session_id
        self._put = put
        self._log_bytes_max = message_log_bytes_max
        self._health = StoreHealth(self._folder)
        self._store = StoreView(self._folder, config.sender_comp_id, config.target_comp_id)
        self._session_id = fix.SessionID(
            config.begin_string, config.sender_comp_id, config.target_comp_id
        )
        self._parts: tuple[Any, ...] = ()
        self._initiator: Any = None
        self._thread: threading.Thread | None = None
        # `stop` frees QuickFIX's session, in another thread than those that use it.
        self._in_use = threading.Lock()
        self._session: Any = None
        # What is sent is written into this one, under the lock.
        self._message = fix.Message()
        # The guard has connected the venue, and QuickFIX has not tried since.
        self._of_use = False
        self._leaving = False
        self._message_log: MessageLog | None = None
        self._guard: GuardProcess | None = None
        self._spoiled = ""
        self._watch = ConnectionWatch(config.reconnect_s, time.monotonic)
        # The next Logon(A) must carry ResetSeqNumFlag(141)=Y.
        self._reset_mark = self._folder / "reset-at-logon"

    @property
    def running(self) -> bool:
        """Whether started and not stopped."""
        return self._initiator is not None

    @property
    def spoiled(self) -> str:
        """Return why messages are not handed over any more; "" if they are."""
        return self._spoiled

    @property
    def stuck(self) -> str:
        """Return why QuickFIX cannot go on by itself; "" if it can or a restart is not due.

        It logs on over a connection that it closed, or its store failed and can be written again.
        """
        if not self.running:
            return ""
        if self._health.broken:
            return "" if self._health.fault() else f"its store failed: {self._health.broken}"
        return "QuickFIX logs on without a connection" if self._watch.stuck else ""

    def start(self, next_target: int | None) -> None:
        """Create the engine, set the next number to expect, connect."""
        assert not self.running
        # The store holds our Logon(A) and with it the password.
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        dictionary = dictionary_text(GROUPS, MORE_TYPES)
        (self._folder / "dictionary.xml").write_text(dictionary, encoding="ascii")
        self._spoiled = ""
        self._health.begin()
        self._watch.begin()
        if self._log_bytes_max:
            self._message_log = MessageLog(self._folder / "messages.log", self._log_bytes_max)
        logs = RawLogFactory(self._hand_over, self._message_log)
        config = self._config
        callbacks = Callbacks(
            self._hand_over, logs, self._store.epoch_ns, (config.username, config.password()),
            self._reset_is_reported, self._rest, self.traffic,
        )  # fmt: skip
        self._of_use = self._leaving = False
        self._guard = GuardProcess(guard_config(config), self._note, self._may_try)
        port = self._guard.start()
        settings = engine_settings(config, self._folder, self._session_id, port)
        stores = fix.FileStoreFactory(str(self._folder))
        initiator = fix.SocketInitiator(callbacks, stores, settings, logs)
        self._session = fix.Session.lookupSession(self._session_id)
        callbacks.session = self._session
        self._may_try()
        if self._reset_mark.exists():
            self._session.setResetOnLogon(True)
        if next_target is not None and self._session.getExpectedTargetNum() != next_target:
            self._session.setNextTargetMsgSeqNum(next_target)
        # QuickFIX holds plain pointers to these.
        self._parts = (callbacks, stores, settings, logs)
        self._initiator = initiator
        # In its own thread QuickFIX makes Python's state of a thread anew for each callback.
        self._thread = threading.Thread(
            target=self._work, args=(initiator,), name=f"fix-{config.session_id}", daemon=True
        )
        self._thread.start()

    def _work(self, initiator: Any) -> None:
        """Work as QuickFIX's thread until `stop`."""
        try:
            initiator.block()
        except Exception as error:  # noqa: BLE001  whatever it is, the session begins anew
            self._spoiled = f"QuickFIX ended: {error!r}"

    def stop(self) -> None:
        """Log out and end the engine; takes up to a few seconds."""
        initiator, self._initiator = self._initiator, None
        if initiator is None:
            return
        with self._in_use:
            # The guard connects the venue again as soon as QuickFIX has logged out.
            self._leaving = True
            self._of_use = False
            # `Initiator.stop` enables again, at its end, each session that it found enabled: the
            # thread, which may not have seen the stop yet, would connect and use a number.
            self._session.logout()
        thread, self._thread = self._thread, None
        while thread is not None and thread.is_alive():
            # A thread that only begins takes back what `stop` did, so it is called again.
            initiator.stop()
            thread.join(STOP_LOOK_S)
        callbacks = self._parts[0]
        callbacks.session = None
        with self._in_use:
            self._session = None
        # By name, and not with its last reference: frames of the ended thread may keep one (the
        # binding keeps each DoNotSend with its traceback), and a new engine would find the old
        # session under its SessionID.
        initiator.__swig_destroy__(initiator)
        self._parts = ()
        if self._guard is not None:
            self._guard.stop()
            self._guard = None
        if self._message_log is not None:
            self._message_log.close()
            self._message_log = None

    def change_numbers(self, next_sender: int, next_target: int, *, reset: bool) -> None:
        """Set the numbers of the stopped session; 0 leaves one; see `FixEngine`."""

        def change(store: Any) -> None:
            if reset:
                # First the mark: a store that was reset without the venue knowing it is refused at
                # the next logon.
                self._reset_mark.touch()
                store.reset(fix.UtcTimeStamp())
            if next_sender:
                store.setNextSenderMsgSeqNum(next_sender)
            if next_target:
                store.setNextTargetMsgSeqNum(next_target)

        self._with_store(change)

    def begin_anew(self, next_sender: int) -> None:
        """Make a new store in which our numbers continue from here."""

        def change(store: Any) -> None:
            store.reset(fix.UtcTimeStamp())
            store.setNextSenderMsgSeqNum(next_sender)

        self._with_store(change)

    def _with_store(self, change: Callable[[Any], None]) -> None:
        assert not self.running, "QuickFIX keeps the numbers of a running session in memory"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreFaultError(self._health.fault() or str(error)) from error
        factory = fix.FileStoreFactory(str(self._folder))
        store = None
        try:
            store = factory.create(fix.UtcTimeStamp(), self._session_id)
            change(store)
        except (OSError, fix.FIXException) as error:
            raise StoreFaultError(self._health.fault() or str(error)) from error
        finally:
            if store is not None:
                factory.destroy(store)

    def _reset_is_reported(self) -> None:
        # In QuickFIX's thread, at logon: the next logon must keep the numbers again.
        if self._reset_mark.exists():
            if not self._config.reset_on_logon and self._session is not None:
                self._session.setResetOnLogon(False)
            self._reset_mark.unlink(missing_ok=True)

    def renew(self) -> None:
        """Give the guard process a sign of life; without one it lets nothing pass."""
        guard = self._guard
        if guard is not None:
            guard.renew()

    def forgive(self) -> None:
        """Take messages again after a loss that does not matter (prices)."""
        self._spoiled = ""

    def send(self, body: str, groups: Groups = ()) -> int:
        """Send one application message and return its MsgSeqNum(34)."""
        with self._in_use:
            if self._session is None:
                raise NotSentError("the session is not started")
            # Parsing a text costs a fifth of setting eleven fields one by one, and less than making
            # a message; QuickFIX corrects header, length and checksum when it sends.
            message = self._message
            message.setString(f"8=FIX.4.4\x019=0\x01{body}\x0110=000\x01", False)
            for number_tag, first_tag, entries in groups:
                for entry in entries:
                    group = fix.Group(number_tag, first_tag)
                    for part in entry.split("\x01"):
                        tag, _, value = part.partition("=")
                        group.setField(int(tag), value)
                    message.addGroup(group)
            left, sent = self._parts[0].send(message)
            if sent and left:
                return int(sent)
            header = message.getHeader()
            number = int(header.getField(_MSG_SEQ_NUM)) if header.isSetField(_MSG_SEQ_NUM) else 0
        if left:
            return number
        if number and self._store.message(number):
            raise InDoubtError(f"the connection broke while MsgSeqNum(34) {number} was sent")
        raise NotSentError("the session is not logged on")

    def store_fault(self) -> str:
        """Return why the store cannot be written now; empty if it can."""
        return self._health.fault()

    def logged_on(self) -> bool:
        """Whether logged on."""
        with self._in_use:
            return self._session is not None and bool(self._session.isLoggedOn())

    def epoch_ns(self) -> int:
        """Return the creation time of the store; 0 before the first start."""
        return self._store.epoch_ns()

    def numbers(self) -> tuple[int, int]:
        """Return the next MsgSeqNum(34) to send and to expect."""
        with self._in_use:
            session = self._session
            if session is not None:
                return session.getExpectedSenderNum(), session.getExpectedTargetNum()
        return self._store.numbers()

    def requests_sent(self) -> frozenset[str]:
        """Return ClOrdID(11) of every request in the store."""
        return self._store.requests_sent()

    def requests(self, first: int, limit: int) -> list[tuple[int, str]]:
        """Return the requests in the store from a number on, at most so many of the newest."""
        return self._store.requests(first, limit)

    def sent_message(self, msg_seq_num: int) -> str:
        """Return what went out with a number, or ""."""
        return self._store.message(msg_seq_num)

    def _may_try(self) -> None:
        """Let QuickFIX try to connect only while its guard can connect it to the venue."""
        # In the thread that reads from the guard process, and at the start.
        with self._in_use:
            guard, session = self._guard, self._session
            if guard is None or session is None or self._leaving:
                return
            self._of_use = guard.is_open
            if guard.is_open:
                session.logon()
            elif not session.isLoggedOn():
                session.logout()

    def _rest(self) -> None:
        """Let QuickFIX not connect again before the guard says that it is of use."""
        # In QuickFIX's thread. The guard may have said so before QuickFIX noticed the end.
        session = self._parts[0].session if self._parts else None
        if session is not None and not self._of_use:
            session.logout()

    def _note(self, text: str) -> None:
        # In the thread that reads from the guard process.
        self._put(Handed(HandedKind.NOTE, text, time.time_ns()))

    def _is_useful(self, text: str) -> bool:
        """Take what a text of QuickFIX says; return whether it is useful to people."""
        if text.startswith(CONNECTING):
            self._of_use = False
        self._health.note(text)
        return self._watch.note(text)

    def _hand_over(self, handed: Handed) -> bool:
        # Called in QuickFIX's threads. After one loss nothing more is taken: the session is rewound
        # to what the OMS has, so order is kept and the venue sends the rest again.
        if handed.kind in _LOSSES and self._config.role is not Role.MARKET_DATA:
            return True  # the venue resends reports, and the OMS has their numbers
        carries = handed.kind in _CARRIES
        if self._spoiled and carries:
            return False
        if handed.kind is HandedKind.LOGON:
            self._watch.logged_on()
        if handed.kind is HandedKind.NOTE and not self._is_useful(handed.raw):
            return True
        trouble = self._guard.trouble if self._guard is not None else ""
        if trouble and handed.kind is HandedKind.NOTE:
            # QuickFIX only knows that the guard process closed its connection; the guard knows why.
            return True
        if handed.kind is HandedKind.LOGOUT and not handed.raw:
            handed = handed._replace(raw=trouble or self._watch.why)
        why = "the queue of the session is full"
        try:
            taken = self._put(handed)
        except Exception as error:  # noqa: BLE001  in a callback it would end the process
            taken, why = False, f"a message could not be handed over: {error!r}"
        if not taken and carries:
            self._spoiled = why
        return taken


def guard_config(config: SessionConfig) -> GuardConfig:
    """Return what the guard process of a session must know."""
    tls = config.tls
    return GuardConfig(
        name=config.session_id,
        host=config.host,
        port=config.port,
        message_bytes_max=config.message_bytes_max,
        reconnect_s=config.reconnect_s,
        tls=tls.enabled,
        ca=str(tls.ca or ""),
        certificate=str(tls.certificate or ""),
        key=str(tls.key or ""),
        server_name=tls.server_name,
        listen_port=0,
        engine_pid=os.getpid(),
        owner_silence_max_s=0.0 if config.role is Role.MARKET_DATA else OWNER_SILENCE_MAX_S,
    )


def engine_settings(config: SessionConfig, folder: Path, session_id: Any, port: int) -> Any:
    """Return QuickFIX's settings of one session; it should refuse as little as possible.

    It connects to the guard process on loopback, which connects to the venue.
    """
    values = {
        "ConnectionType": "initiator",
        "NonStopSession": "Y",
        "StartTime": "00:00:00",
        "EndTime": "00:00:00",
        "UseDataDictionary": "Y",
        "DataDictionary": str(folder / "dictionary.xml"),
        "AllowUnknownMsgFields": "Y",
        "ValidateFieldsOutOfOrder": "N",
        "ValidateFieldsHaveValues": "N",
        "ValidateUserDefinedFields": "N",
        "SocketConnectHost": LOOPBACK,
        "SocketConnectPort": str(port),
        "SocketNodelay": "Y",
        "HeartBtInt": str(config.heartbeat_s),
        # The guard spaces the attempts at the venue, and refuses until it is connected.
        "ReconnectInterval": "1",
        "LogonTimeout": str(LOGON_TIMEOUT_S),
        "LogoutTimeout": str(LOGOUT_TIMEOUT_S),
        "ResetOnLogon": "Y" if config.reset_on_logon else "N",
        "FileStorePath": str(folder),
        "TimestampPrecision": {"seconds": "0", "milliseconds": "3", "microseconds": "6"}[
            config.dialect.transact_time
        ],
        # Clocks of venues differ; a wrong SendingTime(52) must not end a session with open orders.
        "CheckLatency": "N",
    }
    dictionary = fix.Dictionary()
    for key, value in values.items():
        dictionary.setString(key, value)
    settings = fix.SessionSettings()
    settings.set(dictionary)
    settings.set(session_id, dictionary)
    return settings
