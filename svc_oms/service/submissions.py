"""Commands for the command worker, and their outcomes."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from google.protobuf.message import Message

from mesh.errors import MeshError
from mesh.rpc.call import Call
from svc_oms.domain.commands import (
    ApproveOrder,
    CancelOrder,
    CheckReduceOnly,
    DeclineOrder,
    DoubtOrder,
    ExpireOrder,
    MoveTrigger,
    PauseOrder,
    PlaceOrder,
    ReplaceOrder,
    ResolveOrder,
    TriggerOrder,
)
from svc_oms.domain.routing.decision import Decision


class CommandKind(IntEnum):
    """What an idempotency key was used for; stored with it."""

    PLACE = 1
    REPLACE = 2
    CANCEL = 3
    CANCEL_ALL = 4
    PAUSE = 5
    RESUME = 6
    APPROVE = 10
    DECLINE = 11
    TRIGGER = 12
    """From the OMS itself, like MOVE_TRIGGER and EXPIRE: never under a key."""
    PLACE_BATCH = 13
    MOVE_TRIGGER = 14
    EXPIRE = 15
    DOUBT = 17
    """From the OMS itself, too."""
    CHECK_REDUCE_ONLY = 16
    """From the OMS itself, never under a key."""
    ROUTE = 18
    """From the OMS itself, never under a key."""
    PULL = 20
    GO_FLAT = 21
    RESOLVE = 30
    DISCONNECT_CANCEL = 41


class CancelAll(NamedTuple):
    """A cancel of every open order in scope."""

    idempotency_key: str
    account_id: str
    instrument_id: str
    """Only this listing; empty for all."""
    side: int
    """Only this Side; 0 for both."""
    actor: str


class DisconnectCancel(NamedTuple):
    """A cancel of the open orders of a lost flow's user in an account."""

    idempotency_key: str
    account_id: str
    subject: str
    session_name: str
    grace_s: int
    actor: str


class Pull(NamedTuple):
    """Cancels of orders by a kill switch or mass cancel; internal."""

    idempotency_key: str
    account_id: str
    order_ids: tuple[str, ...]
    actor: str
    with_parents: bool = False
    """Cancel the routed orders of children, too: nothing else keeps them from being placed again.
    After a kill switch, the switch does."""


class RouteOrder(NamedTuple):
    """From the OMS itself: a routed order is to be decided about."""

    account_id: str
    order_id: str
    cause: int
    """A number of domain.routing.decision.Cause."""
    decided: list[Decision]
    """What was decided, put in by what carries the command out; valid once it is committed."""
    idempotency_key: str = ""
    actor: str = "oms"


class PlaceBatch(NamedTuple):
    """New orders of one account."""

    idempotency_key: str
    account_id: str
    orders: "tuple[Submission, ...]"
    """Each a submission of a PlaceOrder, with its own key and hash; their replies are not used."""
    parent_keys: tuple[str, ...]
    """For each order, the key of its parent earlier in the batch; empty if it names none."""
    atomic: bool
    actor: str


class GoFlat(NamedTuple):
    """One of the two steps of GoFlat: the cancels, then the closing orders."""

    idempotency_key: str
    account_id: str
    instrument_id: str
    """Only the position of this listing; empty for all."""
    actor: str
    closing: bool
    """Place the closing orders; else request the cancels."""
    client_key: str
    """The client's key of both steps."""


OrderCommand = ReplaceOrder | CancelOrder | PauseOrder | ApproveOrder | DeclineOrder | ResolveOrder
"""Commands that name an order; its account is found by the order."""

Command = (
    PlaceOrder
    | OrderCommand
    | CancelAll
    | PlaceBatch
    | TriggerOrder
    | MoveTrigger
    | ExpireOrder
    | DoubtOrder
    | CheckReduceOnly
    | RouteOrder
    | Pull
    | GoFlat
    | DisconnectCancel
)


class Taken(NamedTuple):
    """A command that was taken, now or earlier under the same key."""

    order_id: str
    state: int
    sequence: int
    duplicate: bool
    body: bytes
    """The order, serialised; for CancelAll the CancelAllResponse."""


Outcome = Taken | MeshError

NOTHING_DONE = Taken("", 0, 0, False, b"")
"""The result of an internal command that changed nothing a caller would see."""


class _EveryAccount(Container[str]):
    def __contains__(self, account_id: object) -> bool:
        """Return whether the account id is not empty."""
        return bool(account_id)


EVERY_ACCOUNT: Container[str] = _EveryAccount()
"""For those whose role reaches every account, and for the OMS itself."""


@dataclass(slots=True)
class Submission:
    """A command, the rights of its caller, and where its outcome goes.

    Attributes:
        kind: The kind of the command.
        command: The command itself.
        accounts: The accounts its caller may trade for.
        body_hash: SHA-256 of the request in canonical form.
        reply: Called once, after the commit.
        account_id: Its account; found by the order where the request names none.
        call: The call it came with; None for commands of the OMS itself.
        request: The request as it came, for the audit log; None for commands of the OMS itself.
    """

    kind: CommandKind
    command: Command
    accounts: Container[str]
    body_hash: bytes
    reply: Callable[[Outcome], None]
    account_id: str = ""
    call: Call | None = None
    request: Message | None = None
