"""Commands on their way through the desk, and what becomes of them."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from mesh.call import Call
from mesh.errors import MeshError
from svc_oms.domain.commands import (
    ApproveOrder,
    CancelOrder,
    DeclineOrder,
    ExpireOrder,
    MoveTrigger,
    PlaceOrder,
    ReplaceOrder,
    ResolveOrder,
    TriggerOrder,
)


class CommandKind(IntEnum):
    """What an idempotency key was used for; stored with it."""

    PLACE = 1
    REPLACE = 2
    CANCEL = 3
    CANCEL_ALL = 4
    APPROVE = 10
    DECLINE = 11
    TRIGGER = 12
    """Of the OMS itself, as MOVE_TRIGGER and EXPIRE: never under a key."""
    PLACE_BATCH = 13
    MOVE_TRIGGER = 14
    EXPIRE = 15
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
    """A cancel of what the user of a lost flow has open in an account."""

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


class PlaceBatch(NamedTuple):
    """New orders of one account."""

    idempotency_key: str
    account_id: str
    orders: "tuple[Submission, ...]"
    """Each a submission of a PlaceOrder, with its own key and hash; their replies are not used."""
    parent_keys: tuple[str, ...]
    """Per order, the key of its parent earlier in the batch; empty if it names none."""
    atomic: bool
    actor: str


class GoFlat(NamedTuple):
    """One step to a flat account: its cancels, or its closing orders behind them."""

    idempotency_key: str
    account_id: str
    instrument_id: str
    """Only the position of this listing; empty for all."""
    actor: str
    closing: bool
    """Place the closing orders; else ask for the cancels."""
    client_key: str
    """The client's key of both steps."""


OrderCommand = ReplaceOrder | CancelOrder | ApproveOrder | DeclineOrder | ResolveOrder
"""Commands that name an order, and find their account by it."""

Command = (
    PlaceOrder
    | OrderCommand
    | CancelAll
    | PlaceBatch
    | TriggerOrder
    | MoveTrigger
    | ExpireOrder
    | Pull
    | GoFlat
    | DisconnectCancel
)


class Taken(NamedTuple):
    """A command that was taken, or had been taken before under this key."""

    order_id: str
    state: int
    sequence: int
    duplicate: bool
    body: bytes
    """The order, serialised; for CancelAll the CancelAllResponse."""


Outcome = Taken | MeshError

NOTHING_DONE = Taken("", 0, 0, False, b"")
"""Of a command of the OMS itself that found, or left, nothing to tell anybody."""


class _EveryAccount(Container[str]):
    def __contains__(self, account_id: object) -> bool:
        """Say yes to any account there is; the empty text is none."""
        return bool(account_id)


EVERY_ACCOUNT: Container[str] = _EveryAccount()
"""For those whose role reaches every account, and for the OMS itself."""


@dataclass(slots=True)
class Submission:
    """A command, who may what, and whom to tell.

    Attributes:
        kind: What the command is.
        command: The command itself.
        accounts: The accounts its caller may trade for.
        body_hash: SHA-256 of the request in canonical form.
        reply: Called once, behind the commit.
        account_id: The account it is of; found by the order where the request names none.
        call: The call it came with; None for commands of the book itself.
    """

    kind: CommandKind
    command: Command
    accounts: Container[str]
    body_hash: bytes
    reply: Callable[[Outcome], None]
    account_id: str = ""
    call: Call | None = None
