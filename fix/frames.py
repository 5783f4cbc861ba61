"""Cuts a stream of bytes into FIX messages, and lets nothing else through.

QuickFIX keeps what it reads until BodyLength(9) of it has come, however much that is: a peer can
make the process grow by hundreds of megabytes before it has logged on. So messages are framed
before QuickFIX sees a byte. After this filter every message begins with BeginString(8) and
BodyLength(9), is no longer than the limit, and ends with CheckSum(10) where BodyLength(9) says.
Other bytes are dropped, as the standard requires (the gap in MsgSeqNum(34) brings the message
again).
"""

import re
from collections.abc import Callable

SKIPPED_BYTES_MAX = 64 * 1024 * 1024
"""A message longer than its limit is read over and replaced up to this BodyLength(9); beyond, the
connection ends."""

_BEGIN = b"8=FIX"
_HEAD = re.compile(rb"8=FIX[A-Z]{0,1}\.[0-9.]{1,6}\x019=([0-9]{1,12})\x01")
# The longest head of a message; a longer one is not a head.
_HEAD_BYTES_MAX = 32
_TRAILER = re.compile(rb"10=[0-9]{3}\x01")
_TRAILER_BYTES = 7
# Bytes of a message that is too long which are kept.
_KEPT_BYTES_MAX = 64 * 1024
_TOO_LONG = -2


class FrameError(Exception):
    """The peer does not speak FIX, or exceeds a limit; the text says what it sent."""


class FixFrames:
    """The messages of one direction of one connection."""

    def __init__(
        self, message_bytes_max: int, shortened: Callable[[bytes, int, int], bytes] | None = None
    ) -> None:
        """Make it.

        Args:
            message_bytes_max: The limit.
            shortened: Returns what comes instead of a message beyond the limit, of its beginning,
                its length and the limit; None: such a message is an error.
        """
        self._bytes_max = message_bytes_max
        self._shortened = shortened
        self._rest = b""
        self._dropped = 0
        # Of a message that is read over: its length, what is still to come, first and last bytes.
        self._skip_bytes = 0
        self._skip_left = 0
        self._skip_head = b""
        self._skip_tail = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes; return the complete messages.

        Raises:
            FrameError: A message is longer than can be borne, or as many bytes came without one.
        """
        messages: list[bytes] = []
        if self._skip_left:
            data = self._skip(data, messages)
        data = self._rest + data if self._rest else data
        place = 0
        while place < len(data):
            end = self._end_of_message(data, place)
            if end > 0:
                messages.append(data[place:end])
                self._dropped = 0
                place = end
            elif end == 0:
                break
            elif end == _TOO_LONG:
                data, place = self._skip(data[place:], messages), 0
            else:
                place = self._next_begin(data, place)
        self._rest = data[place:]
        return messages

    def _end_of_message(self, data: bytes, place: int) -> int:
        """Return where a message ends, 0 if it is not complete yet, -1 if it is not a message."""
        head = _HEAD.match(data, place)
        if head is None:
            return 0 if _may_become_head(data[place : place + _HEAD_BYTES_MAX]) else -1
        body_bytes = int(head.group(1))
        end = head.end() + body_bytes + _TRAILER_BYTES
        if body_bytes > self._bytes_max:
            if self._shortened is None or body_bytes > SKIPPED_BYTES_MAX:
                raise FrameError(
                    f"BodyLength(9) is {body_bytes}; at most {self._bytes_max} is allowed"
                )
            self._skip_bytes = self._skip_left = end - place
            return _TOO_LONG
        if len(data) < end:
            return 0
        return end if _TRAILER.fullmatch(data, end - _TRAILER_BYTES, end) else -1

    def _skip(self, data: bytes, messages: list[bytes]) -> bytes:
        """Read over a message that is too long; return what comes after it."""
        part, rest = data[: self._skip_left], data[self._skip_left :]
        self._skip_left -= len(part)
        self._skip_head += part[: _KEPT_BYTES_MAX - len(self._skip_head)]
        self._skip_tail = (self._skip_tail + part[-_TRAILER_BYTES:])[-_TRAILER_BYTES:]
        if self._skip_left:
            return b""
        head, tail, self._skip_head, self._skip_tail = self._skip_head, self._skip_tail, b"", b""
        if self._shortened is not None and _TRAILER.fullmatch(tail):
            instead = self._shortened(head, self._skip_bytes, self._bytes_max)
            messages += [instead] if instead else []
        return rest

    def _next_begin(self, data: bytes, place: int) -> int:
        found = data.find(_BEGIN, place + 1)
        # The last bytes may be the first of a message.
        place_next = found if found >= 0 else max(place + 1, len(data) - len(_BEGIN) + 1)
        self._dropped += place_next - place
        if self._dropped > self._bytes_max:
            raise FrameError(f"{self._dropped} bytes came that are not a FIX message")
        return place_next


def _may_become_head(text: bytes) -> bool:
    """Return whether more bytes can make this a head."""
    if len(text) >= _HEAD_BYTES_MAX:
        return False
    if len(text) <= len(_BEGIN):
        return _BEGIN.startswith(text)
    return text.startswith(_BEGIN) and text.count(b"\x01") < 2  # noqa: PLR2004  ends of 8 and 9


def msg_type(message: bytes) -> bytes:
    """Return MsgType(35), which is the third field."""
    at = message.find(b"\x0135=", 0, 2 * _HEAD_BYTES_MAX)
    return message[at + 4 : message.find(b"\x01", at + 4)] if at > 0 else b""


def text_of(message: bytes) -> str:
    """Return Text(58), or ""."""
    at = message.find(b"\x0158=")
    if at < 0:
        return ""
    return message[at + 4 : message.find(b"\x01", at + 4)].decode("utf-8", "replace")
