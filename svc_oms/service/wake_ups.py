"""Wake-ups between replicas: which logs grew, and when to look.

Each replica reports to the others which accounts and sessions changed, by Redis if it is
available, else by PostgreSQL's NOTIFY. Wake-ups may be lost, so every replica also looks by
itself once a second at whatever it streams.

While no other replica receives them, wake-ups are gathered for as long as a replica looks by
itself: sending one for every order costs as much as a tenth of the order itself, and a third of
what this process does for a lone order. As soon as another replica is heard, or receives one,
wake-ups are sent at once again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from typing_extensions import override

from mesh.log import get_logger
from mesh.tasks import is_set_within
from mesh.telemetry.parts import POSTGRES, Dependency
from ordermesh.gateway.v1.venue_link_service_pb2 import SessionStatus
from svc_oms.service import metrics
from svc_oms.service.kill.block_view import BlockView
from svc_oms.service.ports import OrderStore, StoreUnavailableError, WakeUps
from svc_oms.service.reference.venue_sessions import VenueSessions, reported_session
from svc_oms.service.streams.notices import Notices
from svc_oms.service.streams.publisher import Publisher
from svc_oms.service.venue.session_leases import SessionLeases

log = get_logger("svc_oms.wakes")

ACCOUNT_CHANNEL = "om:wake:account"
SESSION_CHANNEL = "om:wake:session"
# Names in one message: NOTIFY carries at most 8000 bytes.
NAMES_PER_MESSAGE_MAX = 100
# Seconds between looks without a wake-up.
LOOK_INTERVAL_S = 1.0
# Looks between two counts of unknown orders.
UNKNOWN_COUNT_LOOKS = 15

# Changes are gathered for so long while no other replica listens. Seconds.
GATHER_S = LOOK_INTERVAL_S
# The result of a channel that does not say how many replicas received a message.
SOMEBODY = 2

Send = Callable[[str, str], Awaitable[int]]
"""Sends a message on a channel; returns how many replicas received it, the sender among them;
0: it could not be sent this way."""


class WakeUpSender(WakeUps):
    """Gathers what moved and sends it in the background; see `ports.WakeUps`."""

    def __init__(self, replica: str, ways: Sequence[Send]) -> None:
        self._replica = replica
        self._ways = ways
        self._accounts: set[str] = set()
        self._sessions: set[str] = set()
        self._some = asyncio.Event()
        self._alone = False
        self._another = asyncio.Event()

    def heard(self, message: str) -> None:
        """Take a message of any replica: of another, all goes at once, also what is gathered."""
        if message.partition("|")[0] != self._replica:
            self._alone = False
            self._another.set()

    @override
    def wake_accounts(self, account_ids: Sequence[str]) -> None:
        self._accounts.update(account_ids)
        self._some.set()

    @override
    def wake_sessions(self, session_ids: Sequence[str]) -> None:
        self._sessions.update(session_ids)
        self._some.set()

    async def run(self) -> None:
        """Send forever."""
        while True:
            await self._some.wait()
            if self._alone:
                self._another.clear()
                await is_set_within(self._another, GATHER_S)
            self._some.clear()
            accounts, self._accounts = self._accounts, set()
            sessions, self._sessions = self._sessions, set()
            # Sessions first: their commands are for a venue.
            heard = await self._tell(SESSION_CHANNEL, sessions)
            heard = max(heard, await self._tell(ACCOUNT_CHANNEL, accounts))
            self._alone = heard == 1

    async def _tell(self, channel: str, names: set[str]) -> int:
        """Send in as many messages as needed; return the largest number of receivers."""
        most = 0
        rest = iter(sorted(names))
        while part := list(islice(rest, NAMES_PER_MESSAGE_MAX)):
            message = f"{self._replica}|{','.join(part)}"
            for way in self._ways:
                heard = await way(channel, message)
                most = max(most, heard)
                if heard:
                    break
        return most


class WakeUpReceiver:
    """Looks at the database for what other replicas did."""

    def __init__(
        self,
        replica: str,
        store: OrderStore,
        publisher: Publisher,
        venues: VenueSessions,
        notices: Notices,
        links: SessionLeases,
        blocks: BlockView,
    ) -> None:
        self._replica = replica
        self._store = store
        self._publisher = publisher
        self._venues = venues
        self._notices = notices
        self._links = links
        self._blocks = blocks
        self._accounts: set[str] = set()
        self._sessions = False
        self._rung = asyncio.Event()
        self._postgres = Dependency(POSTGRES)
        self.database_seen = False

    def heard(self, channel: str, message: str) -> None:
        """Take a message of another replica."""
        replica, _, names = message.partition("|")
        if replica == self._replica:
            return
        if channel == ACCOUNT_CHANNEL:
            self._accounts.update(
                name for name in names.split(",") if name in self._publisher.accounts
            )
            if self._accounts:
                self._rung.set()
        else:
            self._sessions = True
            self._rung.set()

    async def run(self) -> None:
        """Look forever."""
        looks, whole_at = 0, 0.0
        now = asyncio.get_running_loop().time
        while True:
            # Wake-ups that come all the time do not put off the look at everything.
            whole = not await self._wait() or now() >= whole_at
            accounts = set(self._publisher.accounts) if whole else self._accounts
            self._accounts = set()
            sessions = self._sessions or whole
            self._sessions = False
            if whole:
                whole_at = now() + LOOK_INTERVAL_S
            try:
                await self.look(accounts, sessions=sessions)
                if whole:
                    looks += 1
                    if looks % UNKNOWN_COUNT_LOOKS == 1:
                        metrics.UNKNOWN_ORDERS.set(await self._store.unknown_orders())
            except StoreUnavailableError as error:
                self._postgres.away()
                if self.database_seen:
                    log.warning("database away", error=str(error))
                self.database_seen = False
                await asyncio.sleep(LOOK_INTERVAL_S)

    async def _wait(self) -> bool:
        if not await is_set_within(self._rung, LOOK_INTERVAL_S):
            return False
        self._rung.clear()
        return True

    async def look(self, accounts: set[str], *, sessions: bool) -> None:
        """Read how far these logs and all sessions are."""
        if sessions:
            await self._blocks.refresh()
            with self._postgres.exchange():
                rows = await self._store.sessions()
            self._links.heard(rows)
            self._notices.sessions_moved(
                self._venues.learn(
                    reported_session(
                        row.session_id,
                        row.venue_mic,
                        row.fencing_token,
                        SessionStatus.FromString(row.status),
                        drop_copy=row.drop_copy,
                    )._replace(state=row.state)
                    for row in rows
                    # What an owner here reported last is newer than what was read.
                    if not self._links.owns(row.session_id, row.fencing_token)
                )
            )
        if accounts:
            for account_id, high in (await self._store.high_waters(list(accounts))).items():
                tail = self._publisher.accounts.get(account_id)
                if tail is not None:
                    tail.advance(high)
        self.database_seen = True
