"""Reads QuickFIX's file store: when the numbers began, and which requests were sent."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from kernel.nanoseconds import NS_PER_S

# Two resets within one second are still two epochs: the file's own time distinguishes them, unless
# the file is a later copy.
_WRITE_WINDOW_NS = 2 * NS_PER_S
# Bytes of the index that are read from its end at first; doubled until they reach far enough.
_TAIL_BYTES = 16_384
# Bytes of the messages that are read at a time.
_PART_BYTES = 1 << 20
_REQUEST = re.compile(rb"\x0135=[DFG]\x01[^\n]*?\x0111=([^\x01]{1,64})\x01")
# QuickFIX begins every message it writes with these bytes; a match never crosses into the next.
_BEGIN = b"8=FIX"


class StoreView:
    """Reads the files of one session's store. Never writes."""

    def __init__(self, folder: Path, sender_comp_id: str, target_comp_id: str) -> None:
        self._prefix = f"FIX.4.4-{sender_comp_id}-{target_comp_id}"
        self._folder = folder

    def _file(self, kind: str) -> Path:
        return self._folder / f"{self._prefix}.{kind}"

    def epoch_ns(self) -> int:
        """Return the creation time of the store in UTC nanoseconds; 0 if there is none yet."""
        path = self._file("session")
        try:
            text = path.read_text(encoding="ascii").strip()
            written_ns = path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0
        if not text:
            return 0
        created = datetime.strptime(text[:17], "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
        created_ns = int(created.timestamp()) * NS_PER_S
        return written_ns if 0 <= written_ns - created_ns < _WRITE_WINDOW_NS else created_ns

    def numbers(self) -> tuple[int, int]:
        """Return the next MsgSeqNum(34) to send and to expect; (1, 1) if there is no store."""
        try:
            text = self._file("seqnums").read_text(encoding="ascii")
        except FileNotFoundError:
            return 1, 1
        sender, _, target = text.partition(":")
        try:
            return int(sender), int(target)
        except ValueError:
            return 1, 1

    def requests_sent(self) -> frozenset[str]:
        """Return ClOrdID(11) of every D, F, G in the store: no other request can have left."""
        found = set()
        for message in self._messages():
            match = _REQUEST.search(message)
            if match:
                found.add(match.group(1).decode("utf-8", "surrogateescape"))
        return frozenset(found)

    def message(self, msg_seq_num: int) -> str:
        """Return the message that was sent with a number, or "" if the store has none."""
        where = self._place(msg_seq_num)
        if where is None:
            return ""
        offset, size = where
        with self._file("body").open("rb") as file:
            file.seek(offset)
            return file.read(size).decode("utf-8", "surrogateescape")

    def requests(self, first: int, limit: int) -> list[tuple[int, str]]:
        """Return the D, F and G sent from a number on, the newest `limit` of them, in order."""
        index = self._entries(first)
        found: list[tuple[int, str]] = []
        try:
            file = self._file("body").open("rb")
        except FileNotFoundError:
            return []
        with file:
            for number in sorted(index, reverse=True):
                offset, size = index[number]
                file.seek(offset)
                message = file.read(size)
                if _REQUEST.search(message):
                    found.append((number, message.decode("utf-8", "surrogateescape")))
                    if len(found) == limit:
                        break
        return found[::-1]

    def _entries(self, first: int) -> dict[int, tuple[int, int]]:
        """Return where the messages from a number on are; the last entry of a number counts."""
        try:
            file = self._file("header").open("rb")
        except FileNotFoundError:
            return {}
        with file:
            end = file.seek(0, os.SEEK_END)
            size = _TAIL_BYTES
            while True:
                start = max(0, end - size)
                file.seek(start)
                texts = file.read(end - start).split(b" ")
                # The first is cut, unless the file begins with it; after the last is a space.
                entries = [text.split(b",") for text in texts[1 if start else 0 : -1]]
                if not start or (entries and int(entries[0][0]) <= first):
                    break
                size *= 2
        return {
            int(number): (int(offset), int(length))
            for number, offset, length in entries
            if int(number) >= first
        }

    def _messages(self) -> Iterator[bytes]:
        """Yield every message; a part of the file is in memory at a time."""
        try:
            file = self._file("body").open("rb")
        except FileNotFoundError:
            return
        rest = b""
        with file:
            while part := file.read(_PART_BYTES):
                *whole, rest = (rest + part).split(_BEGIN)
                yield from whole
        yield rest

    def _place(self, msg_seq_num: int) -> tuple[int, int] | None:
        try:
            index = self._file("header").read_bytes()
        except FileNotFoundError:
            return None
        # "number,offset,size " per message; the last entry of a number counts.
        start = index.rfind(b" %d," % msg_seq_num)
        if start < 0 and not index.startswith(b"%d," % msg_seq_num):
            return None
        entry = index[start + 1 :].split(b" ", 1)[0].split(b",")
        return int(entry[1]), int(entry[2])
