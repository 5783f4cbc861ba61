"""The life cycle of an order: its states, what can happen to it, and the one table.

Theory of operation
===================

An order has a *base state*: its state at the venue (NEW, SUSPENDED, CANCELED, ...) or,
before it is there, its state here (HELD, AWAITING_TRIGGER). Above the base lie up to three
*overlays*: a doubt (UNKNOWN), a cancel without answer (PENDING_CANCEL) and a replace without
answer (PENDING_REPLACE). The *state* that a client sees is the topmost overlay, or the base
when there is none. FIX 4.4 has the same idea: OrdStatus(39) is the one of highest precedence
among all that apply, and pending cancel ranks above pending replace, which ranks above the
working states.

We differ from FIX's precedence in two places, both because a client's first question is
"can this still trade?". First, a closed base is shown whatever request is pending: the fill
that completes an order gives FILLED although a cancel is pending (FIX would show
PENDING_CANCEL until the cancel is refused). The refusal that comes later is recorded and
changes no state. Second, CALCULATED does not hide FILLED.

A closed base is closed by all terms that the venue may have: while a replace to a larger
quantity has no answer, an order that is executed in full by its old terms is not FILLED but
PENDING_REPLACE, with the leaves of the requested terms. A report of the executions can arrive
before the report of the replace (on a drop copy), and the order can be cancelled meanwhile.

A doubt is a fact about us, not about the venue: we sent a request and do not know whether it
arrived, or the venue reported a total of executions that have not all come. A doubt is shown
above everything that is not closed, because a timeout is never a reject. Only the doubt about
missing executions also hides a closed base: an order that the venue calls cancelled after 40
is not closed for us before we have the 40.

The table maps (state, event kind) to a state or to a rule:

    a state     the base becomes it; if it is an overlay, the overlay is added
    STAY        neither base nor state changes
    BY_LEAVES   FILLED when nothing is left; else the base stays, except that a
                fill changes PENDING_NEW and NEW to PARTIALLY_FILLED (and a bust back)
    WORKING     the venue works the order: FILLED, PARTIALLY_FILLED or NEW, by the
                quantities
    REOPEN      WORKING, and an anomaly
    BENEATH     look up the row of the base state instead; the overlays stay
    RESUME      a request or doubt has ended: show what is topmost now
    ONWARD      to the venue (PENDING_NEW), or AWAITING_TRIGGER if it waits for something else

A pair that is not in the table does not fit. It changes no state, but the event is still
recorded, as an anomaly: commands are refused before they become events (`decide_*` in
decide.py), facts never. Two rules follow, and tests check them:

1. No other file sets a state.
2. A closed state changes only by the exceptions that its row writes out.
"""

from enum import Enum, IntEnum
from typing import Final


class OrderState(IntEnum):
    """The states of an order; names and numbers of ordermesh.oms.v1.OrderState."""

    PENDING_NEW = 1
    NEW = 2
    PARTIALLY_FILLED = 3
    FILLED = 4
    DONE_FOR_DAY = 5
    CANCELED = 6
    PENDING_CANCEL = 7
    STOPPED = 8
    REJECTED = 9
    SUSPENDED = 10
    CALCULATED = 11
    EXPIRED = 12
    PENDING_REPLACE = 13
    UNKNOWN = 14
    HELD = 15
    AWAITING_TRIGGER = 16


class EventKind(IntEnum):
    """What can happen to an order; names and numbers of OrderEvent's oneof."""

    ACCEPTED = 20
    ACKNOWLEDGED = 21
    EXECUTED = 22
    CANCEL_REQUESTED = 23
    CANCEL_PENDING = 24
    CANCEL_REFUSED = 25
    CANCELED = 26
    REPLACE_REQUESTED = 27
    REPLACE_PENDING = 28
    REPLACE_REFUSED = 29
    REPLACED = 30
    REJECTED = 31
    EXPIRED = 32
    DONE_FOR_DAY = 33
    SUSPENDED = 34
    STOPPED = 35
    CALCULATED = 36
    RESTATED = 37
    EXECUTION_BUSTED = 38
    EXECUTION_CORRECTED = 39
    IN_DOUBT = 40
    RESOLVED = 41
    TRIGGERED = 42
    APPROVED = 43
    COMMAND_REFUSED = 44
    VENUE_REPORT_PARKED = 45
    TRIGGER_MOVED = 46
    RELEASED = 47
    STATUS_REQUESTED = 48
    ROUTING_DECIDED = 49


class Rule(Enum):
    """How the next state follows where it is not a fixed state."""

    STAY = "stay"
    BY_LEAVES = "by leaves"
    WORKING = "working"
    REOPEN = "reopen"
    BENEATH = "beneath"
    RESUME = "resume"
    ONWARD = "onward"


S = OrderState
K = EventKind
R = Rule

TERMINAL: Final = frozenset({S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED})
"""Closed: the order can no longer trade and its leaves are zero."""

ENDED_WITH_TEXT: Final = frozenset({S.CANCELED, S.EXPIRED})
"""Closed by an event that may say why."""

OVERLAYS: Final = frozenset({S.UNKNOWN, S.PENDING_CANCEL, S.PENDING_REPLACE})
"""States that lie over a base state."""

LOCAL: Final = frozenset({S.HELD, S.AWAITING_TRIGGER})
"""Nothing is at the venue: cancel and replace are done here, at once."""

INITIAL: Final = frozenset({S.PENDING_NEW, S.HELD, S.AWAITING_TRIGGER})
"""States in which an order may be accepted."""

Cell = OrderState | Rule
Row = dict[EventKind, Cell]

# --- Parts that several rows share -------------------------------------------------------

# Records about the order that do not change its state. In every row.
_RECORDS: Row = dict.fromkeys(
    (K.COMMAND_REFUSED, K.VENUE_REPORT_PARKED, K.STATUS_REQUESTED, K.ROUTING_DECIDED), R.STAY
)

_REQUESTS: Row = {
    K.CANCEL_REQUESTED: S.PENDING_CANCEL,
    K.REPLACE_REQUESTED: S.PENDING_REPLACE,
    K.IN_DOUBT: S.UNKNOWN,
}

# What the venue may report of an order it works. An order may be refused after it was
# acknowledged, and replaced or restated when the acknowledgement was lost.
_AT_VENUE: Row = {
    K.EXECUTED: R.BY_LEAVES,
    K.EXECUTION_BUSTED: R.BY_LEAVES,
    K.EXECUTION_CORRECTED: R.BY_LEAVES,
    K.CANCELED: S.CANCELED,
    K.EXPIRED: S.EXPIRED,
    K.REJECTED: S.REJECTED,
    K.DONE_FOR_DAY: S.DONE_FOR_DAY,
    K.SUSPENDED: S.SUSPENDED,
    K.STOPPED: S.STOPPED,
    K.CALCULATED: S.CALCULATED,
    K.REPLACED: R.WORKING,
    K.RESTATED: R.WORKING,
}

# Answers to requests. They end a pending request, if there is one. Only one can change the base:
# after the refusal of a replace, an order that is executed in full by its own terms is filled.
_ANSWERS: Row = {
    K.CANCEL_PENDING: R.RESUME,
    K.CANCEL_REFUSED: R.RESUME,
    K.REPLACE_PENDING: R.RESUME,
    K.REPLACE_REFUSED: R.BY_LEAVES,
    K.RESOLVED: R.RESUME,
}

# Under an overlay everything the venue reports about the order itself changes the base; fills
# and answers are handled in these rows.
_OVERLAID: Row = {
    **dict.fromkeys(_AT_VENUE, R.BENEATH),
    **_ANSWERS,
    **_RECORDS,
    K.ACKNOWLEDGED: R.BENEATH,
    K.EXECUTED: R.BY_LEAVES,
    K.EXECUTION_BUSTED: R.BY_LEAVES,
    K.EXECUTION_CORRECTED: R.BY_LEAVES,
}

# Late answers and corrections of closed orders: recorded, and no state changes.
_CLOSED: Row = {
    **dict.fromkeys(_ANSWERS, R.STAY),
    **_RECORDS,
    K.IN_DOUBT: R.STAY,
    K.EXECUTION_BUSTED: R.STAY,
    K.EXECUTION_CORRECTED: R.STAY,
}

# --- The table --------------------------------------------------------------------------

TABLE: Final[dict[OrderState, Row]] = {
    # Ours: stored here, nothing at the venue yet.
    S.HELD: {
        **_RECORDS,
        K.APPROVED: R.ONWARD,
        K.CANCELED: S.CANCELED,
        K.EXPIRED: S.EXPIRED,
        K.REJECTED: S.REJECTED,
        K.REPLACED: R.STAY,
    },
    S.AWAITING_TRIGGER: {
        **_RECORDS,
        K.TRIGGERED: S.PENDING_NEW,
        K.TRIGGER_MOVED: R.STAY,
        K.RELEASED: R.ONWARD,
        K.CANCELED: S.CANCELED,
        K.EXPIRED: S.EXPIRED,
        K.REJECTED: S.REJECTED,
        K.REPLACED: R.STAY,
    },
    # Sent or about to be sent. A fill before the acknowledgement is ordinary: some venues send
    # none for an order that trades at once.
    S.PENDING_NEW: {
        **_AT_VENUE,
        **_REQUESTS,
        **_ANSWERS,
        **_RECORDS,
        K.ACKNOWLEDGED: S.NEW,
    },
    # Working. A second acknowledgement was overtaken by a fill, or is a repetition.
    S.NEW: {
        **_AT_VENUE,
        **_REQUESTS,
        **_ANSWERS,
        **_RECORDS,
        K.ACKNOWLEDGED: R.STAY,
    },
    S.PARTIALLY_FILLED: {
        **_AT_VENUE,
        **_REQUESTS,
        **_ANSWERS,
        **_RECORDS,
        K.ACKNOWLEDGED: R.STAY,
    },
    # Alive, but not working. After an acknowledgement or restatement the venue works it again
    # (a good-till-cancelled order on its next day). A fill that was sent before the venue
    # stopped does not change the base, unless it completes the order.
    S.DONE_FOR_DAY: {
        **_AT_VENUE,
        **_REQUESTS,
        **_ANSWERS,
        **_RECORDS,
        K.ACKNOWLEDGED: R.WORKING,
    },
    S.SUSPENDED: {
        **_AT_VENUE,
        **_REQUESTS,
        **_ANSWERS,
        **_RECORDS,
        K.ACKNOWLEDGED: R.WORKING,
    },
    S.STOPPED: {
        **_AT_VENUE,
        **_REQUESTS,
        **_ANSWERS,
        **_RECORDS,
        K.ACKNOWLEDGED: R.WORKING,
    },
    S.CALCULATED: {
        **_AT_VENUE,
        **_REQUESTS,
        **_ANSWERS,
        **_RECORDS,
        K.ACKNOWLEDGED: R.WORKING,
    },
    # Overlays. A cancel may follow a replace without answer (the venue takes them in order);
    # nothing may follow a cancel; a replace may not follow a doubt. A new doubt may be added to
    # all three.
    S.PENDING_REPLACE: {
        **_OVERLAID,
        K.CANCEL_REQUESTED: S.PENDING_CANCEL,
        K.IN_DOUBT: S.UNKNOWN,
    },
    S.PENDING_CANCEL: {
        **_OVERLAID,
        K.IN_DOUBT: S.UNKNOWN,
    },
    # A cancel of an order in doubt is sent, because it can only help. The doubt stays on top.
    S.UNKNOWN: {
        **_OVERLAID,
        K.CANCEL_REQUESTED: R.STAY,
        K.IN_DOUBT: R.STAY,
    },
    # Closed, with the exceptions. A fill is not among them: after a closed state it does not
    # fit, still increases cum, and is an anomaly.
    S.FILLED: {
        **_CLOSED,
        # Busted or made smaller: the rest works again, unless the venue closes it too.
        K.EXECUTION_BUSTED: R.BY_LEAVES,
        K.EXECUTION_CORRECTED: R.BY_LEAVES,
        # A larger quantity was requested before the last fill, and the venue granted it
        # (FIX 4.4 order state change matrix C.1.c).
        K.REPLACED: R.WORKING,
        K.RESTATED: R.WORKING,
        # The venue's bookkeeping after the last fill: nothing can trade.
        K.DONE_FOR_DAY: R.STAY,
        K.CALCULATED: R.STAY,
    },
    S.CANCELED: {
        **_CLOSED,
        K.DONE_FOR_DAY: R.STAY,
        K.CALCULATED: R.STAY,
        # The venue works it: it cancelled only a leg that a replace superseded (`legs.py`), or a
        # person stated that it is cancelled (`second_thoughts`).
        K.ACKNOWLEDGED: R.REOPEN,
    },
    S.EXPIRED: {
        **_CLOSED,
        K.DONE_FOR_DAY: R.STAY,
        K.CALCULATED: R.STAY,
        K.ACKNOWLEDGED: R.REOPEN,
    },
    S.REJECTED: {
        **_CLOSED,
        # We gave it up as never sent, or the venue withdraws its refusal: it is alive, and a client
        # that did not see it could not cancel it.
        K.ACKNOWLEDGED: R.REOPEN,
    },
}


def first_state(*, waits: bool, held: bool) -> OrderState:
    """Return the state in which an order is accepted."""
    if not waits:
        return S.PENDING_NEW
    return S.HELD if held else S.AWAITING_TRIGGER


def cell(state: OrderState, base: OrderState, kind: EventKind) -> Cell | None:
    """Return the table's cell, looked up beneath overlays; None: the event does not fit."""
    found = TABLE[state].get(kind)
    return TABLE[base].get(kind) if found is R.BENEATH else found


def next_base(
    found: Rule | OrderState,
    base: OrderState,
    kind: EventKind,
    *,
    filled: bool,
    complete: bool,
    waits: bool = False,
    paused: bool = False,
) -> OrderState:
    """Return the base state a cell leads to.

    Args:
        found: The table's cell; not BENEATH.
        base: The base state before.
        kind: What happened.
        filled: Something is executed (cum > 0) after the event.
        complete: Nothing is left (cum ≥ quantity) after the event.
        waits: It waits here for something after the event.
        paused: A person paused it, after the event.
    """
    if isinstance(found, OrderState):
        return base if found in OVERLAYS else found
    if found is R.ONWARD:
        return S.AWAITING_TRIGGER if waits else S.PENDING_NEW
    working = S.FILLED if complete else S.PARTIALLY_FILLED if filled else S.NEW
    if paused and not complete:
        working = S.SUSPENDED
    if found is R.WORKING or found is R.REOPEN:
        return working
    if found is R.BY_LEAVES:
        if complete or base is S.FILLED or base is S.NEW or base is S.PARTIALLY_FILLED:
            return working
        # A fill shows that the venue works the order; a bust of that fill does not undo it.
        return working if base is S.PENDING_NEW and kind is K.EXECUTED else base
    return base


def visible(
    base: OrderState,
    *,
    executions_missing: bool,
    in_doubt: bool,
    cancel_pending: bool,
    replace_pending: bool,
) -> OrderState:
    """Return the state that is shown: see the head of this file."""
    if executions_missing:
        return S.UNKNOWN
    if base in TERMINAL:
        return base
    if in_doubt:
        return S.UNKNOWN
    if cancel_pending:
        return S.PENDING_CANCEL
    if replace_pending:
        return S.PENDING_REPLACE
    return base
