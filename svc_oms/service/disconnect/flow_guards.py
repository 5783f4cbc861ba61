"""Cancel on disconnect: cancels the open orders of a lost flow's user, once.

Theory of operation. A guarded flow has a durable row before its first command is read. The
replica that has the stream renews the row every second. A stream that ends without disarm is
marked lost; a stream whose replica died is found by any other replica, because its row was not
renewed for a while. When the grace is over and no flow of the same name came back, one
replica claims the guard and gives its command worker a cancel for each account, under a key
made of the flow's own id: however often replicas try, each account is cancelled once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

from kernel.clock import Clock
from kernel.ulid import new_ulid
from mesh.auth.tokens import Principal
from mesh.errors import MeshError, refuse
from mesh.log import get_logger
from mesh.tasks import is_set_within
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.service import metrics
from svc_oms.service.commands.worker import CommandWorker
from svc_oms.service.ports import StoreUnavailableError
from svc_oms.service.ports.guard_ports import GuardRow, GuardStore
from svc_oms.service.submissions import (
    CommandKind,
    DisconnectCancel,
    Outcome,
    Submission,
    Taken,
)

log = get_logger("svc_oms.disconnect")

ACTOR: Final = "oms:cancel-on-disconnect"
# Seconds between renewals, and between looks for guards whose grace is over.
LOOK_INTERVAL_S = 1.0
# A replica that could not reach the database considers no other replica dead before it has
# reached it for so long: the others may have lost it too, and need time to renew.
DATABASE_SEEN_MIN_S = 6.0
# Guards of one user; beyond it a flow that wants one is refused with OVERLOADED.
GUARDS_PER_USER_MAX = 64
# How long a flow waits to be armed while orders of its lost predecessor are being cancelled.
ARM_WAIT_MAX_S = 5.0
ARM_RETRY_S = 0.05
# Attempts for an account: cancels that could not be requested are tried again a second later.
SWEEPS_MAX = 5
# The minimum grace of a flow that the server ends: its client did not leave.
SERVER_END_GRACE_S = 15


class Wish(NamedTuple):
    """What a flow requests."""

    grace_s: int
    session_name: str


@dataclass(slots=True)
class Guard:
    """The guard of one flow of this replica."""

    row: GuardRow
    resumed: bool
    gone: Callable[[], None] = field(default=lambda: None)
    """Called when another replica has fired the guard while the flow was alive."""


class FlowGuards:
    """The guards of this replica's flows; see the head of this file."""

    def __init__(self, store: GuardStore, worker: CommandWorker, clock: Clock) -> None:
        self._store = store
        self._worker = worker
        self._clock = clock
        self._held: dict[str, Guard] = {}
        self._lost: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._seen_since: float | None = None

    async def arm(self, user: Principal, wish: Wish | None) -> Guard | None:
        """Guard a flow if it requests that or an account has a default; None if neither.

        Raises:
            MeshError: PERMISSION_DENIED, OVERLOADED, ORDER_CHANGE_PENDING.
            StoreUnavailableError: The flow must not begin.
        """
        if "TRADER" not in user.roles or not user.accounts:
            if wish is None:
                return None
            raise refuse(
                "PERMISSION_DENIED",
                "open.cancel_on_disconnect is for the role TRADER with accounts",
                "open.cancel_on_disconnect",
            )
        row = await self._wanted(user, wish)
        if row is None:
            return None
        if await self._store.held(user.subject) >= GUARDS_PER_USER_MAX:
            raise refuse(
                "OVERLOADED",
                f"{user.subject} has {GUARDS_PER_USER_MAX} guarded flows, which is the most; "
                "disarm one before another is opened",
                "open.cancel_on_disconnect",
                limit=GUARDS_PER_USER_MAX,
            )
        armed = await self._armed(row)
        guard = Guard(row, armed)
        self._held[row.holder] = guard
        return guard

    async def _wanted(self, user: Principal, wish: Wish | None) -> GuardRow | None:
        accounts = sorted(user.accounts)
        defaults = await self._store.defaults(accounts)
        graces = list(defaults.values())
        if wish is not None:
            graces.append(wish.grace_s)
        if not graces:
            return None
        return GuardRow(
            holder=new_ulid(self._clock.now_ns()),
            subject=user.subject,
            session_name="" if wish is None else wish.session_name,
            account_ids=tuple(accounts if wish is not None else sorted(defaults)),
            # An account's default bounds what its users may request.
            grace_s=min(graces),
        )

    async def _armed(self, row: GuardRow) -> bool:
        """Add the guard; return whether it resumes a lost flow."""
        until = self._clock.monotonic() + ARM_WAIT_MAX_S
        while True:
            armed = await self._store.arm(row)
            if armed.armed:
                return armed.resumed
            if self._clock.monotonic() >= until:
                raise refuse(
                    "ORDER_CHANGE_PENDING",
                    f"orders of the lost flow {row.session_name!r} are being cancelled; "
                    "open the flow again when they are",
                    "open.cancel_on_disconnect.session_name",
                    retry_after_s=1.0,
                    session_name=row.session_name,
                )
            await asyncio.sleep(ARM_RETRY_S)

    async def disarm(self, guard: Guard) -> None:
        """Remove the guard; durable when this returns."""
        await self._store.disarm(guard.row.holder)
        self._held.pop(guard.row.holder, None)

    def lost(self, guard: Guard, *, by_server: bool) -> None:
        """Note that a flow ended without disarm; its grace begins."""
        if self._held.pop(guard.row.holder, None) is not None:
            self._lost[guard.row.holder] = SERVER_END_GRACE_S if by_server else 0
            self._wake.set()

    async def run(self) -> None:
        """Renew, look and fire, forever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    for row in await self._look():
                        # In its own task: cancelling takes time, and living flows must be renewed.
                        tasks.create_task(self._fire(row))
                except StoreUnavailableError as error:
                    if self._seen_since is not None:
                        log.warning("database away, guards wait", error=str(error))
                    self._seen_since = None
                await is_set_within(self._wake, LOOK_INTERVAL_S)

    async def _look(self) -> list[GuardRow]:
        """Store lost flows, renew the living ones, return the claimed guards."""
        self._wake.clear()
        await self._tell_lost()
        await self._vouch()
        now = self._clock.monotonic()
        if self._seen_since is None:
            self._seen_since = now
        dead_too = now - self._seen_since >= DATABASE_SEEN_MIN_S
        due = await self._store.due(dead_too=dead_too)
        return [row for row in due if await self._store.claim(row.holder)]

    async def close(self) -> None:
        """Store the flows that this process ended, so that their longer grace counts."""
        try:
            await self._tell_lost()
        except StoreUnavailableError as error:
            log.warning("lost flows not stored at the end", error=str(error))

    async def _tell_lost(self) -> None:
        for holder, grace_min_s in list(self._lost.items()):
            await self._store.lost(holder, grace_min_s)
            del self._lost[holder]

    async def _vouch(self) -> None:
        held = dict(self._held)
        if not held:
            return
        there = set(await self._store.vouch(list(held)))
        for holder, guard in held.items():
            # A living flow whose guard was fired must not go on unguarded.
            if holder not in there and self._held.pop(holder, None) is not None:
                log.warning("guard fired while its flow lived", subject=guard.row.subject)
                guard.gone()

    async def _fire(self, row: GuardRow) -> None:
        log.warning(
            "flow lost, orders are cancelled", subject=row.subject, session=row.session_name
        )
        metrics.DISCONNECTS.inc()
        swept = [await self._sweep_account(row, account_id) for account_id in row.account_ids]
        # If not, the claim expires, and another replica goes on from here.
        if all(swept):
            try:
                await self._store.fired(row.holder)
            except StoreUnavailableError as error:
                log.warning("a guard stays until the database is back", error=str(error))

    async def _sweep_account(self, row: GuardRow, account_id: str) -> bool:
        """Cancel until no order is left that could not be cancelled; False if interrupted."""
        for sweep in range(1, SWEEPS_MAX + 1):
            outcome = await self._submit(row, account_id, sweep)
            if isinstance(outcome, MeshError):
                log.warning("not swept", account=account_id, error=str(outcome))
                # An account that does not exist has no open orders.
                return outcome.reason == "ACCOUNT_NOT_ALLOWED"
            answer = order_service_pb2.CancelAllResponse.FromString(outcome.body)
            if not any(result.HasField("rejection") for result in answer.results):
                return True
            await asyncio.sleep(LOOK_INTERVAL_S)
        return True

    async def _submit(self, row: GuardRow, account_id: str, sweep: int) -> Taken | MeshError:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        key = f"disconnect.{row.holder}.{sweep}"
        command = DisconnectCancel(
            key, account_id, row.subject, row.session_name, row.grace_s, ACTOR
        )
        self._worker.submit(
            Submission(
                CommandKind.DISCONNECT_CANCEL,
                command,
                frozenset({account_id}),
                sha256(key.encode()).digest(),
                future.set_result,
            )
        )
        return await future
