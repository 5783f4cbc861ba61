"""Messages that QuickFIX cannot parse, in a form that it can.

QuickFIX drops such a message, requests it again because its number is missing, and gets it again:
the session stays there. The guard process replaces it by a message of ours with the same
MsgSeqNum(34), which contains the bytes as they came: the session goes on, the order of messages
stays, and the gateway parks the bytes for a person.
"""

import base64
import binascii
import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple
from zlib import adler32

from fix import tags as t
from fix.data_fields import DATA_FIELDS, without_delimiters
from fix.wire import fields

MSG_TYPE: Final = "UPARKED"
"""MsgType(35) of the message of ours; types that begin with U are free for users."""

PARKED_BYTES_MAX: Final = 64 * 1024
"""Bytes of a message that are kept; the rest of a longer one is dropped."""

GARBLED_KEPT_MAX: Final = 1000
"""Numbers remembered of messages with a wrong CheckSum(10)."""

# The header of a message is in these bytes.
_HEAD_BYTES_MAX = 1024
# MsgType(35), the third field, is in these bytes.
_TYPE_BYTES_MAX = 64
_LOGON = b"A"
_IS_LOGON = b"\x0135=A\x01"
_HEAD = re.compile(rb"8=[^\x01]*\x019=[0-9]+\x0135=[^\x01]+\x01")
_FIELDS = re.compile(rb"(?:[0-9]{1,9}+=[^\x01]*+\x01)++")
# What most messages are, in one look: no frame field again, and no field of type data.
_PLAIN = re.compile(
    rb"8=[^\x01]*+\x019=[0-9]++\x0135=[^\x01]++\x01"
    rb"(?:(?!(?:8|9|10|%b)=)[0-9]{1,9}+=[^\x01]*+\x01)*+10=[0-9]{3}\x01"
    % b"|".join(b"%d" % length for length in DATA_FIELDS)
)
_FRAME_FIELD_AGAIN = re.compile(rb"\x01(?:8|9|10)=")
_UTC_TIME = re.compile(rb"[0-9]{8}-[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?")
_SENT = b"\x0152="
_TRAILER_BYTES = 7
_CHUNK_BYTES = 256


class Screen:
    """Looks at the messages of one connection before QuickFIX does."""

    def __init__(self, dropped: Callable[[str], None]) -> None:
        self._dropped = dropped
        self._garbled: OrderedDict[bytes, None] = OrderedDict()
        # SenderCompID(49) and TargetCompID(56) of the Logon(A), as values and as fields; empty, and
        # so part of every message, before it.
        self._ids = b"", b""
        self._id_fields = b"", b""

    def screened(self, message: bytes) -> bytes:
        """Return the message, or what QuickFIX gets instead; b"" if it is dropped."""
        if message.find(_IS_LOGON, 0, _TYPE_BYTES_MAX) > 0:
            sender, target = ids = _ids_of(message)
            if sender and target:
                self._ids = ids
                self._id_fields = b"\x0149=%b\x01" % sender, b"\x0156=%b\x01" % target
            return message  # QuickFIX ends the connection if it cannot parse it
        if int(message[-4:-1]) != checksum(message[:-_TRAILER_BYTES]):
            return self._garbled_again(message)
        sender, target = self._id_fields
        if (
            _PLAIN.fullmatch(message)
            and sender in message
            and target in message
            and _SENT in message
        ):
            return message
        clean = without_delimiters(message)
        if clean is not message:
            clean = _with_checksum(clean[:-_TRAILER_BYTES])
        fault = fault_of(clean) or self._fault_of_ids(clean)
        if fault:
            return self._replaced(message, fault)
        return clean if _SENT in clean else _with_sending_time(clean)

    def _fault_of_ids(self, message: bytes) -> str:
        """Return how a message differs from the Logon(A): QuickFIX would log out because of it."""
        for field in self._id_fields:
            if field not in message:
                name = "SenderCompID(49)" if field is self._id_fields[0] else "TargetCompID(56)"
                return f"its {name} is not that of the Logon(A)"
        return ""

    def shortened(self, head: bytes, total_bytes: int, bytes_max: int) -> bytes:
        """Return what QuickFIX gets instead of a message that is too long; `head` begins it."""
        return self._replaced(head, f"it has {total_bytes} bytes; at most {bytes_max} are allowed")

    def _garbled_again(self, message: bytes) -> bytes:
        """Drop a garbled message once: it comes again, and perhaps whole."""
        number = _value(message, t.MSG_SEQ_NUM)
        if number not in self._garbled:
            self._garbled[number] = None
            if len(self._garbled) > GARBLED_KEPT_MAX:
                self._garbled.popitem(last=False)
            return b""
        return self._replaced(message, "CheckSum(10) is wrong, and was wrong before")

    def _replaced(self, message: bytes, fault: str) -> bytes:
        kind, number = _value(message, t.MSG_TYPE), _value(message, t.MSG_SEQ_NUM)
        ids = self._ids if all(self._ids) else _ids_of(message)
        if kind == _LOGON or not (number.isdigit() and all(ids)):
            self._dropped(
                "a message cannot be parsed, and is a Logon(A) or has no MsgSeqNum(34), "
                f"SenderCompID(49) or TargetCompID(56) that can be read: {fault}"
            )
            return b""
        sent = _value(message, t.SENDING_TIME)
        if not _UTC_TIME.fullmatch(sent):
            sent = _now()
        raw = base64.b64encode(message[:PARKED_BYTES_MAX])
        flags = [
            (tag, b"Y") for tag in (t.POSS_DUP_FLAG, t.POSS_RESEND) if _value(message, tag) == b"Y"
        ]
        body = b"".join(
            b"%b=%b\x01" % (tag.encode(), value)
            for tag, value in (
                (t.MSG_TYPE, MSG_TYPE.encode()), (t.SENDER_COMP_ID, ids[0]),
                (t.TARGET_COMP_ID, ids[1]), (t.MSG_SEQ_NUM, number), *flags,
                (t.SENDING_TIME, sent), (t.REF_MSG_TYPE, kind),
                (t.TEXT, fault.encode("ascii", "replace")),
                (t.RAW_DATA_LENGTH, b"%d" % len(raw)), (t.RAW_DATA, raw),
            )
        )  # fmt: skip
        begin = message[: message.index(b"\x01") + 1]
        return _with_checksum(b"%b9=%d\x01%b" % (begin, len(body), body))


class Unparsable(NamedTuple):
    """What a message of ours says of the one that it replaces."""

    msg_type: str
    fault: str
    raw: bytes


def replaced(raw: str) -> Unparsable | None:
    """Return the message that this one replaces; None if it replaces none."""
    if f"\x0135={MSG_TYPE}\x01" not in raw[:64]:
        return None
    found = fields(raw)
    try:
        message = base64.b64decode(found.get(t.RAW_DATA, ""), validate=True)
    except binascii.Error:
        return None  # a message of the venue that only has the type of ours
    fault = f"QuickFIX cannot take it: {found.get(t.TEXT, '')}"
    return Unparsable(found.get(t.REF_MSG_TYPE, ""), fault, message)


def fault_of(message: bytes) -> str:
    """Return why QuickFIX cannot parse a message of the right length and checksum; or ""."""
    if not _HEAD.match(message):
        return "its first three fields are not BeginString(8), BodyLength(9) and MsgType(35)"
    whole = _FIELDS.match(message)
    end = 0 if whole is None else whole.end()
    if end != len(message):
        part = message[end : end + 40].partition(b"\x01")[0].decode("ascii", "replace")
        return f"{part!r} is no field; a field is a number, an equals sign and a value"
    body_at = message.index(b"\x0135=")
    again = _FRAME_FIELD_AGAIN.search(message, body_at, len(message) - _TRAILER_BYTES)
    if again is not None:
        return "BeginString(8), BodyLength(9) or CheckSum(10) comes twice"
    return ""


def checksum(data: bytes) -> int:
    """Return CheckSum(10): the sum of all bytes, modulo 256."""
    # Adler-32 adds them without a loop in Python; its sum is exact for so few bytes.
    total = 0
    for start in range(0, len(data), _CHUNK_BYTES):
        total += (adler32(data[start : start + _CHUNK_BYTES]) & 0xFFFF) - 1
    return total % 256


def _ids_of(message: bytes) -> tuple[bytes, bytes]:
    return _value(message, t.SENDER_COMP_ID), _value(message, t.TARGET_COMP_ID)


def _now() -> bytes:
    return datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S.%f")[:-3].encode()


def _with_sending_time(message: bytes) -> bytes:
    """Return a message without SendingTime(52) with the present time; QuickFIX drops it without."""
    begin, _, rest = message.partition(b"\x01")
    body = rest[rest.index(b"\x01") + 1 : -_TRAILER_BYTES]
    kind, _, others = body.partition(b"\x01")
    body = b"%b\x0152=%b\x01%b" % (kind, _now(), others)
    return _with_checksum(b"%b\x019=%d\x01%b" % (begin, len(body), body))


def _with_checksum(data: bytes) -> bytes:
    return data + b"10=%03d\x01" % checksum(data)


def _value(message: bytes, tag: str) -> bytes:
    """Return the first value of a field of the header, or b""."""
    begin = b"\x01" + tag.encode() + b"="
    at = message.find(begin, 0, _HEAD_BYTES_MAX)
    return message[at + len(begin) : message.find(b"\x01", at + 1)] if at >= 0 else b""
