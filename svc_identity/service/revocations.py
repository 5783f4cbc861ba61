"""The list of revoked tokens, kept fresh for the other processes to fetch."""

import asyncio
import json
from collections.abc import Callable
from typing import Final

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from mesh.auth.revocations import Revoked
from mesh.log import get_logger
from svc_identity.service.ports import Store, StoreUnavailableError

READ_INTERVAL_S: Final = 2.0
# Tokens that were revoked this long before they expired are listed a little longer.
MARGIN_S: Final = 60

_log = get_logger(__name__)


class PublishedRevocations:
    """Reads the list from the database at intervals; every replica lists the same.

    While the database is away the last list stays, with its time.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        access_token_s: int,
        put: Callable[[Revoked], None] = lambda _: None,
    ) -> None:
        """Publish the revocations of a store.

        Args:
            store: Where they are.
            clock: Gives the time.
            access_token_s: Life of an access token: what was revoked earlier is not listed.
            put: Gets each list that is read, for this process itself.
        """
        self._put = put
        self._store = store
        self._clock = clock
        self._within_s = access_token_s + MARGIN_S
        self._document = self._write(frozenset(), {}, as_of_s=0)

    def document(self) -> bytes:
        """Return the list as JSON: ``as_of`` in seconds since 1970, ``sessions``, ``users``."""
        return self._document

    async def run(self) -> None:
        """Keep the list fresh."""
        while True:
            await self.read()
            await asyncio.sleep(READ_INTERVAL_S)

    async def read(self) -> None:
        """Read the list anew."""
        now_s = self._clock.now_ns() // NS_PER_S
        try:
            async with self._store.work() as work:
                revoked = await work.revocations.list(self._within_s)
        except StoreUnavailableError:
            _log.warning("the list of revoked tokens cannot be read: the database is away")
            return
        self._document = self._write(revoked.sessions, dict(revoked.users), as_of_s=now_s)
        self._put(Revoked(now_s, revoked.sessions, dict(revoked.users)))

    @staticmethod
    def _write(sessions: frozenset[str], users: dict[str, int], as_of_s: int) -> bytes:
        content = {"as_of": as_of_s, "sessions": sorted(sessions), "users": users}
        return json.dumps(content, separators=(",", ":")).encode()
