"""What people do to FIX sessions: two persons for numbers, one for the rest, all recorded.

An action is a row that becomes PROPOSED, APPROVED, SENT, DONE or FAILED. Each change compares
the present state first, so that two replicas cannot both make it. The replica whose session
link has the session sends what is APPROVED, and stores the outcome and the new numbers in one
transaction under the session's fencing token. An action that was SENT and not answered is sent
again over the next link, until its time is over: then it is UNKNOWN (session_timeouts.py).
"""

import asyncio
from collections.abc import Sequence

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S, to_us
from kernel.ulid import new_ulid
from mesh.errors import refuse
from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import session_pb2 as pb
from svc_oms.service.audit.audit_log import AuditLog
from svc_oms.service.audit.audit_log import action as audit_action
from svc_oms.service.codec.session_messages import session_message
from svc_oms.service.codec.values import timestamp
from svc_oms.service.directory.user_names import Person
from svc_oms.service.errors import invalid_field, needs_another
from svc_oms.service.ports import AuditWrite, Record, SessionRow, WakeUps
from svc_oms.service.ports.session_ports import (
    ActionRow,
    ActionUnderWayError,
    NewNumbers,
    SessionActionStore,
)

log = get_logger("svc_oms.sessions")

# A proposal lapses after this unless it says otherwise. Seconds.
PROPOSAL_LIFE_S = 900
# A shorter life is refused: nobody could read the proposal and decide in it. Seconds.
PROPOSAL_LIFE_LEAST_S = 60
# An action of one person waits this long for an owner of the session. Seconds.
ACTION_LIFE_S = 86_400
# A gateway has so long to answer; then the action is UNKNOWN, and others may be proposed. A later
# answer is still recorded. Seconds.
ANSWER_S = 60
# A gateway that hands over does not get the session back for so long. Seconds.
HANDED_OVER_S = 10
# Late answers that wait to be recorded in the audit log; further ones are only in their actions.
LATE_ANSWERS_MAX = 100
ACTIONS_SHOWN = 20
TEXT_CHARACTERS_MAX = 500

PROPOSED = pb.SESSION_ACTION_STATE_PROPOSED
APPROVED = pb.SESSION_ACTION_STATE_APPROVED
SENT = pb.SESSION_ACTION_STATE_SENT
DONE = pb.SESSION_ACTION_STATE_DONE
FAILED = pb.SESSION_ACTION_STATE_FAILED
REJECTED = pb.SESSION_ACTION_STATE_REJECTED
UNKNOWN = pb.SESSION_ACTION_STATE_UNKNOWN
SEQUENCES = pb.SESSION_ACTION_KIND_SEQUENCES
HAND_OVER = pb.SESSION_ACTION_KIND_HAND_OVER


class SessionAdministration:
    """The actions; see the head of this file."""

    def __init__(
        self, store: SessionActionStore, clock: Clock, waker: WakeUps, audit_log: AuditLog
    ) -> None:
        self._store = store
        self._clock = clock
        self._waker = waker
        self._audit_log = audit_log
        # Set when there may be an action to carry out.
        self.some_due = asyncio.Event()
        # Set when an action changed here: another may be the next to lapse.
        self.some_moved = asyncio.Event()
        # Answers to actions that had lapsed, to be recorded.
        self.late: list[pb.SessionAction] = []
        self._watchers: set[asyncio.Event] = set()

    # Called for people.

    async def propose(
        self, session_id: str, numbers: tuple[int, int], *, reset: bool, who: Person, why: str,
        life_s: int, audit: AuditWrite,
    ) -> pb.SessionAction:  # fmt: skip
        """Propose other numbers.

        Raises:
            MeshError: OBJECT_NOT_FOUND, OBJECT_STATE, INVALID_FIELD.
        """
        sender, target = numbers
        if reset == bool(sender or target):
            given = f"{reset} with numbers {sender} and {target}"
            expected = "true without numbers, or false with at least one number"
            raise invalid_field("reset", given, expected)
        if 0 < life_s < PROPOSAL_LIFE_LEAST_S:
            wanted = f"0 for {PROPOSAL_LIFE_S}, or at least {PROPOSAL_LIFE_LEAST_S}"
            raise invalid_field("expires_in_s", life_s, wanted)
        await self._session(session_id)
        # Checked early; if two come at once, only one can be approved.
        if await self._store.due([session_id]):
            raise _under_way(session_id, "session_id")
        action = self._new(session_id, SEQUENCES, who, why, life_s or PROPOSAL_LIFE_S)
        action.state, action.reset = PROPOSED, reset
        action.next_sender_msg_seq_num, action.next_target_msg_seq_num = sender, target
        await self._store.add(_row(action), record=self._record(audit, action))
        log.warning(
            "sequence change proposed", session=session_id, action=action.action_id, by=who.subject
        )
        self.moved()
        return action

    async def decide(
        self, action_id: str, who: Person, *, approve: bool, audit: AuditWrite, why: str = ""
    ) -> pb.SessionAction:
        """Approve or reject a proposal.

        Raises:
            MeshError: OBJECT_NOT_FOUND, OBJECT_STATE, SECOND_PERSON_REQUIRED.
        """
        action = await self.action(action_id)
        if approve and who.subject == action.requested_by:
            raise needs_another(
                (who.subject, who.username),
                f"proposed action {action_id}",
                "approve",
                "action_id",
                action_id=action_id,
            )
        if action.state != PROPOSED or action.expires_at.ToNanoseconds() < self._clock.now_ns():
            raise _not_proposed(action)
        action.state = APPROVED if approve else REJECTED
        action.decided_by, action.decided_by_name = who
        action.decided_at.CopyFrom(timestamp(self._clock.now_ns()))
        action.text = why
        try:
            moved = await self._store.move(_row(action), PROPOSED, self._record(audit, action))
        except ActionUnderWayError:
            raise _under_way(action.session_id, "action_id") from None
        if not moved:
            raise _not_proposed(await self.action(action_id))
        log.warning("sequence change decided", action=action_id, approved=approve, by=who.subject)
        self._wake(action.session_id)
        return action

    async def order(
        self,
        session_id: str,
        kind: pb.SessionActionKind,
        who: Person,
        why: str,
        audit: AuditWrite,
        *,
        now: bool = False,
    ) -> pb.SessionAction:
        """Carry out what one person may decide alone.

        Args:
            session_id: The session.
            kind: What to do.
            who: The person.
            why: The person's reason.
            audit: The entry of the audit log.
            now: Of CONNECT: also a session that nobody keeps out connects, at once.

        Raises:
            MeshError: OBJECT_NOT_FOUND, OBJECT_STATE.
        """
        row = await self._session(session_id)
        out = {pb.SESSION_ACTION_KIND_DISCONNECT: True, pb.SESSION_ACTION_KIND_CONNECT: False}
        kept_out = out.get(kind)
        if now and not row.kept_out:
            kept_out = None
        if kept_out is not None and kept_out == row.kept_out:
            is_now = "already kept out" if row.kept_out else "not kept out"
            raise _wrong_state(f"session {session_id} is {is_now}", session_id)
        if kind == HAND_OVER:
            if not row.held:
                raise _wrong_state(f"session {session_id} has no owner", session_id)
            others = set((await self._store.standbys()).get(session_id, ())) - {row.gateway}
            if not others:
                raise _wrong_state(f"no standby waits for session {session_id}", session_id)
        action = self._new(session_id, kind, who, why, ACTION_LIFE_S)
        action.state = APPROVED
        if not row.held:
            # There is no owner: the next gateway that takes the session gets the wish with it.
            action.state, action.text = DONE, "no gateway has the session; it holds for the next"
            action.settled_at.CopyFrom(action.requested_at)
        try:
            record = self._record(audit, action)
            await self._store.add(_row(action), kept_out=kept_out, record=record)
        except ActionUnderWayError:
            raise _under_way(session_id, "session_id") from None
        name = pb.SessionActionKind.Name(action.kind).removeprefix("SESSION_ACTION_KIND_")
        log.warning("session action", session=session_id, kind=name, by=who.subject, why=why)
        self._wake(session_id)
        return action

    # Called by the session links.

    async def due(self, session_ids: Sequence[str]) -> list[pb.SessionAction]:
        """Return the actions to be carried out on these sessions."""
        return [action_message(row) for row in await self._store.due(session_ids)]

    async def numbers_pending(self, session_id: str) -> bool:
        """Return whether the session's numbers are about to be changed."""
        return any(row.kind == SEQUENCES for row in await self._store.due([session_id]))

    async def send(self, action: pb.SessionAction, gateway: str) -> bool:
        """Note that the action is sent to the gateway; False if it must not be sent."""
        if action.state == SENT:
            if action.kind != HAND_OVER:
                return True
            # The link it was sent over has ended, and with it the ownership it was for.
            action.text = f"the link of {action.gateway_instance} ended; {gateway} has the session"
            action.state = DONE if gateway != action.gateway_instance else FAILED
            action.settled_at.CopyFrom(timestamp(self._clock.now_ns()))
            await self._store.move(_row(action), SENT)
            self.moved()
            return False
        action.state, action.gateway_instance = SENT, gateway
        now_ns = self._clock.now_ns()
        action.sent_at.CopyFrom(timestamp(now_ns))
        action.answer_due_at.CopyFrom(timestamp(now_ns + ANSWER_S * NS_PER_S))
        if not await self._store.move(_row(action), APPROVED):
            return False
        if action.kind == HAND_OVER:
            await self._store.hand_over(action.session_id, gateway, HANDED_OVER_S)
        self.moved()
        return True

    async def settle(self, session_id: str, token: int, result: gw.AdminResult) -> int:
        """Store an outcome; return the kind of the action, 0 if there is none to settle."""
        row = await self._store.action(result.action_id)
        if row is None or row.session_id != session_id or row.state not in {SENT, UNKNOWN}:
            log.error("result of no action", session=session_id, action=result.action_id)
            return 0
        action = action_message(row)
        action.state = DONE if result.done else FAILED
        action.text = result.text[:TEXT_CHARACTERS_MAX]
        action.settled_at.CopyFrom(timestamp(self._clock.now_ns()))
        action.before.CopyFrom(result.before)
        action.after.CopyFrom(result.after)
        numbers = None
        if action.kind == SEQUENCES and result.done:
            after = result.after
            numbers = NewNumbers(
                after.session_epoch, after.next_sender_msg_seq_num, after.next_target_msg_seq_num
            )
        begun = audit_action(0, f"gateway:{action.gateway_instance}", "SessionActionSettled", "")
        record = self._record(begun, action)
        if not await self._store.settle(_row(action), token, numbers, record):
            return 0
        log.warning("session action settled", action=action.action_id, done=result.done)
        if row.state == UNKNOWN and len(self.late) < LATE_ANSWERS_MAX:
            self.late.append(action)
        self.moved()
        return int(action.kind)

    async def saw_standbys(self, waiting: Sequence[tuple[str, str]], replica: str) -> None:
        """Store that these gateways wait."""
        await self._store.saw_standbys(waiting, replica)

    # For readers.

    async def action(self, action_id: str) -> pb.SessionAction:
        """Read one action.

        Raises:
            MeshError: OBJECT_NOT_FOUND.
        """
        row = await self._store.action(action_id)
        if row is None:
            raise refuse(
                "OBJECT_NOT_FOUND",
                f"there is no action {action_id}",
                "action_id",
                action_id=action_id,
            )
        return action_message(row)

    async def actions(self, session_id: str, before: str, limit: int) -> list[pb.SessionAction]:
        """Read actions, newest first."""
        return [action_message(row) for row in await self._store.actions(session_id, before, limit)]

    async def sessions(self, session_id: str = "") -> list[pb.Session]:
        """Read sessions by name; all if none is named."""
        standbys = await self._store.standbys()
        rows = sorted(await self._store.sessions())
        return [
            session_message(row, standbys.get(row.session_id, ()))
            for row in rows
            if session_id in ("", row.session_id)
        ]

    async def require(self, session_id: str) -> pb.Session:
        """Read one session.

        Raises:
            MeshError: OBJECT_NOT_FOUND.
        """
        found = await self.sessions(session_id)
        if not found:
            raise _unknown(session_id)
        return found[0]

    def watch(self, news: asyncio.Event) -> None:
        """Set this event whenever something may have changed."""
        self._watchers.add(news)

    def unwatch(self, news: asyncio.Event) -> None:
        """Stop setting the event."""
        self._watchers.discard(news)

    def moved(self) -> None:
        """Wake the watchers and the task that waits for the next lapse."""
        self.some_moved.set()
        self.wake_watchers()

    def wake_watchers(self) -> None:
        """Wake the watchers."""
        for news in self._watchers:
            news.set()

    async def _session(self, session_id: str) -> SessionRow:
        for row in await self._store.sessions():
            if row.session_id == session_id:
                return row
        raise _unknown(session_id)

    def _new(
        self, session_id: str, kind: pb.SessionActionKind, who: Person, why: str, life_s: int
    ) -> pb.SessionAction:
        now_ns = self._clock.now_ns()
        return pb.SessionAction(
            action_id=new_ulid(now_ns),
            session_id=session_id,
            kind=kind,
            reason=why,
            requested_by=who.subject,
            requested_by_name=who.username,
            requested_at=timestamp(now_ns),
            expires_at=timestamp(now_ns + life_s * NS_PER_S),
        )

    def _record(self, begun: AuditWrite, one: pb.SessionAction) -> Record:
        """Return what records an action as it is now."""
        metadata = {
            "action_id": one.action_id,
            "session_id": one.session_id,
            "requested_by": one.requested_by,
            "decided_by": one.decided_by,
        }
        entry = begun._replace(
            at_ns=self._clock.now_ns(), text=action_words(one), metadata=metadata
        )
        return self._audit_log.recorder(entry)

    def _wake(self, session_id: str) -> None:
        self.some_due.set()
        self._waker.wake_sessions([session_id])
        self.moved()


def _row(action: pb.SessionAction) -> ActionRow:
    lapses_at = action.answer_due_at if action.state == SENT else action.expires_at
    return ActionRow(
        action.action_id,
        action.session_id,
        action.kind,
        action.state,
        to_us(lapses_at.ToNanoseconds()),
        action.SerializeToString(),
    )


def action_message(row: ActionRow) -> pb.SessionAction:
    """Encode an action; its state is the column's."""
    action = pb.SessionAction.FromString(row.body)
    action.MergeFrom(pb.SessionAction(state=pb.SessionActionState.Name(row.state)))
    if row.state == UNKNOWN and not action.text:
        action.text = (
            f"{action.gateway_instance} has not answered within {ANSWER_S} s; whether it was "
            "carried out is not known: compare the numbers with the venue's"
        )
    return action


def action_words(one: pb.SessionAction) -> str:
    """Describe an action as it is now, for the audit log."""
    kind = pb.SessionActionKind.Name(one.kind).removeprefix("SESSION_ACTION_KIND_")
    state = pb.SessionActionState.Name(one.state).removeprefix("SESSION_ACTION_STATE_")
    wanted = ""
    if one.kind == SEQUENCES:
        wanted = (
            " (reset)"
            if one.reset
            else (
                f" (next MsgSeqNum(34) to send {one.next_sender_msg_seq_num or 'unchanged'}, "
                f"to expect {one.next_target_msg_seq_num or 'unchanged'})"
            )
        )
    text = f"{kind} of session {one.session_id}{wanted} is {state}; reason: {one.reason}"
    return f"{text}; {one.text}" if one.text else text


def _unknown(session_id: str) -> Exception:
    return refuse(
        "OBJECT_NOT_FOUND", f"there is no session {session_id}", "session_id", session_id=session_id
    )


def _wrong_state(text: str, session_id: str, field: str = "session_id") -> Exception:
    return refuse("OBJECT_STATE", text, field, session_id=session_id)


def _under_way(session_id: str, field: str) -> Exception:
    text = f"another action of session {session_id} waits for its owner or outcome"
    return _wrong_state(text, session_id, field)


def _not_proposed(action: pb.SessionAction) -> Exception:
    # A proposal that cannot be decided has lapsed, even if its row does not say so yet.
    name = pb.SessionActionState.Name(action.state).removeprefix("SESSION_ACTION_STATE_")
    is_now = "EXPIRED" if action.state == PROPOSED else name
    return refuse(
        "OBJECT_STATE",
        f"action {action.action_id} is {is_now}; it should be PROPOSED",
        "action_id",
        action_id=action.action_id,
        state=is_now,
    )
