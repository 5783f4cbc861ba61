"""E-mail by SMTP, over TLS only."""

import asyncio
import ssl
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, NamedTuple

import aiosmtplib

from kernel.nanoseconds import NS_PER_S
from svc_notify.adapters.channels.reach import tls_cause
from svc_notify.domain.outbox import Dead, Delivered, Message, Outcome, RetryAfter
from svc_notify.domain.wording import lines, subject, summary

ATTEMPT_MAX_S: Final = 20.0
"""An attempt with all its parts, the wait for a connection included."""
CONNECTIONS_MAX: Final = 4
"""Connections to the mail server at the same time."""
FINAL_CODE: Final = 500
"""Codes from here on are final (RFC 5321, 4.2.1)."""
TEXT_CHARACTERS_MAX: Final = 50_000
"""Of the lines of a mail."""


class MailServer(NamedTuple):
    """The mail server, and who we are to it."""

    host: str
    port: int
    implicit_tls: bool
    """TLS from the first byte; otherwise STARTTLS, without which nothing is sent."""
    user: str
    """Empty: no login."""
    password: str
    sender: str
    """Address of From."""


class Email:
    """The channel."""

    def __init__(self, server: MailServer | None, tls: ssl.SSLContext) -> None:
        """Take the server, None if there is none, and the checks of its certificate."""
        self._server = server
        self._tls = tls
        self._free = asyncio.Semaphore(CONNECTIONS_MAX)

    async def deliver(self, message: Message) -> Outcome:
        """Try once."""
        server = self._server
        if server is None:
            return RetryAfter("there is no mail server: set ORDERMESH_NOTIFY_SMTP_HOST")
        try:
            async with asyncio.timeout(ATTEMPT_MAX_S), self._free:
                return await self._send(server, message)
        except TimeoutError:
            return RetryAfter(f"{server.host}: no answer within {ATTEMPT_MAX_S:.0f} s")

    async def _send(self, server: MailServer, message: Message) -> Outcome:
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=ATTEMPT_MAX_S,
            use_tls=server.implicit_tls,
            start_tls=False,
            tls_context=self._tls,
            local_hostname=server.sender.rpartition("@")[2],
        )
        try:
            await client.connect()
            await client.ehlo()
            if not server.implicit_tls:
                if not client.supports_extension("starttls"):
                    return RetryAfter(f"{server.host}: it offers no TLS, so nothing is sent to it")
                await client.starttls()
            if server.user:
                await client.login(server.user, server.password)
            await client.sendmail(
                server.sender, [message.destination.address], mail_of(message, server.sender)
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            return outcome_of(server.host, error)
        finally:
            client.close()
        return Delivered()


def outcome_of(host: str, error: Exception) -> Outcome:
    """Return what a failure means. The server's own words are left out: they may repeat ours."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[first, *_]):
            code, cause, final = first.code, "it refuses the recipient", True
        case aiosmtplib.SMTPDataError():
            code, cause, final = error.code, "it refuses the message", True
        case aiosmtplib.SMTPAuthenticationError():
            code, cause, final = error.code, "it refuses user or password", False
        case aiosmtplib.SMTPSenderRefused():
            code, cause, final = error.code, "it refuses the sender", False
        case aiosmtplib.SMTPResponseException():
            code, cause, final = error.code, "unexpected answer", False
        case _:
            return RetryAfter(f"{host}: {_cause(error)}")
    words = f"{host}: {cause}, SMTP code {code}"
    return Dead(words) if final and code >= FINAL_CODE else RetryAfter(words)


def _cause(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return "it offers no login that we know"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {tls_cause(cause)}"
        cause = cause.__cause__
    return "no connection, or it broke"


def mail_of(message: Message, sender: str) -> bytes:
    """Return the mail. Its Message-ID is the same in every attempt."""
    mail = EmailMessage(policy.SMTP)
    mail["From"] = sender
    mail["To"] = message.destination.address
    mail["Subject"] = f"[Ordermesh] {subject(message)}"
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.created_ns // NS_PER_S, UTC))
    mail["Message-ID"] = f"<{message.message_id}@{sender.rpartition('@')[2]}>"
    # No answer comes to us, and no out-of-office reply should.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(
        "\n".join(
            (
                f"Rule: {message.rule_name}",
                f"Notifications: {message.total} ({summary(message)})",
                "",
                *lines(message, TEXT_CHARACTERS_MAX),
                "",
            )
        )
    )
    return mail.as_bytes()
