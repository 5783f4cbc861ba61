"""A copy of the order book's log that a test may damage."""

from collections.abc import AsyncIterator, Callable

import asyncpg
from typing_extensions import override

from eventlog.copies.entries import CopiedEntry, EventSource
from kernel.nanoseconds import NS_PER_S
from svc_oms.adapters.postgres.replay.scratch_book import PostgresScratchBooks
from svc_oms.service.replay.replay import Replay, ReplayScope
from svc_oms.service.replay.report import ReplayReport

FOR_EVER = 4_000_000_000 * NS_PER_S
SCHEMA = "ordermesh.oms.v1.OrderEvent"
Damage = Callable[[list[CopiedEntry]], list[CopiedEntry]]


class ListedCopy(EventSource):
    """Entries of a list, as a source; pages are small, so that orders cross their ends."""

    def __init__(self, entries: list[CopiedEntry], page: int = 3, *, aged: bool = False) -> None:
        self._entries = entries
        self._page = page
        self._aged = aged

    @property
    @override
    def name(self) -> str:
        return "a list"

    @override
    async def pages(self, topic: str) -> AsyncIterator[list[CopiedEntry]]:
        for at in range(0, len(self._entries), self._page):
            yield self._entries[at : at + self._page]

    @override
    async def removed(self, topic: str) -> frozenset[int]:
        return frozenset({0} if self._aged else ())

    @override
    async def close(self) -> None:
        """Hold nothing."""


async def copied(url: str) -> list[CopiedEntry]:
    """Return the log of the order events as the relay copies it."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "SELECT key, sequence, log_number, payload, hash FROM oms.relayed_orders "
        "ORDER BY log_number"
    )
    await connection.close()
    return [
        CopiedEntry("orders", 0, at, key, sequence, number, SCHEMA, 1, hashed, 0, payload)
        for at, (key, sequence, number, payload, hashed) in enumerate(rows)
    ]


async def replayed(
    url: str,
    source: EventSource,
    since_ns: int = 0,
    until_ns: int = FOR_EVER,
    accounts: frozenset[str] = frozenset(),
) -> ReplayReport:
    """Replay a source into the schema `replay` of a database, and compare."""
    async with PostgresScratchBooks(url).open("replay") as scratch:
        scope = ReplayScope(since_ns, until_ns, accounts)
        return await Replay(source, scratch, scope, lambda _line: None).run()
