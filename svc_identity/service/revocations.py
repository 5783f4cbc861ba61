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
        self._document = self._write(Revoked())

    def document(self) -> bytes:
        """Return the list as JSON.

        It has ``as_of`` in seconds since 1970, ``sessions``, ``users`` and ``prices``.
        """
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
        listed = Revoked(now_s, revoked.sessions, dict(revoked.users), dict(revoked.prices))
        self._document = self._write(listed)
        self._put(listed)

    @staticmethod
    def _write(listed: Revoked) -> bytes:
        content = {
            "as_of": listed.as_of_s,
            "sessions": sorted(listed.sessions),
            "users": dict(listed.users),
            "prices": {user: sorted(rights) for user, rights in listed.prices.items()},
        }
        return json.dumps(content, separators=(",", ":")).encode()
