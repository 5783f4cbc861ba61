"""What becomes of a command: the one decision that keeps an order from being sent twice.

A command reaches a venue at most once. QuickFIX writes a message to its store before the socket,
so a command that is not in a store older than the command never left. A command in the store may
have arrived: only the venue knows, so it is asked with OrderStatusRequest(H).
"""

from enum import Enum, auto
from typing import NamedTuple

from kernel.nanoseconds import NS_PER_S


class Fate(Enum):
    """What to do with the command at the head of the queue."""

    WAIT = auto()
    SEND = auto()
    NOT_SENT = auto()
    IN_DOUBT = auto()


class Question(NamedTuple):
    """What is known of a command when its fate is decided. Times are UTC nanoseconds."""

    # A new order or a replace: it makes exposure and becomes stale. Cancels do not.
    goes_stale: bool
    # A status request: asking twice does no harm.
    harmless: bool
    redelivered: bool
    committed_ns: int
    now_ns: int
    age_max_s: int
    session_up: bool
    # Creation of the FIX store.
    store_epoch_ns: int
    in_store: bool
    # A kill switch covers it, or its order was never sent.
    held_back: bool = False
    # The OMS was silent for so long that it may have engaged a kill switch since; or the FIX store
    # has too little room.
    unheard: bool = False


def judge(q: Question) -> Fate:
    """Decide the fate of one command."""
    if q.redelivered and not q.harmless and (q.in_store or q.store_epoch_ns > q.committed_ns):
        # A store younger than the command cannot prove that the command never left.
        return Fate.IN_DOUBT
    if q.held_back:
        return Fate.NOT_SENT
    if q.goes_stale and q.now_ns - q.committed_ns > q.age_max_s * NS_PER_S:
        return Fate.NOT_SENT
    if q.goes_stale and q.unheard:
        return Fate.WAIT
    return Fate.SEND if q.session_up else Fate.WAIT
