"""Kill switches: which orders a scope covers, and what became of an order to be pulled."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Order, Rejection


class Scope(NamedTuple):
    """What a switch applies to: all fields that are not empty must match."""

    firm_id: str = ""
    desk_id: str = ""
    account_id: str = ""
    trader: str = ""
    algorithm_id: str = ""
    session_id: str = ""
    venue_mic: str = ""
    instrument_id: str = ""

    def words(self) -> str:
        """Describe the scope: `firm DEMO, venue SIMA`."""
        named = zip(_WORDS, self, strict=True)
        return ", ".join(f"{word} {value}" for word, value in named if value)


_WORDS: Final = (
    "firm", "desk", "account", "trader", "algorithm", "session", "venue", "instrument",
)  # fmt: skip


class Subject(NamedTuple):
    """The values that a scope is compared with."""

    firm_id: str
    desk_id: str
    account_id: str
    traders: tuple[str, ...]
    """The person who placed the order, and the person who requests its change."""
    algorithm_id: str
    session_id: str
    venue_mic: str
    instrument_id: str


def covers(scope: Scope, subject: Subject) -> bool:
    """Return whether a scope covers a subject. An empty scope is a mistake and covers nothing."""
    return (
        scope.firm_id in {"", subject.firm_id}
        and scope.desk_id in {"", subject.desk_id}
        and scope.account_id in {"", subject.account_id}
        and (not scope.trader or scope.trader in subject.traders)
        and scope.algorithm_id in {"", subject.algorithm_id}
        and scope.session_id in {"", subject.session_id}
        and scope.venue_mic in {"", subject.venue_mic}
        and scope.instrument_id in {"", subject.instrument_id}
        and any(scope)
    )


def blocks_some(scope: Scope, owners: Iterable[tuple[str, str, str]], trader: str) -> bool:
    """Return whether a scope can cover orders of a trader for one of these owners.

    Args:
        scope: Of the switch.
        owners: Firms, desks and accounts.
        trader: Who enters the orders.
    """
    return scope.trader in {"", trader} and reaches(scope, owners)


def reaches(scope: Scope, owners: Iterable[tuple[str, str, str]]) -> bool:
    """Return whether a scope can cover orders of one of these firms, desks and accounts."""
    return any(
        scope.firm_id in {"", firm_id}
        and scope.desk_id in {"", desk_id}
        and scope.account_id in {"", account_id}
        for firm_id, desk_id, account_id in owners
    )


def reaches_session(scope: Scope, session_id: str, venue_mic: str) -> bool:
    """Return whether orders in scope can leave through a session."""
    return (
        scope.session_id in {"", session_id}
        and scope.venue_mic in {"", venue_mic}
        and (not scope.instrument_id or scope.instrument_id.rpartition(".")[2] == venue_mic)
    )


class PullOutcome(IntEnum):
    """What became of an order in scope; numbers of ordermesh.oms.v1.KillOutcome."""

    PENDING = 1
    PULLED = 2
    FILLED_MEANWHILE = 3
    CLOSED_MEANWHILE = 4
    CANNOT = 5
    WOULD_PULL = 6


FINAL: Final = frozenset(
    {
        PullOutcome.PULLED,
        PullOutcome.FILLED_MEANWHILE,
        PullOutcome.CLOSED_MEANWHILE,
        PullOutcome.WOULD_PULL,
    }
)
"""Final outcomes, unless the venue makes the order live again."""


class Finding(NamedTuple):
    """What became of an order so far."""

    outcome: PullOutcome
    why: Rejection | None = None
    ask: bool = False
    """A cancel can be requested, and none is pending."""


def find(order: Order, attempts: int, *, session_up: bool, overdue: bool) -> Finding:
    """Return what became of an order to be pulled.

    Args:
        order: The order now.
        attempts: How often a cancel was requested.
        session_up: The venue can be reached.
        overdue: The answer to the cancel is overdue.
    """
    if order.is_closed:
        return Finding(_closed(order))
    if order.pending_cancel_id:
        return Finding(*_waiting(order, session_up=session_up, overdue=overdue))
    if attempts == 0:
        return Finding(PullOutcome.PENDING, ask=True)
    why = order.rejection or Rejection(
        "VENUE_REJECTED", "the venue answered the cancel, but the order is still open"
    )
    return Finding(PullOutcome.CANNOT, why, ask=True)


def _closed(order: Order) -> PullOutcome:
    if order.state is OrderState.CANCELED:
        return PullOutcome.PULLED
    if order.state is OrderState.FILLED:
        return PullOutcome.FILLED_MEANWHILE
    rejection = order.rejection
    if order.state is OrderState.REJECTED and rejection and rejection.reason == "NOT_SENT":
        return PullOutcome.PULLED
    return PullOutcome.CLOSED_MEANWHILE


def _waiting(
    order: Order, *, session_up: bool, overdue: bool
) -> tuple[PullOutcome, Rejection | None]:
    cancel, venue = order.pending_cancel_id, order.venue_mic
    if not session_up:
        return PullOutcome.CANNOT, Rejection(
            "VENUE_UNAVAILABLE",
            f"the order session of {venue} is down; cancel {cancel} waits for it",
        )
    if order.state is OrderState.UNKNOWN:
        return PullOutcome.CANNOT, Rejection(
            "OUTCOME_UNKNOWN",
            f"it is not known whether {venue} has the order; cancel {cancel} was sent or will be, "
            "and the venue is asked for the order's status",
        )
    if overdue:
        return PullOutcome.CANNOT, Rejection(
            "OUTCOME_UNKNOWN", f"{venue} has not answered cancel {cancel} in time"
        )
    return PullOutcome.PENDING, None


def first_covering(scopes: Iterable[tuple[str, Scope]], subject: Subject) -> str:
    """Return the id of the first scope that covers a subject; empty if none does."""
    return next((key for key, scope in scopes if covers(scope, subject)), "")
