"""Whether a FIX store is the one the session's numbers were in.

The OMS keeps the next number we send, as far as it was told. A store that is behind it, or of
another life, has been lost, restored from a copy, or belongs to another disk: it can neither tell
which number is next nor testify that a command never left.
"""

from dataclasses import dataclass

# Numbers skipped when a store is lost: what the venue's rate allows in this time, which is longer
# than the OMS can be behind (it hears of each number sent, and of all at least every 5 s).
SENDER_MARGIN_S = 10
# And at least so many.
SENDER_MARGIN_MIN = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """A next number to send, and the life it counts in; 0 if there is none."""

    epoch: int
    next_sender: int


def is_lost(store: Known, told: Known) -> bool:
    """Tell whether this store cannot be the one the OMS was told of."""
    if not told.epoch:
        return False
    return store.epoch != told.epoch or store.next_sender < told.next_sender


def number_behind_a_loss(store: Known, told: Known, rate_per_s: int) -> int:
    """Return a next number the venue has certainly not seen."""
    margin = max(SENDER_MARGIN_MIN, SENDER_MARGIN_S * rate_per_s)
    return max(store.next_sender, told.next_sender, 1) + margin
