"""An order session as the OMS sees it: its state, its numbers, its venue's clock."""

from collections.abc import Callable

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S, US_PER_S
from mesh.log import get_logger
from mesh.timestamps import set_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import session_pb2
from svc_gateway import metrics
from svc_gateway.domain.market.trading_sessions import TradingSessions
from svc_gateway.domain.sessions.clock_skew import SkewWatch
from svc_gateway.domain.sessions.wrong_number import mended_by
from svc_gateway.service.calendar_messages import trading_calendar
from svc_gateway.service.fee_messages import fee_messages
from svc_gateway.service.ports import FixEngine
from svc_gateway.venues import Role, SessionConfig

TEXT_MAX = 256
# A venue that has not resent everything after this long is used nevertheless. Seconds.
RECOVERING_MAX_S = 30

_log = get_logger(__name__)


class SessionView:
    """The content of a SessionStatus."""

    def __init__(
        self, config: SessionConfig, engine: FixEngine, clock: Clock, instance: str,
        queued: Callable[[], int],
    ) -> None:  # fmt: skip
        self._config = config
        self._engine = engine
        self._clock = clock
        self._instance = instance
        self._queued = queued
        self.state: link.SessionState = link.SESSION_STATE_DOWN
        self.text = "waiting for the OMS"
        self.since_ns = clock.now_ns()
        self.epoch_ns = engine.epoch_ns()
        asks = config.dialect.trading_session_status and config.role is Role.ORDERS
        self.trading = TradingSessions(asks=asks)
        self.parked_messages = 0
        # Why the FIX store cannot be written; the session is then down for new orders.
        self.store_fault = ""
        # Something of it is not reported yet.
        self.due = True
        self._clock_watch = VenueClock(config)
        self._gauge = metrics.SESSION_STATE.labels(config.session_id)
        self._gauge.set(self.state)
        self._fault_gauge = metrics.STORE_FAULT.labels(config.session_id)
        self._fault_gauge.set(0)

    def set(self, state: link.SessionState, text: str) -> None:
        """Set a state."""
        if state != self.state:
            self.since_ns = self._clock.now_ns()
            _log.info(
                "session state", session_id=self._config.session_id,
                state=link.SessionState.Name(state), text=text,
            )  # fmt: skip
        self.state, self.text, self.due = state, text, True
        self._gauge.set(self._shown)

    @property
    def _shown(self) -> link.SessionState:
        return link.SESSION_STATE_DOWN if self.store_fault else self.state

    def set_store_fault(self, fault: str) -> bool:
        """Note whether the FIX store can be written; return whether that changed."""
        if bool(fault) == bool(self.store_fault):
            return False
        log_it = _log.error if fault else _log.info
        log_it("FIX store", session_id=self._config.session_id, fault=fault or "none any more")
        self.store_fault, self.due, self.since_ns = fault, True, self._clock.now_ns()
        self._fault_gauge.set(bool(fault))
        self._gauge.set(self._shown)
        return True

    def recovered(self, logon_number: int) -> str:
        """Return why the session counts as up now; "" if it does not, or did before.

        Args:
            logon_number: MsgSeqNum(34) of the venue's Logon(A); lower ones are still to be resent.
        """
        if self.state != link.SESSION_STATE_RECOVERING:
            return ""
        expected = self._engine.numbers()[1]
        resent = expected > logon_number
        if resent and not self.trading.pending:
            return "logged on"
        if self._clock.now_ns() - self.since_ns > RECOVERING_MAX_S * NS_PER_S:
            missing = f"not resent from {expected} to {logon_number}"
            if resent:
                missing = "not answered TradingSessionStatusRequest(g)"
            return f"logged on; the venue has {missing}"
        return ""

    def opening(self, knowledge: link.LinkOpen, *, store_lost: bool) -> link.LinkOpen:
        """Return the first frame of a link, with what this gateway knows of the order book."""
        opening = link.LinkOpen(
            session_id=self._config.session_id,
            venue_mic=self._config.venue_mic,
            gateway_instance=self._instance,
            session_epoch=self._engine.epoch_ns(),
            status=self.status(),
            drop_copy=self._config.role is Role.DROP_COPY,
            store_lost=store_lost,
            beats=True,
        )
        opening.MergeFrom(knowledge)
        return opening

    def heard(self, sent_ns: int, unit_ns: int, received_ns: int) -> None:
        """Note the times of a message of the venue."""
        if self._clock_watch.heard(sent_ns, received_ns, unit_ns):
            self.due = True

    def _mended_text(self, sender: int, target: int) -> str:
        """Return the state in words, with what mends a wrong number."""
        if self.state != link.SESSION_STATE_DOWN:
            return self.text
        advice = mended_by(self.text, self._config.session_id, sender, target)
        return f"{advice}. {self.text}" if advice else self.text

    def status(self) -> link.SessionStatus:
        """Return the session as it is now."""
        sender, target = self._engine.numbers()
        dialect = self._config.dialect
        status = link.SessionStatus(
            session_id=self._config.session_id,
            venue_mic=self._config.venue_mic,
            state=self._shown,
            queued_commands=self._queued(),
            next_sender_msg_seq_num=sender,
            next_target_msg_seq_num=target,
            text=printable(self.store_fault or self._mended_text(sender, target)),
            session_epoch=self.epoch_ns,
            trading_session_status=self.trading.status,
            gateway_instance=self._instance,
            capabilities=capabilities(self._config),
            order_types=[f"ORDER_TYPE_{name.upper()}" for name in dialect.order_types],
            times_in_force=[f"TIME_IN_FORCE_{name.upper()}" for name in dialect.times_in_force],
            cash_quantity=dialect.cash_quantity,
            fees=fee_messages(self._config.fees),
            trading_calendar=trading_calendar(self._config.trading_day),
            parked_messages=self.parked_messages,
        )
        set_timestamp(status.since, self.since_ns)
        if self.trading.since_ns:
            set_timestamp(status.trading_session.since, self.trading.since_ns)
            if self.trading.closes_at_ns:
                set_timestamp(status.trading_session.closes_at, self.trading.closes_at_ns)
        skew = self._clock_watch.message()
        if skew is not None:
            status.clock_skew.CopyFrom(skew)
        return status


class VenueClock:
    """A venue's clock with its metrics; for order and market-data sessions alike."""

    def __init__(self, config: SessionConfig) -> None:
        self._session_id = config.session_id
        self._watch = SkewWatch(config.clock_tolerance_us, config.clock_delay_max_us)
        self._gauge = metrics.CLOCK_SKEW.labels(config.session_id)
        self._alarm_gauge = metrics.CLOCK_SKEW_ALARM.labels(config.session_id)
        self._alarm_gauge.set(0)
        self._shown_us: int | None = None

    def heard(self, sent_ns: int, received_ns: int, unit_ns: int) -> bool:
        """Note the times of a message; return whether this turned the alarm on or off."""
        if not sent_ns:
            return False
        moved = self._watch.note(sent_ns, received_ns, unit_ns)
        least_us = self._watch.least_us
        if least_us != self._shown_us:
            self._shown_us = least_us
            self._gauge.set(least_us / US_PER_S)
        if moved:
            reading = self._watch.reading()
            assert reading is not None, "a message was just noted"
            self._alarm_gauge.set(reading.alarm)
            log_it = _log.error if reading.alarm else _log.info
            log_it(
                "clock of the venue", session_id=self._session_id, alarm=reading.alarm,
                least_us=reading.least_us, tolerance_us=self._watch.tolerance_us,
            )  # fmt: skip
        return moved

    def message(self) -> session_pb2.ClockSkew | None:
        """Return what is known; None before the first message."""
        reading = self._watch.reading()
        if reading is None:
            return None
        message = session_pb2.ClockSkew(
            least_us=reading.least_us,
            samples=reading.samples,
            alarm=reading.alarm,
            tolerance_us=self._watch.tolerance_us,
        )
        set_timestamp(message.since, reading.since_ns)
        return message


def capabilities(config: SessionConfig) -> list[str]:
    """Return texts that say how the session is set up."""
    dialect = config.dialect
    facts = {
        "tls": config.tls.enabled,
        "client_certificate": config.tls.certificate is not None,
        "reset_on_logon": config.reset_on_logon,
        "security_id": dialect.send_security_id,
        "parties": dialect.send_parties,
        "trading_session_status": dialect.trading_session_status,
        "simulated": dialect.simulated,
        "mass_status": dialect.mass_status,
        "cash_quantity": dialect.cash_quantity,
        "drop_copy": config.role is Role.DROP_COPY,
    }
    return [name for name, is_so in facts.items() if is_so]


def printable(text: str) -> str:
    """Return a venue's text in the form that our contracts take."""
    return "".join(one if one.isprintable() else " " for one in text[:TEXT_MAX])
