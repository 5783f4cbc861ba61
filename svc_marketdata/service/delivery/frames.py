"""Frames: bytes of one write, and how they are joined.

A frame is the serialised message, and a message of repeated items is the joined bytes of
its items, so frames can be joined too.
"""

from collections import deque
from typing import NamedTuple


class Frame(NamedTuple):
    """Bytes of one write, shared by all its subscribers."""

    data: bytes
    item_count: int
    high_water: int


class FrameBuilder:
    """Joins items into frames of limited size."""

    __slots__ = ("_bytes_max", "_count", "_parts", "_size", "frames")

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._parts: list[bytes] = []
        self._size = 0
        self._count = 0
        self.frames: list[Frame] = []

    def add(self, item: bytes, count: int = 1) -> None:
        """Add bytes of whole items."""
        if not item:
            return
        if self._size and self._size + len(item) > self._bytes_max:
            self._close(0)
        self._parts.append(item)
        self._size += len(item)
        self._count += count

    def finish(self, high_water: int) -> list[Frame]:
        """Return the frames; after them a reader has this high water."""
        self._close(high_water)
        frames, self.frames = self.frames, []
        return frames

    def _close(self, high_water: int) -> None:
        if self._parts:
            data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self.frames.append(Frame(data, self._count, high_water))
            self._parts = []
            self._size = self._count = 0


class FrameJoiner:
    """Joins the frames that wait for one reader into one write.

    A write costs about the same whatever its size. Readers of one group are mostly at the
    same position, so the last joined frame is cached and shared.
    """

    __slots__ = ("_bytes_max", "_first", "_joined", "_last")

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._first: Frame | None = None
        self._last: Frame | None = None
        self._joined: Frame | None = None

    def take(self, outbox: deque[Frame]) -> Frame:
        """Take the next frames of an outbox as one, as many as the limit allows.

        The outboxes of a group's readers are parts of one series, in its order: the first and
        the last frame determine the frames between them.
        """
        first = outbox.popleft()
        size = len(first.data) + len(outbox[0].data) if outbox else 0
        if not outbox or size > self._bytes_max:
            return first
        frames = [first, outbox.popleft()]
        while outbox and (size := size + len(outbox[0].data)) <= self._bytes_max:
            frames.append(outbox.popleft())
        if self._joined is None or first is not self._first or frames[-1] is not self._last:
            self._first, self._last = first, frames[-1]
            self._joined = Frame(
                b"".join(frame.data for frame in frames),
                sum(frame.item_count for frame in frames),
                next((frame.high_water for frame in reversed(frames) if frame.high_water), 0),
            )
        return self._joined
