"""Pulls the orders in the scope of a kill switch or mass cancel; any replica can do it.

All its state is in the database: the orders in scope, what was requested, what became of
them. A replica that dies leaves only its lease, and another goes on when that has expired.
Work done twice does no harm: the command worker decides with the account locked, and requests
no second cancel of an order that has one pending.

A round lists the open orders in scope, looks at those without a final outcome, requests the
cancels that are due, and counts.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S, NS_PER_US, US_PER_S, to_us
from kernel.ulid import new_ulid
from mesh.errors import MeshError, to_rejection
from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_service_pb2
from svc_oms.domain.kill_switches import (
    FINAL,
    Finding,
    PullOutcome,
    Scope,
    covers,
    find,
    reaches_session,
)
from svc_oms.domain.model import Order, Rejection
from svc_oms.service.codec.kill_messages import command_subject, listed_subject
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.codec.values import rejection_message
from svc_oms.service.commands.worker import CommandWorker
from svc_oms.service.ports import OrderStore
from svc_oms.service.ports.kill_ports import (
    IN_FORCE,
    PullRow,
    SwitchKind,
    SwitchRow,
    SwitchState,
)
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.submissions import (
    CommandKind,
    Outcome,
    Pull,
    Submission,
    Taken,
)

log = get_logger("svc_oms.pulls")

# Orders that one command cancels, all of one account; a batch of the worker has about as many
# of all accounts, so that other commands are served in between.
PULL_ORDERS_MAX = 200
# Orders read at a time.
PAGE_ORDERS_MAX = 1_000
# Seconds of the lease on a switch; then another replica may take it over.
LEASE_S = 3.0
# A cancel without answer for so long is CANNOT with OUTCOME_UNKNOWN; it is not repeated.
PULL_ANSWER_S_MAX = 10.0
# A refused cancel is tried again after 1, 2, 4 ... seconds, at most so many.
PULL_RETRY_S_MAX = 30.0
# Cancels that a mass cancel requests for one order; a switch goes on while it is in force.
MASS_CANCEL_ATTEMPTS_MAX = 8
# While a switch is in force, orders that become live again (a bust, a late acknowledgement) are
# looked for this often.
RELIST_S = 5.0
# Commands of one outbox that a drill looks at.
DRILL_COMMANDS_MAX = 10_000
# Seconds between rounds of a switch that is younger than so many seconds.
RESTS_S = ((30, 0.1), (600, 1.0), (float("inf"), 5.0))


@dataclass(frozen=True, slots=True)
class PullParts:
    """What pulling uses."""

    store: OrderStore
    clock: Clock
    venues: VenueSessions
    worker: CommandWorker
    replica: str


class Puller:
    """Pulls orders; see the head of this file."""

    def __init__(self, parts: PullParts) -> None:
        self._parts = parts
        self._kills = parts.store.kills
        self._listed_at: dict[str, float] = {}
        self._rest_until: dict[str, float] = {}

    async def work(self, row: SwitchRow) -> bool:
        """Do one round for a switch; True if another is due soon.

        Raises:
            StoreUnavailableError: nothing is lost; try again.
        """
        begun = self._parts.clock.monotonic()
        in_force = row.state in IN_FORCE
        if row.settled_at_us and (row.drill or not in_force):
            self._listed_at.pop(row.switch_id, None)
            self._rest_until.pop(row.switch_id, None)
            return False
        listed_s = begun - self._listed_at.get(row.switch_id, -RELIST_S)
        if row.settled_at_us and listed_s < RELIST_S:
            return False
        if begun < self._rest_until.get(row.switch_id, 0):
            return True
        if not await self._kills.lease(row.switch_id, self._parts.replica, LEASE_S):
            return False
        if not row.listed or (in_force and listed_s >= RELIST_S):
            await self._list(row)
            self._listed_at[row.switch_id] = begun
        if row.drill:
            await self._count(row, settled=True, commands_held=await self._commands_held(row))
            return False
        # After its release nothing is requested any more; the report stays as it is.
        settled = row.state == SwitchState.RELEASED or await self._round(row)
        await self._count(row, settled=settled)
        self._rest(row, begun)
        return not settled

    def _rest(self, row: SwitchRow, begun: float) -> None:
        """Leave most of the time to other work, the more the longer a round takes."""
        now = self._parts.clock.monotonic()
        age_s = (self._now_us() - row.engaged_at_us) / US_PER_S
        rest_s = next(rest for until, rest in RESTS_S if age_s < until)
        self._rest_until[row.switch_id] = now + max(rest_s, 4 * (now - begun))

    async def _count(self, row: SwitchRow, *, settled: bool, commands_held: int = 0) -> None:
        await self._kills.count(
            row.switch_id,
            listed=True,
            commands_held=commands_held,
            settled=settled,
            now_us=self._now_us(),
        )

    def _now_us(self) -> int:
        return to_us(self._parts.clock.now_ns())

    # Listing.

    async def _list(self, row: SwitchRow) -> None:
        """List every open order in scope that is not listed yet."""
        scope, after = Scope(*row.scope), ""
        name_of, up = self._parts.venues.name_of, self._parts.venues.up()
        while True:
            page = await self._kills.open_orders(row.switch_id, row.scope, after, PAGE_ORDERS_MAX)
            found = [o for o in page if covers(scope, listed_subject(o, name_of(o.venue_mic)))]
            listed = []
            for order in found:
                outcome, why = PullOutcome.PENDING, b""
                if row.drill:
                    outcome = PullOutcome.WOULD_PULL
                    if order.venue_mic and order.venue_mic not in up:
                        outcome, why = PullOutcome.CANNOT, _down(order.venue_mic)
                listed.append(
                    PullRow(
                        row.switch_id,
                        order.order_id,
                        order.account_id,
                        order.instrument_id,
                        outcome,
                        rejection=why,
                        updated_at_us=self._now_us(),
                    )
                )
            await self._kills.keep_pulls(row.switch_id, listed)
            if len(page) < PAGE_ORDERS_MAX:
                return
            after = page[-1].order_id

    async def _commands_held(self, row: SwitchRow) -> int:
        """Count pending new orders and replaces that a switch would hold back."""
        scope, held = Scope(*row.scope), 0
        stale_kinds = {gw.VENUE_COMMAND_KIND_NEW, gw.VENUE_COMMAND_KIND_REPLACE}
        for session in await self._parts.store.sessions():
            if not reaches_session(scope, session.session_id, session.venue_mic):
                continue
            waiting = await self._parts.store.outbox(session.session_id, 0, DRILL_COMMANDS_MAX)
            for _, payload in waiting:
                command = gw.VenueCommand.FromString(payload)
                subject = command_subject(command, session.session_id, session.venue_mic)
                held += command.kind in stale_kinds and covers(scope, subject)
        return held

    # Requesting.

    async def _round(self, row: SwitchRow) -> bool:
        """Look at open orders and request the cancels that are due; True when all is settled."""
        after, settled = "", True
        while True:
            page = await self._kills.unsettled(row.switch_id, after, PAGE_ORDERS_MAX)
            changed: dict[str, PullRow] = {}
            due: list[PullRow] = []
            for state in page:
                order = read_order(state.body, state.fold)
                finding = self._find(order, state.row)
                ask = finding.ask and self._is_due(row, state.row)
                settled = settled and (
                    finding.outcome in FINAL or (not ask and _given_up(row, state.row, finding))
                )
                now = self._moved(state.row, order, finding)
                if now is not None:
                    changed[order.order_id] = now
                if ask:
                    due.append(now or state.row)
            changed.update(await self._ask(row, due))
            await self._kills.keep_pulls(row.switch_id, list(changed.values()))
            if len(page) < PAGE_ORDERS_MAX:
                return settled
            after = page[-1].row.order_id

    def _find(self, order: Order, row: PullRow) -> Finding:
        waits_since_ns = max(order.updated_at_ns, row.asked_at_us * NS_PER_US)
        waits_s = (self._parts.clock.now_ns() - waits_since_ns) / NS_PER_S
        return find(
            order,
            row.attempts,
            # A routed order has no venue: it ends when its children have ended.
            session_up=not order.venue_mic or order.venue_mic in self._parts.venues.up(),
            overdue=waits_s > PULL_ANSWER_S_MAX,
        )

    def _is_due(self, row: SwitchRow, pull: PullRow) -> bool:
        if row.kind == SwitchKind.MASS_CANCEL and pull.attempts >= MASS_CANCEL_ATTEMPTS_MAX:
            return False
        if not pull.asked_at_us:
            return True
        wait_s = min(2.0 ** max(pull.attempts - 1, 0), PULL_RETRY_S_MAX)
        return self._now_us() - pull.asked_at_us >= wait_s * US_PER_S

    def _moved(self, pull: PullRow, order: Order, finding: Finding) -> PullRow | None:
        if finding.outcome is PullOutcome.PENDING and finding.ask and pull.rejection:
            # The cancel could not even be requested; its last refusal stays until it can.
            return None
        why = b"" if finding.why is None else _bytes(finding.why)
        now = pull._replace(outcome=finding.outcome, state=order.state.value, rejection=why)
        return None if now == pull else now._replace(updated_at_us=self._now_us())

    async def _ask(self, row: SwitchRow, due: Sequence[PullRow]) -> dict[str, PullRow]:
        """Request cancels, account by account; return the rows after that."""
        by_account: defaultdict[str, list[PullRow]] = defaultdict(list)
        for pull in due:
            by_account[pull.account_id].append(pull)
        parts = [
            pulls[start : start + PULL_ORDERS_MAX]
            for pulls in by_account.values()
            for start in range(0, len(pulls), PULL_ORDERS_MAX)
        ]
        asked: dict[str, PullRow] = {}
        while parts:
            together, orders = [], 0
            while parts and orders < PULL_ORDERS_MAX:
                orders += len(parts[-1])
                together.append(parts.pop())
            for answer in await asyncio.gather(*(self._submit(row, part) for part in together)):
                asked |= {pull.order_id: pull for pull in answer}
        return asked

    async def _submit(self, row: SwitchRow, pulls: Sequence[PullRow]) -> list[PullRow]:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        account_id = pulls[0].account_id
        # No client's key can have a ~ in it.
        key = f"~{row.switch_id}~{new_ulid(self._parts.clock.now_ns())}"
        command = Pull(
            key,
            account_id,
            tuple(pull.order_id for pull in pulls),
            row.engaged_by,
            with_parents=row.kind == SwitchKind.MASS_CANCEL,
        )
        self._parts.worker.submit(
            Submission(CommandKind.PULL, command, frozenset({account_id}), b"", future.set_result)
        )
        outcome = await future
        if not isinstance(outcome, Taken):
            log.warning("cancels not requested", switch=row.switch_id, error=str(outcome))
            why = to_rejection(outcome).SerializeToString()
            return [self._refused(pull, why) for pull in pulls]
        response = order_service_pb2.CancelAllResponse.FromString(outcome.body)
        return list(self._answered(pulls, response.results))

    def _answered(
        self, pulls: Sequence[PullRow], results: Iterable[order_service_pb2.CancelAllResult]
    ) -> Iterable[PullRow]:
        for pull, result in zip(pulls, results, strict=True):
            if result.HasField("rejection"):
                yield self._refused(pull, result.rejection.SerializeToString())
            else:
                yield pull._replace(
                    state=result.state,
                    outcome=PullOutcome.PENDING,
                    rejection=b"",
                    attempts=pull.attempts + 1,
                    asked_at_us=self._now_us(),
                    updated_at_us=self._now_us(),
                )

    def _refused(self, pull: PullRow, why: bytes) -> PullRow:
        now_us = self._now_us()
        return pull._replace(
            outcome=PullOutcome.CANNOT, rejection=why, asked_at_us=now_us, updated_at_us=now_us
        )


def _given_up(row: SwitchRow, pull: PullRow, finding: Finding) -> bool:
    return (
        row.kind == SwitchKind.MASS_CANCEL
        and finding.ask
        and pull.attempts >= MASS_CANCEL_ATTEMPTS_MAX
    )


def _bytes(rejection: Rejection) -> bytes:
    return rejection_message(rejection).SerializeToString()


def _down(venue_mic: str) -> bytes:
    error = MeshError("VENUE_UNAVAILABLE", f"the order session of {venue_mic} is down")
    return to_rejection(error).SerializeToString()
