"""One POST over HTTP/1.1: redirects are not followed, and of the answer only the status counts."""

import asyncio
import ssl
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

import h11

from svc_notify.adapters.channels.reach import NotReachedError, connect, tls_cause
from svc_notify.domain.addresses import address_fault
from svc_notify.domain.outbox import Dead, Delivered, Outcome, RetryAfter

ATTEMPT_MAX_S: Final = 10.0
"""An attempt with all its parts."""
HEAD_BYTES_MAX: Final = 64 * 1024
"""Status and headers of an answer; nothing after them is read."""
READ_BYTES: Final = 16 * 1024
AGAIN: Final = frozenset({408, 421, 425, 429})
"""Statuses of 4xx that may pass, as those of 5xx do."""
WEBHOOK: Final = 1
"""ChannelKind of the contract; every URL has the same rules."""


class HttpPost:
    """Sends bodies to URLs."""

    def __init__(self, tls: ssl.SSLContext, trusted: AbstractSet[str]) -> None:
        """Take the checks of certificates, and the hosts that may be private or without TLS."""
        self._tls = tls
        self._trusted = trusted

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Send once. The cause of a failure names the host and never the rest of the URL."""
        fault = address_fault(WEBHOOK, url, self._trusted)
        if fault:
            return Dead(f"the address should be {fault}")
        parts = urlsplit(url)
        host = parts.hostname or ""
        try:
            async with asyncio.timeout(ATTEMPT_MAX_S):
                answer = await self._exchange(parts, host, headers, body)
        except NotReachedError as error:
            return RetryAfter(str(error))
        except (OSError, h11.RemoteProtocolError) as error:
            return RetryAfter(f"{host}: {_cause(error)}")
        return outcome_of(host, answer)

    async def _exchange(
        self, url: SplitResult, host: str, headers: Mapping[str, str], body: bytes
    ) -> h11.Response:
        secure = url.scheme == "https"
        port = url.port or (443 if secure else 80)
        tls = self._tls if secure else None
        reader, writer = await connect(host, port, tls, self._trusted)
        try:
            state = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES_MAX)
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            every = {
                "Host": url.netloc,
                "User-Agent": "ordermesh",
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                "Connection": "close",
                **headers,
            }
            request = h11.Request(method="POST", target=target, headers=list(every.items()))
            for event in (request, h11.Data(data=body), h11.EndOfMessage()):
                writer.write(state.send(event) or b"")
            return await _answer(reader, state)
        finally:
            # What else comes is not wanted: the connection ends here.
            writer.transport.abort()


def _cause(error: OSError | h11.RemoteProtocolError) -> str:
    match error:
        case TimeoutError():
            return f"no answer within {ATTEMPT_MAX_S:.0f} s"
        case ssl.SSLError():
            return f"TLS failed: {tls_cause(error)}"
        case OSError():
            return f"the connection broke: {error.strerror or error}"
    return "the answer is no HTTP, or its headers have more than 64 KiB"


async def _answer(reader: asyncio.StreamReader, state: h11.Connection) -> h11.Response:
    while True:
        event = state.next_event()
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            state.receive_data(await reader.read(READ_BYTES))


def outcome_of(host: str, answer: h11.Response) -> Outcome:
    """Return what a status means."""
    status = answer.status_code
    cause = f"{host}: HTTP status {status}"
    if status in AGAIN:
        return RetryAfter(cause, retry_after_s(answer))
    match status // 100:
        case 2:
            return Delivered()
        case 3:
            return Dead(f"{cause}: redirects are not followed")
        case 4:
            return Dead(cause)
    return RetryAfter(cause, retry_after_s(answer))


def retry_after_s(answer: h11.Response) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, 10.2.3); None without a readable one."""
    text = next((value for name, value in answer.headers if name == b"retry-after"), b"").decode(
        "ascii", "replace"
    )
    if text.isdecimal():
        # More digits than any wait has.
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    zoned = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (zoned - datetime.now(UTC)).total_seconds())
