"""A venue that writes any bytes: it logs on, and sends what a test gives it, well-formed or not."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from fix.frames import FixFrames, msg_type
from fix.unparsable import checksum
from fix.wire import fields

MESSAGE_BYTES_MAX = 1024 * 1024


def framed(body: bytes) -> bytes:
    """Return a message of a body, with the right length and checksum."""
    head = b"8=FIX.4.4\x019=%d\x01%b" % (len(body), body)
    return head + b"10=%03d\x01" % checksum(head)


def header(msg_type: str, number: int, **changes: str) -> bytes:
    """Return the header's fields after BodyLength(9)."""
    now = datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S.%f")[:-3]
    values = {"35": msg_type, "49": "TEST", "56": "ORDERMESH", "34": f"{number}", "52": now}
    values |= {tag.removeprefix("t"): value for tag, value in changes.items()}
    return "".join(f"{tag}={value}\x01" for tag, value in values.items()).encode()


class RawVenue:
    """One acceptor on loopback.

    Attributes:
        received: The fields of every message received, in order.
        number: MsgSeqNum(34) of the next message.
        refuses: Text(58) of a Logout(5) that answers every Logon(A); empty: they are accepted.
        answers_tests: Answer TestRequest(1); a frozen venue does not.
        resend: Returns what is sent again from a number on, when the gateway asks for it.
        answer: Returns type and body of the answers to an application message.
    """

    def __init__(self, client: str = "ORDERMESH") -> None:
        self._client = client
        self.received: list[dict[str, str]] = []
        self.number = 1
        self.refuses = ""
        self.answers_tests = True
        self.logons = 0
        self.resend: Callable[[int], list[bytes]] = lambda _: []
        self.answer: Callable[[dict[str, str]], list[tuple[str, bytes]]] = lambda _: []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """End."""
        assert self._server is not None
        self._server.close()
        if self._writer is not None:
            self._writer.close()

    def send(self, msg_type: str, body: bytes, **changes: str) -> bytes:
        """Send a body under the next number; return the message."""
        message = self.made(msg_type, self.number, body, **changes)
        self.number += 1
        self.write(message)
        return message

    def made(self, msg_type: str, number: int, body: bytes, **changes: str) -> bytes:
        """Return a message under a number."""
        return framed(header(msg_type, number, t56=self._client, **changes) + body)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        assert self._writer is not None
        self._writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        frames = FixFrames(MESSAGE_BYTES_MAX)
        while data := await reader.read(65536):
            for message in frames.feed(data):
                self._take(message)
        writer.close()

    def _take(self, message: bytes) -> None:
        found = fields(message.decode())
        self.received.append(found)
        kind = msg_type(message)
        if kind == b"A" and self.refuses:
            self.send("5", f"58={self.refuses}\x01".encode())
            assert self._writer is not None
            self._writer.close()
        elif kind == b"A":
            self.logons += 1
            self.send("A", f"98=0\x01108={found['108']}\x01".encode())
        elif kind == b"1":
            if not self.answers_tests:
                return
            self.send("0", f"112={found['112']}\x01".encode())
        elif kind == b"2":
            for again in self.resend(int(found["7"])):
                self.write(again)
        else:
            found["raw"] = message.decode()
            for answer in self.answer(found):
                self.send(*answer)
