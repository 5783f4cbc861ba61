"""QuickFIX's callbacks: they route messages and let no exception out.

An exception that leaves a callback ends the process, so each is guarded. Callbacks other than
fromApp may be called with QuickFIX's session lock held; they never take the venue's lock,
because whoever sends holds the venue's lock and waits for the session's.
"""

import re
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import quickfix as fix

from fix.wire import read_fields, utc_ns
from kernel.nanoseconds import NS_PER_S
from mesh.log import get_logger
from sim_exchange.adapters.fix.market_data_sessions import MarketDataSessions
from sim_exchange.adapters.fix.order_sessions import (
    CONDITIONALLY_REQUIRED_FIELD_MISSING,
    UNSUPPORTED_MESSAGE_TYPE,
    OrderSessions,
)
from sim_exchange.adapters.fix.outbound import Sender
from sim_exchange.adapters.fix.terms import MissingFieldError, NotTakenError
from sim_exchange.adapters.fix.wire import DROP_COPY_SUFFIX

_LOG = get_logger(__name__)

MARKET_DATA_SUFFIX = "-MD"
"""CompIDs with this end are market-data sessions."""

TRADING_SESSION_STATUS_REQUEST = "g"
"""Answered on order sessions too."""

_BUSINESS_OTHER = 0
_NOT_AUTHORIZED = 6
_NOT_REJECTED = {"3", "j"}
_CONTROL_CHARACTER = re.compile(r"[\x00\x02-\x1f]")


def _guarded(callback: Callable[..., None]) -> Callable[..., None]:
    """Keep an error of a callback from ending the process."""

    @wraps(callback)
    def call(application: "VenueApplication", *arguments: Any) -> None:
        try:
            callback(application, *arguments)
        except Exception:  # noqa: BLE001 - it is logged and counted
            application.failed(callback.__name__)

    return call


class VenueApplication(fix.Application):  # type: ignore[misc]  # quickfix has no types
    """Passes received messages to the order and market-data sessions.

    Attributes:
        received: Application messages received, by type.
        errors: Messages whose handling failed for a fault of ours.
    """

    def __init__(
        self,
        sender: Sender,
        orders: OrderSessions,
        market_data: MarketDataSessions,
        *,
        latency_ns: int = 0,
    ) -> None:
        super().__init__()
        self._latency_ns = latency_ns
        self._sender = sender
        self._orders = orders
        self._market_data = market_data
        self.received: dict[str, int] = {}
        self.errors = 0

    @_guarded
    def onCreate(self, session_id: Any) -> None:  # noqa: N802 - QuickFIX's name
        """Remember the session."""
        self._sender.add_session(session_id.getTargetCompID().getValue(), session_id)

    @_guarded
    def onLogon(self, session_id: Any) -> None:  # noqa: N802 - QuickFIX's name
        """Note that the session is up."""
        client = session_id.getTargetCompID().getValue()
        self._sender.came(client)
        _LOG.info("logon", client=client)

    @_guarded
    def onLogout(self, session_id: Any) -> None:  # noqa: N802 - QuickFIX's name
        """Note that the session is down."""
        client = session_id.getTargetCompID().getValue()
        self._sender.went(client)
        _LOG.info("logout", client=client)

    def toAdmin(self, message: Any, session_id: Any) -> None:  # noqa: N802 - QuickFIX's name
        """Let the message go."""

    def fromAdmin(self, message: Any, session_id: Any) -> None:  # noqa: N802 - QuickFIX's name
        """Do nothing: QuickFIX handles it."""

    def toApp(self, message: Any, session_id: Any) -> None:  # noqa: N802 - QuickFIX's name
        """Let the message go."""

    def fromApp(self, message: Any, session_id: Any) -> None:  # noqa: N802 - QuickFIX's name
        """Handle a message and answer before the next is read."""
        del session_id
        text = ""
        try:
            text = message.toString()
            self._route(text)
        except Exception:  # noqa: BLE001 - it is logged and counted
            self.failed("fromApp")
            self._apologise(text)

    def _route(self, text: str) -> None:
        fields = read_fields(text)
        client, msg_type = fields["49"], fields["35"]
        self.received[msg_type] = self.received.get(msg_type, 0) + 1
        if msg_type in _NOT_REJECTED:
            _LOG.warning("client rejected a message", client=client, text=fields.get("58", ""))
            return
        if _CONTROL_CHARACTER.search(text):
            self._reject(client, fields, _BUSINESS_OTHER, "a field holds a control character")
            return
        now_ns = time.time_ns()
        if client.endswith(DROP_COPY_SUFFIX):
            problem = "a drop-copy session is read-only: send requests on the order session"
            self._reject(client, fields, _NOT_AUTHORIZED, problem)
            return
        try:
            if client.endswith(MARKET_DATA_SUFFIX):
                handled = self._market_data.handle(client, msg_type, fields, text, now_ns)
            else:
                now_ns = self._after_latency(fields, now_ns)
                handled = self._orders.handle(client, msg_type, fields, now_ns)
                if not handled and msg_type == TRADING_SESSION_STATUS_REQUEST:
                    handled = self._market_data.handle(client, msg_type, fields, text, now_ns)
        except MissingFieldError as error:
            self._reject(client, fields, CONDITIONALLY_REQUIRED_FIELD_MISSING, str(error))
            return
        except NotTakenError as error:
            self._reject(client, fields, _BUSINESS_OTHER, str(error))
            return
        if not handled:
            role = "market-data" if client.endswith(MARKET_DATA_SUFFIX) else "order"
            problem = f"MsgType(35) '{msg_type}' is not supported on the {role} session"
            self._reject(client, fields, UNSUPPORTED_MESSAGE_TYPE, problem)

    def _after_latency(self, fields: dict[str, str], now_ns: int) -> int:
        """Wait until the latency of the venue has passed since the message was sent.

        The message is not read as far as its sender knows, so a kill meanwhile loses nothing.
        Messages sent together wait together, so that a queue of them takes no longer.
        """
        if self._latency_ns:
            due_ns = min(utc_ns(fields.get("52", "")), now_ns) + self._latency_ns
            if due_ns > now_ns:
                threading.Event().wait((due_ns - now_ns) / NS_PER_S)
                return time.time_ns()
        return now_ns

    def _reject(self, client: str, fields: dict[str, str], reason: int, text: str) -> None:
        """BusinessMessageReject(j)."""
        body = f"{fields.get('34', '0')}\x01372={fields['35']}\x01380={reason}\x0158={text}"
        if fields.get("11"):
            body += f"\x01379={fields['11']}"
        self._sender.send(client, "j", 45, body)

    def failed(self, callback: str) -> None:
        """Log the exception being handled and count it."""
        self.errors += 1
        _LOG.exception("callback failed; the session goes on", callback=callback)

    @_guarded
    def _apologise(self, text: str) -> None:
        """Reject a message that was not handled, if enough of it can be read."""
        fields = read_fields(text)
        self._reject(fields["49"], fields, _BUSINESS_OTHER, "internal error of the venue")
