"""Writes one of the tables: events are read in a stream, rows go to the file page by page."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final, NamedTuple

from svc_oms.domain.model import Order
from svc_oms.service.exports import order_rows, rts24, rts27
from svc_oms.service.exports.folded_log import FoldedPage

Row = tuple[str, ...]
Rows = AsyncIterator[list[Row]]
Pages = AsyncIterator[FoldedPage]


class Table(NamedTuple):
    """A table that can be exported; every value is text, numbers exact."""

    columns: Sequence[str]
    rows: Callable[[Pages], Rows]


async def _rts24(pages: Pages) -> Rows:
    async for page in pages:
        rows = (rts24.row(order, line) for order, line in page.moved)
        yield [row for row in rows if row is not None]


async def _orders(pages: Pages) -> Rows:
    standing: dict[str, Order] = {}
    async for page in pages:
        standing.update((order.order_id, order) for order, _ in page.moved)
        yield [order_rows.row(standing.pop(order_id)) for order_id in page.ended]


async def _rts27(pages: Pages) -> Rows:
    quality = rts27.Quality()
    async for page in pages:
        for order, line in page.moved:
            quality.add(order, line)
    yield quality.rows()


TABLES: Final[Mapping[str, Table]] = {
    "rts24": Table(rts24.COLUMNS, _rts24),
    "rts27-style": Table(rts27.COLUMNS, _rts27),
    "orders": Table(order_rows.COLUMNS, _orders),
}
"""By the name that a person gives."""
