"""What kill switches need of the store, as records and a protocol; see ports.py."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol

from svc_oms.service.ports.rows.records import Record


class SwitchKind(IntEnum):
    """Numbers of ordermesh.oms.v1.KillSwitchKind."""

    SWITCH = 1
    MASS_CANCEL = 2


class SwitchState(IntEnum):
    """Numbers of ordermesh.oms.v1.KillSwitchState."""

    ENGAGING = 1
    ENGAGED = 2
    RELEASED = 3
    NOT_BLOCKING = 4


IN_FORCE = frozenset({SwitchState.ENGAGING, SwitchState.ENGAGED})

# Switches in force at a time: each is compared with every order and sent to every gateway.
SWITCHES_IN_FORCE_MAX = 1000
# A gateway whose link is gone may work on for a moment: its owner reads the blocks at least every
# 5 s or ends the link (block_view.py), and the gateway sends new orders only for 8 s after the time
# in the owner's last heartbeat. After both, and a second for the owner's sign of life, and another
# for clocks that differ, nothing can leave through it.
SESSION_QUIET_S = 15


class SwitchRow(NamedTuple):
    """A kill switch, drill or mass cancel. Times are microseconds since 1970; 0: not yet."""

    switch_id: str
    idempotency_key: str
    body_hash: bytes
    kind: int
    drill: bool
    scope: tuple[str, ...]
    """Fields of `domain.kill_switches.Scope`, in order."""
    reason: str
    state: int
    version: int
    """Of the controls, when the blocks were last moved by it."""
    engaged_by: str
    engaged_at_us: int
    acknowledged_at_us: int = 0
    release_proposed_by: str = ""
    release_proposed_at_us: int = 0
    release_reason: str = ""
    released_by: str = ""
    released_at_us: int = 0
    sessions: bytes = b""
    """KillSwitch with only its sessions, serialised, as they stood when acknowledged."""
    listed: bool = False
    counts: tuple[int, ...] = ()
    """Orders by `PullOutcome`, from 1; empty before any were counted."""
    commands_held: int = 0
    settled_at_us: int = 0
    revision: int = 1
    engaged_by_name: str = ""
    """What they were called then, here and below; empty in rows older than the column."""
    release_proposed_by_name: str = ""
    released_by_name: str = ""

    @property
    def blocks(self) -> bool:
        """Blocks new orders now."""
        return self.kind == SwitchKind.SWITCH and not self.drill and self.state in IN_FORCE

    @property
    def reported(self) -> bool:
        """Gateways get it now: drills, too, until they have confirmed."""
        return self.kind == SwitchKind.SWITCH and self.state in IN_FORCE


class SessionStanding(NamedTuple):
    """A session, and the blocks its gateway has confirmed."""

    session_id: str
    venue_mic: str
    up: bool
    linked: bool
    """There is a link, or there was one a moment ago."""
    confirmed_version: int
    """Confirmed over the present link; 0 if nothing was."""
    confirmed_at_us: int


class PullRow(NamedTuple):
    """An order in the scope of a switch."""

    switch_id: str
    order_id: str
    account_id: str
    instrument_id: str
    outcome: int
    state: int = 0
    rejection: bytes = b""
    """type.v1.Rejection, serialised."""
    attempts: int = 0
    asked_at_us: int = 0
    updated_at_us: int = 0


class OpenOrder(NamedTuple):
    """An open order as it is listed."""

    order_id: str
    account_id: str
    instrument_id: str
    venue_mic: str
    firm_id: str
    desk_id: str
    body: bytes


class PullState(NamedTuple):
    """An order to be pulled, and its present state."""

    row: PullRow
    body: bytes
    fold: bytes


class KillStore(Protocol):
    """Kill switches of record. Every change moves the switch's revision.

    What a person changes is recorded in the same transaction, by `record`.
    """

    async def engage(
        self, row: SwitchRow, in_force_max: int, record: Record | None = None
    ) -> tuple[SwitchRow, bool] | None:
        """Store a switch under the controls' lock; the version becomes theirs.

        Every batch committed later sees it. Returns the row and whether it is new; the row
        of the same key of the same person when there is one; None when too many are in force.
        """
        ...

    async def has_key(self, by: str, key: str) -> bool:
        """Return whether this person used this key for a switch or mass cancel."""
        ...

    async def propose_release(
        self,
        switch_id: str,
        by: str,
        reason: str,
        now_us: int,
        name: str = "",
        record: Record | None = None,
    ) -> SwitchRow | None:
        """Note a proposal if the switch blocks and nobody has made one; return the row."""
        ...

    async def release(
        self, switch_id: str, by: str, now_us: int, name: str = "", record: Record | None = None
    ) -> SwitchRow | None:
        """Release a switch that blocks and another person proposed to; return the row."""
        ...

    async def current(self, changed_within_s: int) -> list[SwitchRow]:
        """Read what is in force, unsettled or changed lately, oldest first; one snapshot."""
        ...

    async def switch(self, switch_id: str) -> SwitchRow | None:
        """Read one switch."""
        ...

    async def switches(
        self,
        before_id: str,
        limit: int,
        *,
        in_force_only: bool,
        account_ids: Sequence[str] | None,
        trader: str = "",
    ) -> list[SwitchRow]:
        """Read a page, newest first; of these accounts' scopes only, unless None."""
        ...

    async def in_force_at(self, at_us: int, limit: int) -> list[SwitchRow]:
        """Read the switches, without drills, that were in force at a time, oldest first."""
        ...

    async def confirm(self, session_id: str, token: int, version: int, now_us: int) -> None:
        """Keep which blocks a gateway has; nothing when the token is not the session's."""
        ...

    async def standings(self) -> list[SessionStanding]:
        """Read every session and what its gateway has confirmed."""
        ...

    async def acknowledge(
        self, switch_id: str, state: int, sessions: bytes, now_us: int
    ) -> SwitchRow | None:
        """Move a switch that is ENGAGING on; None if it no longer is."""
        ...

    async def lease(self, switch_id: str, replica: str, seconds: float) -> bool:
        """Take or keep the work on a switch's orders; False while another has it."""
        ...

    async def open_orders(
        self, switch_id: str, scope: tuple[str, ...], after: str, limit: int
    ) -> list[OpenOrder]:
        """Read open orders a scope may cover that the switch does not list, by order id.

        Trader and algorithm are not compared: they are in the body only.
        """
        ...

    async def pulls(
        self,
        switch_id: str,
        after: str,
        limit: int,
        outcomes: Sequence[int],
        account_ids: Sequence[str] | None = None,
    ) -> list[PullRow]:
        """Read orders of a switch after an order id; of these outcomes unless empty.

        Of all accounts unless some are given.
        """
        ...

    async def unsettled(self, switch_id: str, after: str, limit: int) -> list[PullState]:
        """Read orders without a final outcome, or open again, by order id."""
        ...

    async def keep_pulls(self, switch_id: str, rows: Sequence[PullRow]) -> None:
        """Write rows, new and changed."""
        ...

    async def count(
        self, switch_id: str, *, listed: bool, commands_held: int, settled: bool, now_us: int
    ) -> bool:
        """Count the orders by outcome, and note whether all are settled; True if it changed."""
        ...
