"""Reports of a venue that the OMS has not yet made durable.

The gateway keeps no second truth. This buffer only saves a rewind of the FIX session when the link
to the OMS breaks for a moment; if it does not have everything, the session is rewound and the
venue resends.
"""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Unacknowledged(Generic[T]):
    """Messages in session order, with a mark up to where the present link got them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: deque[tuple[int, int, T]] = deque()
        self._given = 0
        # Everything of this epoch up to this number is durable at the OMS or was never for it.
        self._base: tuple[int, int] = (0, 0)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return len(self._kept) >= self.limit

    def start(self, epoch: int, sequence: int) -> None:
        """Forget everything; the session continues after this number."""
        self._kept.clear()
        self._given = 0
        self._base = (epoch, sequence)

    def append(self, epoch: int, sequence: int, item: T) -> None:
        """Keep a message until it is acknowledged."""
        self._kept.append((epoch, sequence, item))

    def acknowledge(self, epoch: int, sequence: int) -> int:
        """Drop what is durable: this number of this epoch, and all before it.

        Returns:
            How many messages were dropped.
        """
        place = -1
        for index, (kept_epoch, kept_sequence, _) in enumerate(self._kept):
            if kept_epoch == epoch:
                if kept_sequence > sequence:
                    break
                place = index
            elif place >= 0:
                break
        for _ in range(place + 1):
            kept_epoch, kept_sequence, _item = self._kept.popleft()
            self._base = (kept_epoch, kept_sequence)
        self._given = max(0, self._given - (place + 1))
        if self._base[0] in (epoch, 0):
            self._base = (epoch, max(sequence, self._base[1]))
        return place + 1

    def covers(self, epoch: int, sequence: int) -> bool:
        """Return whether everything after this number is kept here, so that no rewind is needed."""
        base_epoch, base_sequence = self._base
        if (epoch, sequence) == (0, 0):  # the OMS never had anything of this session
            return base_sequence == 0
        return epoch == base_epoch and sequence >= base_sequence

    def give_again(self) -> None:
        """Begin at the oldest message: a new link has been opened."""
        self._given = 0

    def next_batch(self, limit: int) -> list[T]:
        """Return messages that the present link has not got, oldest first."""
        end = min(len(self._kept), self._given + limit)
        batch = [self._kept[index][2] for index in range(self._given, end)]
        self._given = end
        return batch

    @property
    def waiting(self) -> bool:
        """Whether the present link has not got all."""
        return self._given < len(self._kept)
