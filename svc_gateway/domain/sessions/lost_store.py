"""Whether a FIX store is the one that the session's numbers were in.

The OMS stores the next number we send, as last reported to it. A store with a lower number, or of
another epoch, was lost, restored from a copy, or belongs to another disk: it cannot say which
number is next, nor prove that a command never left.
"""

from dataclasses import dataclass

# Numbers skipped after a loss: what the venue's rate allows in this time, which is longer than the
# OMS can be late (it gets each number sent, and all of them at least every 5 s).
SENDER_MARGIN_S = 10
# And at least so many.
SENDER_MARGIN_MIN = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """The next number to send, and its epoch; 0 if there is none."""

    epoch: int
    next_sender: int


def is_lost(store: Known, stored: Known) -> bool:
    """Return whether this store cannot be the one whose number the OMS has."""
    if not stored.epoch:
        return False
    return store.epoch != stored.epoch or store.next_sender < stored.next_sender


def is_newer(store: Known, stored: Known) -> bool:
    """Return whether a restored order book can know less than this store.

    An epoch is a time: a later one began after the state to which the book was restored.
    """
    return store.epoch > stored.epoch


def number_after_a_loss(store: Known, stored: Known, rate_per_s: int) -> int:
    """Return a next number that the venue has certainly not seen."""
    margin = max(SENDER_MARGIN_MIN, SENDER_MARGIN_S * rate_per_s)
    return max(store.next_sender, stored.next_sender, 1) + margin
