"""Answers of frequent reads, kept with the version of the account that they show.

An answer is served from its copy only if PostgreSQL, asked after the request came, still has the
version with which the copy was kept. The version changes in every transaction that writes the
account's row: with each event of the account, with rebuilt positions, with removed orders.
"""

import hashlib
from collections.abc import Awaitable, Callable
from functools import cache
from typing import NamedTuple

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from svc_oms.service import metrics
from svc_oms.service.ports import AccountVersions, ReadCopies
from svc_oms.service.reads.copy_format import ANSWERS_FORMAT
from svc_oms.service.reads.gathered import Gathered

# A larger answer is not kept.
COPY_BYTES_MAX = 256 * 1024
# An account that changed more recently is read from the database alone: its copies would be old.
QUIET_S = 1.0
# Accounts whose last version is remembered; beyond it all are forgotten.
ACCOUNTS_MAX = 10_000

_DIGEST_BYTES = 32
_END = b"\0"

Load = Callable[[], Awaitable[bytes]]


class _Seen(NamedTuple):
    version: str
    moved_ns: int


class CheckedReads:
    """Serves copies that are current, and keeps what it reads from the database.

    Attributes:
        copies: Where the copies are.
    """

    def __init__(
        self,
        store: AccountVersions,
        copies: ReadCopies,
        clock: Clock,
        answers_format: bytes = ANSWERS_FORMAT,
    ) -> None:
        self.copies = copies
        self._format = answers_format
        self._clock = clock
        self._versions = Gathered(store.account_versions)
        self._found = Gathered(copies.find)
        self._seen: dict[str, _Seen] = {}

    async def answer(self, kind: str, account_id: str, name: bytes, load: Load) -> bytes:
        """Return the answer of a read of one account, whose caller may see the account.

        Args:
            kind: The rpc, for the metric.
            account_id: The account that alone decides the answer.
            name: What is asked within the account: the request as bytes.
            load: Reads the answer from the database.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        if not self.copies.here:
            return await self._loaded(kind, "away", load)
        if self._is_busy(account_id):
            return await self._loaded(kind, "busy", load)
        key = _key(self._format, kind, account_id, name)
        asked = self._found.ask(key)
        version = await self._versions.ask(account_id)
        if version is None:
            return await self._loaded(kind, "unknown", load)
        self._note(account_id, version)
        kept = await asked
        outcome = "absent"
        if kept is not None:
            body = _body(key, version, kept)
            if body is not None:
                _count(kind, "copy")()
                return body
            outcome = "old"
        # It is read after the version, so it may be newer, and then the version has moved on.
        body = await self._loaded(kind, outcome, load)
        if len(body) <= COPY_BYTES_MAX:
            self.copies.keep(key, _copy(key, version, body))
        return body

    async def _loaded(self, kind: str, outcome: str, load: Load) -> bytes:
        _count(kind, outcome)()
        return await load()

    def _is_busy(self, account_id: str) -> bool:
        seen = self._seen.get(account_id)
        return seen is not None and self._clock.now_ns() - seen.moved_ns < QUIET_S * NS_PER_S

    def _note(self, account_id: str, version: str) -> None:
        seen = self._seen.get(account_id)
        if seen is None:
            if len(self._seen) >= ACCOUNTS_MAX:
                self._seen.clear()
            self._seen[account_id] = _Seen(version, 0)
        elif seen.version != version:
            self._seen[account_id] = _Seen(version, self._clock.now_ns())


@cache
def _count(kind: str, source: str) -> Callable[[], None]:
    return metrics.READS.labels(kind, source).inc


def _key(answers_format: bytes, kind: str, account_id: str, name: bytes) -> str:
    # The format has a fixed length, so nothing else of it can pass for a part of the rest.
    rest = _END.join((kind.encode(), account_id.encode(), name))
    return hashlib.sha256(answers_format + rest).hexdigest()


def _copy(key: str, version: str, body: bytes) -> bytes:
    return _digest(key, version, body) + body


def _body(key: str, version: str, kept: bytes) -> bytes | None:
    """Return the body of a copy; None if it is of another version or key, or damaged."""
    body = kept[_DIGEST_BYTES:]
    return body if kept[:_DIGEST_BYTES] == _digest(key, version, body) else None


def _digest(key: str, version: str, body: bytes) -> bytes:
    return hashlib.sha256(_END.join((key.encode(), version.encode(), body))).digest()
