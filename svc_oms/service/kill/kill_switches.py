"""Kill switches at work: engaged, acknowledged, pulled, released. See docs/KILL_SWITCH.md.

A switch is in force with the commit that stores it. Then any replica does two things: it
watches the sessions in scope until each has confirmed or is without a link, and it pulls the
orders in scope (pulls.py).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S, US_PER_S, to_us
from kernel.ulid import new_ulid, valid_ulid
from mesh.errors import MeshError, refuse
from mesh.log import get_logger
from mesh.names import called
from mesh.tasks import is_set_within
from svc_oms.domain.kill_switches import Scope, reaches_session
from svc_oms.service.audit.audit_log import AuditLog
from svc_oms.service.codec.kill_messages import sessions_message
from svc_oms.service.directory.user_names import Person
from svc_oms.service.errors import key_reused, needs_another
from svc_oms.service.kill.block_view import BlockView
from svc_oms.service.kill.pulls import Puller
from svc_oms.service.ports import AuditWrite, Record, StoreUnavailableError, WakeUps
from svc_oms.service.ports.kill_ports import (
    SWITCHES_IN_FORCE_MAX,
    KillStore,
    SwitchKind,
    SwitchRow,
    SwitchState,
)
from svc_oms.service.reference.venue_sessions import VenueSessions

log = get_logger("svc_oms.kill")

# Seconds between looks while a switch is in progress, and otherwise.
BUSY_LOOK_S = 0.1
IDLE_LOOK_S = 1.0
# Seconds between looks while sessions have still to confirm.
CONFIRM_LOOK_S = 0.02
# The pull waits so long for the confirmations: cancels of a thousand orders would delay them.
CONFIRM_FIRST_S = 0.25


@dataclass(frozen=True, slots=True)
class EngageOrder:
    """What to engage, and by whom."""

    kind: int
    idempotency_key: str
    body_hash: bytes
    scope: Scope
    reason: str
    by: Person
    audit: AuditWrite
    """The beginning of the entry about it in the audit log."""
    drill: bool = False


@dataclass(frozen=True, slots=True)
class KillSwitchParts:
    """What KillSwitches uses."""

    kills: KillStore
    clock: Clock
    blocks: BlockView
    venues: VenueSessions
    waker: WakeUps
    puller: Puller
    audit_log: AuditLog
    confirm_s_max: float


class KillSwitches:
    """Kill switches; see the head of this file."""

    def __init__(self, parts: KillSwitchParts) -> None:
        self._parts = parts
        self._rung = asyncio.Event()

    @property
    def blocks(self) -> BlockView:
        """The switches known to this replica."""
        return self._parts.blocks

    @property
    def kills(self) -> KillStore:
        """The store of the switches."""
        return self._parts.kills

    async def engage(self, order: EngageOrder) -> tuple[SwitchRow, bool]:
        """Engage a switch, or begin a mass cancel; return it, and whether it existed before.

        Raises:
            MeshError: IDEMPOTENCY_KEY_REUSED, OVERLOADED.
            StoreUnavailableError: The outcome is open; repeat the call with the same key.
        """
        now_ns = self._parts.clock.now_ns()
        row = SwitchRow(
            switch_id=new_ulid(now_ns),
            idempotency_key=order.idempotency_key,
            body_hash=order.body_hash,
            kind=order.kind,
            drill=order.drill,
            scope=tuple(order.scope),
            reason=order.reason,
            state=SwitchState.NOT_BLOCKING
            if order.kind == SwitchKind.MASS_CANCEL
            else SwitchState.ENGAGING,
            version=0,
            engaged_by=order.by.subject,
            engaged_at_us=to_us(now_ns),
            engaged_by_name=order.by.username,
        )
        what = "mass cancel" if order.kind == SwitchKind.MASS_CANCEL else "kill switch"
        text = f"{what} {row.switch_id} ({order.scope.words()}) engaged; reason: {order.reason}"
        record = self._recorder(order.audit, now_ns, f"drill of {text}" if order.drill else text)
        stored = await self._parts.kills.engage(row, SWITCHES_IN_FORCE_MAX, record)
        if stored is None:
            raise _too_many()
        row, new = stored
        if row.body_hash != order.body_hash or row.kind != order.kind:
            raise key_reused(order.idempotency_key)
        if new:
            log.warning(
                "kill switch engaged" if order.kind != SwitchKind.MASS_CANCEL else "mass cancel",
                switch=row.switch_id,
                scope=order.scope.words(),
                by=order.by.subject,
                drill=order.drill,
            )
            await self._wake()
        return await self._until(row, _answerable), not new

    def _recorder(self, begun: AuditWrite, now_ns: int, text: str) -> Record:
        return self._parts.audit_log.recorder(begun._replace(at_ns=now_ns, text=text))

    async def _wake(self) -> None:
        """Inform the links of this replica and the other replicas that switches changed."""
        await self._parts.blocks.refresh()
        self._rung.set()
        names = [session.session_id for session in self._parts.venues.all()]
        self._parts.waker.wake_sessions(names or ["none"])

    async def _until(self, row: SwitchRow, done: Callable[[SwitchRow], bool]) -> SwitchRow:
        """Wait, within a bound, until a switch satisfies a condition; return it as it is then."""
        blocks, moved = self._parts.blocks, asyncio.Event()
        blocks.join(moved)
        try:
            async with asyncio.timeout(self._parts.confirm_s_max):
                while not done(row):
                    moved.clear()
                    row = blocks.find(row.switch_id) or row
                    if not done(row):
                        await moved.wait()
        except TimeoutError:
            pass
        finally:
            blocks.leave(moved)
        return row

    async def propose_release(
        self, switch_id: str, by: Person, reason: str, audit: AuditWrite
    ) -> SwitchRow:
        """Propose to release a switch.

        Raises:
            MeshError: OBJECT_NOT_FOUND, OBJECT_STATE.
        """
        now_ns = self._parts.clock.now_ns()
        text = f"release of kill switch {switch_id} proposed; reason: {reason}"
        record = self._recorder(audit, now_ns, text)
        row = await self._existing(
            await self._parts.kills.propose_release(
                switch_id, by.subject, reason, to_us(now_ns), by.username, record
            )
            if valid_ulid(switch_id)
            else None,
            switch_id,
        )
        _require_blocking(row)
        if row.release_proposed_by != by.subject:
            proposer = called(row.release_proposed_by, row.release_proposed_by_name)
            raise _state(row, f"{proposer} proposed its release already: approve it")
        await self._wake()
        return row

    async def approve_release(self, switch_id: str, by: Person, audit: AuditWrite) -> SwitchRow:
        """Release a switch whose release another person proposed.

        Raises:
            MeshError: OBJECT_NOT_FOUND, OBJECT_STATE, SECOND_PERSON_REQUIRED.
        """
        found = await self._parts.kills.switch(switch_id) if valid_ulid(switch_id) else None
        row = await self._existing(found, switch_id)
        if row.released_by == by.subject:
            return row
        _require_blocking(row)
        if not row.release_proposed_by:
            raise _state(row, "nobody has proposed its release")
        if row.release_proposed_by == by.subject:
            raise needs_another(
                (by.subject, by.username),
                f"proposed the release of kill switch {switch_id}",
                "approve",
                "switch_id",
                switch_id=switch_id,
            )
        now_ns = self._parts.clock.now_ns()
        first = called(row.release_proposed_by, row.release_proposed_by_name)
        text = f"kill switch {switch_id} released; proposed by {first}: {row.release_reason}"
        record = self._recorder(audit, now_ns, text)
        row = await self._existing(
            await self._parts.kills.release(
                switch_id, by.subject, to_us(now_ns), by.username, record
            ),
            switch_id,
        )
        if row.released_by != by.subject:
            faster = called(row.released_by, row.released_by_name)
            raise _state(row, f"{faster or 'somebody'} changed it first")
        log.warning("kill switch released", switch=switch_id, by=by.subject)
        await self._wake()
        return row

    async def _existing(self, row: SwitchRow | None, switch_id: str) -> SwitchRow:
        if row is None:
            raise not_found(switch_id)
        return row

    # The background work.

    async def run(self) -> None:
        """Work forever."""
        blocks = self._parts.blocks
        blocks.join(self._rung)
        while True:
            busy = False
            self._rung.clear()
            for row in blocks.rows:
                busy |= await self._work(row)
            wait_s = IDLE_LOOK_S
            if busy:
                wait_s = BUSY_LOOK_S
            if any(row.state == SwitchState.ENGAGING for row in blocks.rows):
                wait_s = self._confirm_look_s()
            await is_set_within(self._rung, wait_s)

    def _confirm_look_s(self) -> float:
        """Look often while somebody waits for the answer, then seldom."""
        age_s = min(
            self._age_s(row) for row in self.blocks.rows if row.state == SwitchState.ENGAGING
        )
        return CONFIRM_LOOK_S if age_s < self._parts.confirm_s_max else BUSY_LOOK_S

    def _age_s(self, row: SwitchRow) -> float:
        return self._parts.clock.now_ns() / NS_PER_S - row.engaged_at_us / US_PER_S

    async def _work(self, row: SwitchRow) -> bool:
        """Do what is due for a switch; True if more will be due soon."""
        try:
            if row.state == SwitchState.ENGAGING:
                await self._acknowledge(row)
                if self._age_s(row) < CONFIRM_FIRST_S:
                    return True
            busy = await self._parts.puller.work(row)
            if busy or not row.settled_at_us:
                await self._parts.blocks.refresh()
        except StoreUnavailableError as error:
            log.warning("kill switch waits for the database", error=str(error))
            return False
        except Exception:
            # Other switches go on.
            log.exception("kill switch not worked", switch=row.switch_id)
            return False
        return busy

    async def _acknowledge(self, row: SwitchRow) -> None:
        """Make the switch ENGAGED if nothing in its scope can leave any more."""
        scope = Scope(*row.scope)
        standings = [
            one
            for one in await self._parts.kills.standings()
            if reaches_session(scope, one.session_id, one.venue_mic)
        ]
        message, safe = sessions_message(standings, row.version)
        state = (
            SwitchState.ENGAGING
            if not safe
            else SwitchState.NOT_BLOCKING
            if row.drill
            else SwitchState.ENGAGED
        )
        sessions = message.SerializeToString(deterministic=True)
        if state != row.state or sessions != row.sessions:
            now_us = to_us(self._parts.clock.now_ns())
            await self._parts.kills.acknowledge(row.switch_id, state, sessions, now_us)
            await self._parts.blocks.refresh()


def _answerable(row: SwitchRow) -> bool:
    """Return whether a caller who waits can be answered for good."""
    if row.kind == SwitchKind.MASS_CANCEL:
        return row.listed
    # There is no list of algorithms: only the orders found show whether the name was right.
    wants_list = row.drill or bool(Scope(*row.scope).algorithm_id)
    return row.state != SwitchState.ENGAGING and (row.listed or not wants_list)


def not_found(switch_id: str) -> MeshError:
    """Refuse a switch that does not exist, or that the caller may not see."""
    return refuse(
        "OBJECT_NOT_FOUND",
        f"switch_id is {switch_id!r}: there is no such kill switch you may see",
        "switch_id",
        switch_id=switch_id,
    )


def _require_blocking(row: SwitchRow) -> None:
    if not row.blocks:
        what = "was released" if row.released_by else "is a drill or mass cancel"
        raise _state(row, f"it {what} and blocks nothing")


def _state(row: SwitchRow, why: str) -> MeshError:
    return refuse(
        "OBJECT_STATE",
        f"kill switch {row.switch_id}: {why}",
        "switch_id",
        switch_id=row.switch_id,
        state=str(row.state),
    )


def _too_many() -> MeshError:
    return refuse(
        "OVERLOADED",
        f"{SWITCHES_IN_FORCE_MAX} kill switches are in force, which is the most there may be; "
        "engage one with a wider scope",
        limit=SWITCHES_IN_FORCE_MAX,
    )
