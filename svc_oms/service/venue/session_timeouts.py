"""Session actions that were not decided, begun or answered in time: they lapse, on record.

The database says when the next action lapses, by its own clock, and a timer waits for that
instant. Any replica may make it lapse, and one does: the change and its entry in the audit log
are one transaction. A replica that does not know of an action reads again after ANSWER_S at
the latest, so the end of another replica costs no more time than that.
"""

from kernel.clock import Clock
from mesh.log import get_logger
from mesh.tasks import is_set_within
from ordermesh.oms.v1 import session_pb2 as pb
from svc_oms.service.audit.audit_log import AuditLog, action
from svc_oms.service.ports import AuditWrite, OrderStore, StoreUnavailableError
from svc_oms.service.venue.session_administration import (
    ANSWER_S,
    SessionAdministration,
    action_message,
)

log = get_logger("svc_oms.sessions")

RETRY_S = 1.0
ACTOR = "oms:session-timeouts"


class SessionTimeouts:
    """Makes actions lapse; see the head of this file."""

    def __init__(
        self,
        administration: SessionAdministration,
        store: OrderStore,
        audit_log: AuditLog,
        clock: Clock,
    ) -> None:
        self._administration = administration
        self._store = store
        self._audit_log = audit_log
        self._clock = clock

    async def run(self) -> None:
        """Make due actions lapse, forever."""
        moved = self._administration.some_moved
        while True:
            moved.clear()
            wait_s = RETRY_S
            try:
                wait_s = await self.look()
            except StoreUnavailableError as error:
                log.warning("session actions wait for the database", error=str(error))
            await is_set_within(moved, wait_s)

    async def look(self) -> float:
        """Make due actions lapse; return the seconds until the next look.

        Raises:
            StoreUnavailableError: Nothing changed, or the outcome is not known.
        """
        late = tuple(self._administration.late)
        left_s = await self._store.session_actions().lapses_in_s()
        if late or (left_s is not None and left_s <= 0):
            await self._lapse(late)
            del self._administration.late[: len(late)]
            left_s = await self._store.session_actions().lapses_in_s()
        return ANSWER_S if left_s is None else min(max(left_s, 0.0), ANSWER_S)

    async def _lapse(self, late: tuple[pb.SessionAction, ...]) -> None:
        now_ns = self._clock.now_ns()
        async with self._store.transaction() as transaction:
            unknown = [action_message(row) for row in await transaction.lapse_actions()]
            entries = [_entry(now_ns, one, "SessionAnswerMissing") for one in unknown]
            entries += [_entry(now_ns, one, "SessionAnswerLate") for one in late]
            await self._audit_log.append(transaction, entries)
        for one in unknown:
            log.error(
                "a gateway has not answered",
                session=one.session_id,
                action=one.action_id,
                gateway=one.gateway_instance,
            )
        # Watchers look for EXPIRED actions, too.
        self._administration.wake_watchers()


def _entry(now_ns: int, one: pb.SessionAction, command: str) -> AuditWrite:
    kind = pb.SessionActionKind.Name(one.kind).removeprefix("SESSION_ACTION_KIND_")
    state = pb.SessionActionState.Name(one.state).removeprefix("SESSION_ACTION_STATE_")
    return action(
        now_ns,
        ACTOR,
        command,
        f"{kind} of session {one.session_id} is {state}: {one.text}",
        action_id=one.action_id,
        session_id=one.session_id,
        gateway=one.gateway_instance,
        requested_by=one.requested_by,
        decided_by=one.decided_by,
    )
