"""The messages of Nasdaq TotalView-ITCH 5.0, and files of them.

A message begins with its type (1 byte), the number of its stock for the day (2), a tracking number
(2) and the time in nanoseconds since midnight (6); all numbers are big-endian. Prices have four
decimal places. In a file each message is preceded by its length (2 bytes).
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

from kernel.nanoseconds import NS_PER_S

PRICE_PLACES = 4
LENGTH_BYTES = 2
"""Before each message of a file."""
NS_PER_DAY = 86_400 * NS_PER_S

HEADER = Struct(">cHH6s")
# What follows the header, by the type of the message.
LAYOUTS = {
    b"S": Struct(">c"),
    b"R": Struct(">8sccIcc2scccccIc"),
    b"H": Struct(">8scc4s"),
    b"A": Struct(">QcI8sI"),
    b"F": Struct(">QcI8sI4s"),
    b"E": Struct(">QIQ"),
    b"C": Struct(">QIQcI"),
    b"X": Struct(">QI"),
    b"D": Struct(">Q"),
    b"U": Struct(">QQII"),
    b"P": Struct(">QcI8sIQ"),
    b"Q": Struct(">Q8sIQc"),
    b"B": Struct(">Q"),
}
LENGTHS = {kind: HEADER.size + layout.size for kind, layout in LAYOUTS.items()}
"""Bytes of a whole message, by its type."""


class ItchError(ValueError):
    """A file cannot be read further; the text names the message, its place and what is wrong."""


class Message(NamedTuple):
    """One message.

    Attributes:
        number: Of the message in its file, from 1.
        kind: Type of the message: b"A" for Add Order.
        at_ns: Nanoseconds since midnight, where the venue is.
        fields: What follows the header, in the order of the specification.
    """

    number: int
    kind: bytes
    at_ns: int
    fields: tuple[Any, ...]


def read_messages(path: Path) -> Iterator[Message]:
    """Read a file, packed by gzip if its name ends with ".gz".

    Types that say nothing of books and trades, and those of later revisions, are left out.

    Raises:
        ItchError: The file ends within a message or cannot be unpacked, a length or type is none
            of ITCH 5.0, or the time of a message is before that of an earlier one.
    """
    try:
        yield from _messages(path)
    except (EOFError, zlib.error) as error:
        raise ItchError(f"{path.name} cannot be unpacked further: {error}") from error


def _messages(path: Path) -> Iterator[Message]:
    number = at_byte = latest_ns = 0
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        while prefix := file.read(LENGTH_BYTES):
            number += 1
            length = int.from_bytes(prefix, "big")
            body = file.read(length)
            where = f"{path.name}: message {number} at byte {at_byte}"
            at_byte += LENGTH_BYTES + length
            if len(prefix) < LENGTH_BYTES or len(body) < length:
                raise ItchError(f"{where} is cut: {length} bytes announced, {len(body)} there")
            message = parse(body, number, where)
            if message.at_ns < latest_ns:
                raise ItchError(
                    f"{where} is out of order: its time is {message.at_ns} ns after midnight, an"
                    f" earlier message has {latest_ns}"
                )
            latest_ns = message.at_ns
            if message.kind in LAYOUTS:
                yield message


def parse(body: bytes, number: int, where: str) -> Message:
    """Read one message; `fields` is empty if its type is not in LAYOUTS.

    Raises:
        ItchError: Its length is not that of its type, it has no type, or its time is not within
            a day.
    """
    kind = body[:1]
    if not (kind.isalpha() and len(body) >= HEADER.size):
        raise ItchError(f"{where} is no message of ITCH 5.0: it begins with {body[:12].hex(' ')}")
    length = LENGTHS.get(kind)
    if length is not None and len(body) != length:
        raise ItchError(f"{where} has {len(body)} bytes; type {kind.decode()!r} has {length}")
    at_ns = int.from_bytes(body[5:11], "big")
    if at_ns >= NS_PER_DAY:
        raise ItchError(f"{where} has the time {at_ns} ns after midnight, beyond a day")
    fields = LAYOUTS[kind].unpack_from(body, HEADER.size) if length is not None else ()
    return Message(number, kind, at_ns, fields)


def text_of(field: bytes) -> str:
    """Return a field of text without the spaces that fill it up."""
    return field.decode("ascii", "replace").rstrip()
