"""Kill switches at work: engaged, acknowledged, pulled, released. See docs/KILL_SWITCH.md.

A switch is in force with the commit that stores it. Two things follow from there, and
any replica does them: the sessions in scope are watched until each has confirmed or is
without a link, and the orders in scope are pulled (pulls.py).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S, NS_PER_US, US_PER_S
from kernel.ulid import new_ulid, valid_ulid
from mesh.errors import MeshError, refuse
from mesh.log import get_logger
from mesh.names import called
from svc_oms.domain.kill_switches import Scope, reaches_session
from svc_oms.service.codec.kill_messages import sessions_message
from svc_oms.service.directory.user_names import Person
from svc_oms.service.errors import key_reused
from svc_oms.service.kill.block_view import BlockView
from svc_oms.service.kill.kill_ports import (
    SWITCHES_IN_FORCE_MAX,
    KillStore,
    SwitchKind,
    SwitchRow,
    SwitchState,
)
from svc_oms.service.kill.pulls import Puller
from svc_oms.service.ports import StoreUnavailableError, WakeUps
from svc_oms.service.venue.venue_sessions import VenueSessions

log = get_logger("svc_oms.kill")

# Seconds between looks while a switch is at work, and while none is.
BUSY_LOOK_S = 0.1
IDLE_LOOK_S = 1.0
# While sessions have still to confirm.
CONFIRM_LOOK_S = 0.02
# The pull leaves the replica to the confirmations for so long, unless they come sooner: with a
# thousand orders to cancel they would wait for it.
CONFIRM_FIRST_S = 0.25


@dataclass(frozen=True, slots=True)
class EngageOrder:
    """What is to be engaged, by whom."""

    kind: int
    idempotency_key: str
    body_hash: bytes
    scope: Scope
    reason: str
    by: Person
    drill: bool = False


@dataclass(frozen=True, slots=True)
class KillSwitchParts:
    """What the switchboard works with."""

    kills: KillStore
    clock: Clock
    blocks: BlockView
    venues: VenueSessions
    waker: WakeUps
    puller: Puller
    confirm_s_max: float


class KillSwitches:
    """See above."""

    def __init__(self, parts: KillSwitchParts) -> None:
        self._parts = parts
        self._rung = asyncio.Event()

    @property
    def blocks(self) -> BlockView:
        """The switches known here."""
        return self._parts.blocks

    @property
    def kills(self) -> KillStore:
        """The switches of record."""
        return self._parts.kills

    async def engage(self, order: EngageOrder) -> tuple[SwitchRow, bool]:
        """Engage a switch, or begin a mass cancel; return it, and whether it was there before.

        Raises:
            MeshError: IDEMPOTENCY_KEY_REUSED, OVERLOADED.
            StoreUnavailableError: the outcome is open; the key tells.
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
            engaged_at_us=now_ns // NS_PER_US,
            engaged_by_name=order.by.username,
        )
        stored = await self._parts.kills.engage(row, SWITCHES_IN_FORCE_MAX)
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
            await self._tell()
        return await self._until(row, _answerable), not new

    async def _tell(self) -> None:
        """Hand on that switches moved: to the links here, and to other replicas."""
        await self._parts.blocks.refresh()
        self._rung.set()
        names = [session.session_id for session in self._parts.venues.all()]
        self._parts.waker.wake_sessions(names or ["none"])

    async def _until(self, row: SwitchRow, done: Callable[[SwitchRow], bool]) -> SwitchRow:
        """Wait until a switch is so far, within a bound; return it as it stands."""
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

    async def propose_release(self, switch_id: str, by: Person, reason: str) -> SwitchRow:
        """Propose to release a switch.

        Raises:
            MeshError: OBJECT_NOT_FOUND, OBJECT_STATE.
        """
        now_us = self._parts.clock.now_ns() // NS_PER_US
        row = await self._existing(
            await self._parts.kills.propose_release(
                switch_id, by.subject, reason, now_us, by.username
            )
            if valid_ulid(switch_id)
            else None,
            switch_id,
        )
        _require_blocking(row)
        if row.release_proposed_by != by.subject:
            proposer = called(row.release_proposed_by, row.release_proposed_by_name)
            raise _state(row, f"{proposer} proposed its release already: approve it")
        await self._tell()
        return row

    async def approve_release(self, switch_id: str, by: Person) -> SwitchRow:
        """Release a switch another person proposed to release.

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
            raise refuse(
                "SECOND_PERSON_REQUIRED",
                f"you proposed the release of {switch_id}; another person with the role RISK "
                "has to approve it",
                "switch_id",
                switch_id=switch_id,
                proposed_by=by.subject,
            )
        now_us = self._parts.clock.now_ns() // NS_PER_US
        row = await self._existing(
            await self._parts.kills.release(switch_id, by.subject, now_us, by.username), switch_id
        )
        if row.released_by != by.subject:
            faster = called(row.released_by, row.released_by_name)
            raise _state(row, f"{faster or 'somebody'} was faster")
        log.warning("kill switch released", switch=switch_id, by=by.subject)
        await self._tell()
        return row

    async def _existing(self, row: SwitchRow | None, switch_id: str) -> SwitchRow:
        if row is None:
            raise not_found(switch_id)
        return row

    # The work.

    async def run(self) -> None:
        """Work for ever."""
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
            try:
                async with asyncio.timeout(wait_s):
                    await self._rung.wait()
            except TimeoutError:
                continue

    def _confirm_look_s(self) -> float:
        """Look often while somebody waits for the answer, then seldom."""
        age_s = min(
            self._age_s(row) for row in self.blocks.rows if row.state == SwitchState.ENGAGING
        )
        return CONFIRM_LOOK_S if age_s < self._parts.confirm_s_max else BUSY_LOOK_S

    def _age_s(self, row: SwitchRow) -> float:
        return self._parts.clock.now_ns() / NS_PER_S - row.engaged_at_us / US_PER_S

    async def _work(self, row: SwitchRow) -> bool:
        """Do what is to be done for a switch; True if more is to be done soon."""
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
            # The others go on.
            log.exception("kill switch not worked", switch=row.switch_id)
            return False
        return busy

    async def _acknowledge(self, row: SwitchRow) -> None:
        """See whether anything can still leave; the switch is ENGAGED when nothing can."""
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
            now_us = self._parts.clock.now_ns() // NS_PER_US
            await self._parts.kills.acknowledge(row.switch_id, state, sessions, now_us)
            await self._parts.blocks.refresh()


def _answerable(row: SwitchRow) -> bool:
    """Tell if a caller who waits can be answered for good."""
    if row.kind == SwitchKind.MASS_CANCEL:
        return row.listed
    # Nobody keeps a list of algorithms: what was met tells whether the name was right.
    wants_list = row.drill or bool(Scope(*row.scope).algorithm_id)
    return row.state != SwitchState.ENGAGING and (row.listed or not wants_list)


def not_found(switch_id: str) -> MeshError:
    """Refuse a switch that is not there, or not for the caller to see."""
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
