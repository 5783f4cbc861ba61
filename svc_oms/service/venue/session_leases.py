"""The session links that this replica owns, and the gateways that wait for a session.

A session's lease is in its row: the owner is the replica whose link is open and renewed. The
lease ends as soon as the owner's stream breaks here, or `SESSION_LEASE_S` after its last
renewal. A gateway that finds the session taken is a standby: its stream stays open, the OMS
reports the owner to it, and it tries again whenever something changes. A replica that drains
leaves the lease as it is, so that its own gateway, connecting to another replica, comes before
the standby.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from mesh.log import get_logger
from mesh.tasks import is_set_within
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import session_pb2
from svc_oms.service.ports import FencedError, SessionRow, StoreUnavailableError
from svc_oms.service.venue.downlink import SessionLinkParts
from svc_oms.service.venue.questions import unanswered_questions
from svc_oms.service.venue.session_link import SessionLink

log = get_logger("svc_oms.links")

# A lease that is not renewed ends after this; SQL has the same number. Seconds.
SESSION_LEASE_S = 3.0
# Between two renewals. Seconds.
VOUCH_INTERVAL_S = 1.0


class SessionLeases:
    """The leases; see the head of this file."""

    def __init__(self, parts: SessionLinkParts, owner: str, *, may_add: bool) -> None:
        self._parts = parts
        self._owner = owner
        self._may_add = may_add
        self._links: dict[str, SessionLink] = {}
        # Links that ended, whose sessions no gateway has since, by session.
        self._ended: dict[str, SessionLink] = {}
        self._waiting: defaultdict[str, dict[asyncio.Event, str]] = defaultdict(dict)
        self._due = parts.sessions.some_due
        parts.recoveries.on_opened(self._recover)

    async def take(self, opened: gw.LinkOpen) -> SessionLink | None:
        """Become the owner of a session; None if it is not known and may not be added.

        Raises:
            SessionHeldError: another gateway has it.
        """
        parts = self._parts
        # Before the token changes: it is part of what a restored book does not know.
        recover_from = await parts.recoveries.examine(opened)
        recovery = parts.recoveries.current
        # Read before the lease is taken: what is committed later was certainly never sent.
        # A drop copy takes no questions: the gateway with the order session asks them.
        asks = opened.store_lost and not opened.drop_copy
        questions = await unanswered_questions(parts.store, opened.venue_mic) if asks else []
        row = await self._parts.store.take_session(
            opened.session_id,
            opened.venue_mic,
            self._owner,
            opened.gateway_instance,
            may_add=self._may_add,
            drop_copy=opened.drop_copy,
            store_lost_epoch=opened.session_epoch if opened.store_lost else 0,
        )
        if row is None:
            return None
        # After the new token: a switch engaged later finds no confirmation under this token.
        await self._parts.blocks.refresh()
        before = self._links.get(row.session_id)
        if before is not None:
            before.fail(FencedError(f"session {row.session_id} has a newer owner"))
        pending = await self._parts.sessions.numbers_pending(row.session_id)
        link = SessionLink(
            parts,
            row,
            questions,
            admin_pending=pending,
            recover_from=recover_from,
            beats=opened.beats,
        )
        self._links[row.session_id] = link
        self._ended.pop(row.session_id, None)
        if parts.recoveries.current != recovery:
            link.recover()
        self._parts.publisher.sessions[row.session_id] = link.tail
        log.info(
            "session taken",
            session=row.session_id,
            gateway=row.gateway,
            fencing_token=row.fencing_token,
            store_lost=opened.store_lost,
        )
        # A standby reported this long ago, of a store it does not own now.
        await link.set_status(opened.status, numbers=False)
        # Commands committed before this replica listened to the new tail.
        self.heard(await self._parts.store.sessions())
        self._due.set()
        return link

    async def release(self, link: SessionLink, why: str, *, keep_lease: bool = False) -> None:
        """Give up a link, once: its session counts as down until a gateway takes it."""
        if link.released:
            return
        link.released = True
        log.info("session given up", session=link.session_id, gateway=link.gateway, why=why)
        if self._links.get(link.session_id) is link:
            del self._links[link.session_id]
            self._parts.publisher.sessions.pop(link.session_id, None)
        if not keep_lease:
            self._ended[link.session_id] = link
        status = link.given_up(self._parts.clock.now_ns(), why)
        # At once: what is placed while its end is stored would wait for the next gateway.
        moved = self._parts.venues.learn([link.as_session(status)])
        self._parts.notices.sessions_moved(moved, status.text)
        try:
            if not keep_lease:
                await self._parts.store.free_session(link.session_id, link.token)
                self._wake_standbys(link.session_id)
            await link.set_status(status)
        except (FencedError, StoreUnavailableError) as error:
            # The new owner reports the session's status, or nobody can until the database is back.
            log.info("end of a link is not recorded", session=link.session_id, why=str(error))
            self._parts.venues.learn([link.as_session(status)])

    @property
    def links(self) -> Sequence[SessionLink]:
        """The links of the sessions that this replica owns."""
        return list(self._links.values())

    @contextmanager
    def standing_by(self, opened: gw.LinkOpen) -> Iterator[asyncio.Event]:
        """Wait for a session; the event is set whenever it is worth trying to take it."""
        turn = asyncio.Event()
        waiting = self._waiting[opened.session_id]
        waiting[turn] = opened.gateway_instance
        self._due.set()
        try:
            yield turn
        finally:
            del waiting[turn]

    def _recover(self) -> None:
        """End the links that were opened before the recovery: each must take part in it."""
        for link in self._links.values():
            link.recover()

    def _wake_standbys(self, session_id: str) -> None:
        for turn in self._waiting.get(session_id, ()):
            turn.set()

    @property
    def owner(self) -> str:
        """The name of this replica."""
        return self._owner

    def owns(self, session_id: str, token: int) -> bool:
        """Return whether the session's owner under this token is here."""
        link = self._links.get(session_id)
        return link is not None and link.token == token

    def heard(self, rows: Iterable[SessionRow]) -> None:
        """Compare with the database: end links that have a newer owner, wake the standbys."""
        for row in rows:
            link = self._links.get(row.session_id)
            if link is not None and row.fencing_token > link.token:
                link.fail(FencedError(f"session {row.session_id} has a newer owner"))
            tail = self._parts.publisher.sessions.get(row.session_id)
            if tail is not None:
                tail.advance(row.outbound_sequence)
            if not row.held:
                self._wake_standbys(row.session_id)

    async def keep(self) -> None:
        """Renew leases and carry out session actions, forever.

        A task of its own: whatever keeps the others busy must not cost a lease.
        """
        vouched_at = float("-inf")
        while True:
            await is_set_within(self._due, VOUCH_INTERVAL_S)
            self._due.clear()
            try:
                if self._parts.clock.monotonic() - vouched_at >= VOUCH_INTERVAL_S:
                    vouched_at = self._parts.clock.monotonic()
                    await self._vouch()
                await self._withdraw_unsent()
                await self._carry_out()
            except StoreUnavailableError as error:
                log.warning("leases cannot be kept", error=str(error))
                await asyncio.sleep(VOUCH_INTERVAL_S)

    async def _vouch(self) -> None:
        if self._links:
            await self._parts.store.vouch(list(self._links), self._owner)
        waiting = [
            (session_id, gateway)
            for session_id, turns in self._waiting.items()
            for gateway in set(turns.values())
        ]
        if waiting:
            await self._parts.sessions.saw_standbys(waiting, self._owner)

    async def _withdraw_unsent(self) -> None:
        for session_id, link in list(self._ended.items()):
            try:
                over = await link.withdraw_unsent()
            except FencedError:
                over = True
            except StoreUnavailableError as error:
                log.warning("commands wait to be withdrawn", session=session_id, error=str(error))
                return
            except Exception:
                # Our own fault: the leases are kept nevertheless, and the orders wait.
                log.exception("commands cannot be withdrawn", session=session_id)
                over = True
            if over and self._ended.get(session_id) is link:
                del self._ended[session_id]

    async def _carry_out(self) -> None:
        administration = self._parts.sessions
        if not self._links:
            return
        for action in await administration.due(list(self._links)):
            link = self._links.get(action.session_id)
            if link is None or action.action_id in link.administered:
                continue
            if await administration.send(action, link.gateway):
                link.administer(
                    gw.AdminCommand(
                        action_id=action.action_id,
                        kind=action.kind,
                        next_sender_msg_seq_num=action.next_sender_msg_seq_num,
                        next_target_msg_seq_num=action.next_target_msg_seq_num,
                        reset=action.reset,
                    )
                )
            elif action.kind == session_pb2.SESSION_ACTION_KIND_HAND_OVER:
                link.administered.add(action.action_id)
