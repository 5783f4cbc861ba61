"""What positions are folded from, on one connection."""

from collections.abc import AsyncIterator
from typing import Any

from typing_extensions import override

from svc_oms.adapters.postgres.controls import control_statements as sql
from svc_oms.adapters.postgres.errors import translated
from svc_oms.service.ports import AmendmentRow, FillReader, FillRow, OpeningsRow, PositionRow

# Fills fetched at a time while a position is folded anew.
FILL_ROWS_PREFETCH = 1_000
# Longest time of each of its reads. Longer than of other statements: an account may have millions
# of executions, and a report of a bust must not fail again and again.
REFOLD_TIMEOUT_S = 120.0


class PostgresFills(FillReader):
    """Reads in the transaction that is open on a connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @override
    async def openings(self, account_id: str) -> OpeningsRow:
        with translated():
            base = await self._connection.fetchrow(sql.POSITION_BASE, account_id)
            if base is None:
                return OpeningsRow()
            rows = await self._connection.fetch(sql.OPENING_POSITIONS, [account_id])
        return OpeningsRow(base[0], base[1], tuple(PositionRow(*row) for row in rows))

    @override
    async def amendments(self, account_id: str, named: str) -> list[AmendmentRow]:
        with translated():
            rows = await self._connection.fetch(
                sql.AMENDMENTS, account_id, named, timeout=REFOLD_TIMEOUT_S
            )
        return [AmendmentRow(*row) for row in rows]

    @override
    async def fills(self, account_id: str, named: str) -> AsyncIterator[FillRow]:
        with translated():
            rows = self._connection.cursor(
                sql.FILLS,
                account_id,
                named,
                prefetch=FILL_ROWS_PREFETCH,
                timeout=REFOLD_TIMEOUT_S,
            )
            async for row in rows:
                yield FillRow(*row)
