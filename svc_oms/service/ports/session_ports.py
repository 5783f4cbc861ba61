"""The ports of the session administration."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from svc_oms.service.ports.rows.records import Record, SessionRow


class ActionRow(NamedTuple):
    """An action as it is stored; its state is the column's."""

    action_id: str
    session_id: str
    kind: int
    state: int
    expires_at_us: int
    """When it lapses: not decided, not begun, or not answered by then."""
    body: bytes


class ActionUnderWayError(Exception):
    """Another action of the session waits for its owner or its outcome."""


class NewNumbers(NamedTuple):
    """The numbers of a session from now on."""

    epoch: int
    next_sender: int
    next_target: int


class SessionActionStore(Protocol):
    """The store of sessions' standbys and actions.

    A change is recorded in the same transaction, by `record`.
    """

    async def add(
        self, row: ActionRow, *, kept_out: bool | None = None, record: Record | None = None
    ) -> None:
        """Store an action, and whether it keeps the session out.

        Raises:
            ActionUnderWayError: Another action of the session is being carried out.
        """

    async def move(self, row: ActionRow, before: int, record: Record | None = None) -> bool:
        """Store an action's new state if it still is in the earlier one and has not expired."""

    async def settle(
        self,
        row: ActionRow,
        token: int,
        numbers: NewNumbers | None,
        record: Record | None = None,
    ) -> bool:
        """Store the outcome of a SENT or UNKNOWN action and its numbers, under a fencing token."""

    async def action(self, action_id: str) -> ActionRow | None:
        """Read one action."""

    async def actions(self, session_id: str, before: str, limit: int) -> list[ActionRow]:
        """Read actions, newest first; of all sessions if none is named."""

    async def due(self, session_ids: Sequence[str]) -> list[ActionRow]:
        """Read actions that are APPROVED or SENT, and have not lapsed."""

    async def lapses_in_s(self) -> float | None:
        """Return in how many seconds the next action lapses; None if none can."""

    async def hand_over(self, session_id: str, gateway: str, seconds: int) -> None:
        """Keep the session from this gateway for a while."""

    async def saw_standbys(self, waiting: Sequence[tuple[str, str]], replica: str) -> None:
        """Store that these gateways wait for these sessions."""

    async def standbys(self) -> dict[str, list[str]]:
        """Read which gateways waited lately."""

    async def sessions(self) -> list[SessionRow]:
        """Read every session."""
