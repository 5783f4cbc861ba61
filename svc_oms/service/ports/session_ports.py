"""What the desk of the sessions needs of the outside."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from svc_oms.service.ports.records import SessionRow


class ActionRow(NamedTuple):
    """An action as the database has it; its state is the column's."""

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
    """Numbers a session has from now on."""

    epoch: int
    next_sender: int
    next_target: int


class SessionActionStore(Protocol):
    """Sessions' standbys and actions of record."""

    async def add(self, row: ActionRow, *, kept_out: bool | None = None) -> None:
        """Write an action, and what it makes of the session's wish to be out.

        Raises:
            ActionUnderWayError: it would be the second one to be carried out.
        """

    async def move(self, row: ActionRow, before: int) -> bool:
        """Write an action if it still is in that state and has not expired."""

    async def settle(self, row: ActionRow, token: int, numbers: NewNumbers | None) -> bool:
        """Write the outcome of a SENT or UNKNOWN action and its numbers, under a fencing token."""

    async def action(self, action_id: str) -> ActionRow | None:
        """Read one action."""

    async def actions(self, session_id: str, before: str, limit: int) -> list[ActionRow]:
        """Read actions, newest first; of all sessions if none is named."""

    async def due(self, session_ids: Sequence[str]) -> list[ActionRow]:
        """Read what is APPROVED or SENT, and has not lapsed."""

    async def lapses_in_s(self) -> float | None:
        """Tell in how many seconds the next action lapses; None if none can."""

    async def hand_over(self, session_id: str, gateway: str, seconds: int) -> None:
        """Keep the session from this gateway for a while."""

    async def saw_standbys(self, waiting: Sequence[tuple[str, str]], replica: str) -> None:
        """Say that these gateways wait for these sessions."""

    async def standbys(self) -> dict[str, list[str]]:
        """Read who was seen waiting lately."""

    async def sessions(self) -> list[SessionRow]:
        """Read every session."""
