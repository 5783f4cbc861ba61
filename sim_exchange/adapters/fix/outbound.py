"""Sending: bodies as text to QuickFIX sessions, with two calls into C++ a message."""

import threading
from collections import deque
from typing import Any

import quickfix as fix

from sim_exchange.adapters.fix.wire import (
    DROP_COPY_SUFFIX,
    IS_COPY,
    answer_body,
    answer_client,
    answer_type,
    is_copied,
    is_journalled,
)
from sim_exchange.adapters.journal import Journal, order_line, report_line
from sim_exchange.service.orders import Report
from sim_exchange.service.venue import Venue

LOGOUT_MAX_S = 5.0
"""Seconds clients have to answer Logout(5); then they are cut off."""


class Sender:
    """Sends over the sessions of the clients, by CompID. Callers hold the venue's lock.

    Attributes:
        logged_on: CompIDs of the sessions that are up; kept by the application's callbacks.
        lost: CompIDs of sessions that went down, for the market-data sessions: a session that
            is back at once has still lost its subscriptions.
        sent: Messages sent by type.
        copied: Clients with a drop copy. It begins with the first logon of that session: copies
            for a client that never logs on need not be stored.
    """

    def __init__(self) -> None:
        self.logged_on: set[str] = set()
        self._nobody = threading.Event()
        self._nobody.set()
        self.lost: deque[str] = deque()
        self.sent: dict[str, int] = {}
        self.copied: set[str] = set()
        self._sessions: dict[str, Any] = {}
        self._session_ids: dict[str, Any] = {}
        self._messages: dict[str, Any] = {}

    def add_session(self, comp_id: str, session_id: Any) -> None:
        """Remember a session when QuickFIX makes it."""
        self._session_ids[comp_id] = fix.SessionID(
            session_id.getBeginString().getValue(),
            session_id.getSenderCompID().getValue(),
            session_id.getTargetCompID().getValue(),
        )

    def send(self, comp_id: str, msg_type: str, first_tag: int, rest: str) -> None:
        """Send a message; without a connection it is stored, and sent when the client asks for it.

        Args:
            comp_id: Of the client.
            msg_type: MsgType(35).
            first_tag: Tag of the first body field.
            rest: Its value, and the other fields, separated by delimiters.
        """
        session = self._sessions.get(comp_id)
        if session is None:
            session = fix.Session.lookupSession(self._session_ids[comp_id])
            self._sessions[comp_id] = session
        # One message per type and first tag is used again and again: QuickFIX sets the
        # header anew on each send, and setField replaces the one body field.
        key = f"{msg_type}{first_tag}"
        message = self._messages.get(key)
        if message is None:
            message = self._messages[key] = fix.Message()
            message.getHeader().setField(35, msg_type)
        message.setField(first_tag, rest)
        session.send(message)
        self.sent[msg_type] = self.sent.get(msg_type, 0) + 1

    def send_repeated(self, comp_id: str, msg_type: str, first_tag: int, rest: str) -> None:
        """Send a message with PossResend(97): the client may have had it."""
        message = fix.Message()
        message.getHeader().setField(35, msg_type)
        message.getHeader().setField(97, "Y")
        message.setField(first_tag, rest)
        fix.Session.lookupSession(self._session_ids[comp_id]).send(message)

    def came(self, comp_id: str) -> None:
        """Note that a session is up."""
        self.logged_on.add(comp_id)
        if comp_id.endswith(DROP_COPY_SUFFIX):
            self.copied.add(comp_id.removesuffix(DROP_COPY_SUFFIX))
        self._nobody.clear()

    def went(self, comp_id: str) -> None:
        """Note that a session is down."""
        self.logged_on.discard(comp_id)
        self.lost.append(comp_id)
        if not self.logged_on:
            self._nobody.set()

    def log_out_all(self) -> None:
        """Ask every session to log out; QuickFIX does it within a second."""
        for session_id in self._session_ids.values():
            fix.Session.lookupSession(session_id).logout()

    def await_logouts(self) -> bool:
        """Wait until nobody is logged on; false after LOGOUT_MAX_S. Needs no lock."""
        return self._nobody.wait(LOGOUT_MAX_S)

    def knows(self, comp_id: str) -> bool:
        """Whether there is such a session."""
        return comp_id in self._session_ids


class AnswerBook:
    """Journal first, then send: empties a venue's answers."""

    def __init__(self, venue: Venue, journal: Journal, sender: Sender) -> None:
        self._venue = venue
        self._journal = journal
        self._sender = sender
        self.fills = 0

    def flush(self) -> None:
        """Journal the changed orders and send the answers. The caller holds the venue's lock.

        Raises:
            OSError: The journal cannot be written; the answers are dropped, because everything
                that is reported must be known after a restart.
        """
        venue = self._venue
        answers = venue.answers
        if not answers:
            return
        venue.answers = []
        outgoing = [
            (answer_client(answer), answer_type(answer), answer_body(answer, venue.mic))
            for answer in answers
        ]
        if venue.touched:
            lines = [order_line(order) for order in venue.touched.values()]
            for order in venue.touched.values():
                if not order.is_open:
                    order.wire = None  # closed orders are kept, and rarely reported again
            venue.touched.clear()
            for answer, (client, _, body) in zip(answers, outgoing, strict=True):
                if is_journalled(answer) and isinstance(answer, Report):
                    self.fills += answer.last_quantity > 0
                    lines.append(report_line(client, answer.exec_id, body))
            self._journal.write(lines)
        send = self._sender.send
        copied = self._sender.copied
        for answer, (client, msg_type, body) in zip(answers, outgoing, strict=True):
            send(client, msg_type, 37, body)
            if client in copied and is_copied(answer):
                send(client + DROP_COPY_SUFFIX, msg_type, 37, body + IS_COPY)

    def send_missing(self, store_tail: dict[str, bytes]) -> int:
        """After a restart, send reports of the last batch that never reached the FIX store.

        Args:
            store_tail: The end of each session's stored messages, by CompID.

        Returns:
            How many were sent.
        """
        missing: list[tuple[str, str]] = []
        for report in self._journal.last_reports:
            name = f"\x0117={report.exec_id}\x01".encode()
            ways = [(report.client, report.body)]
            if report.client in self._sender.copied:
                ways.append((report.client + DROP_COPY_SUFFIX, report.body + IS_COPY))
            missing += [
                (comp_id, body)
                for comp_id, body in ways
                if self._sender.knows(comp_id) and name not in store_tail.get(comp_id, b"")
            ]
        for comp_id, body in missing:
            self._sender.send_repeated(comp_id, "8", 37, body)
        return len(missing)
