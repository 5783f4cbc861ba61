"""Orders by id, as the order book has them now."""

from collections.abc import Collection
from typing import Final

from ordermesh.oms.v1 import order_pb2
from svc_notify.adapters.postgres.database import Database

ROWS: Final = "SELECT order_id, body FROM oms.relayed_order_rows WHERE order_id = ANY($1::text[])"


class PostgresOrders:
    """The port ``OrderRows``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, order_ids: Collection[str]) -> dict[str, order_pb2.Order]:
        """Return orders by id; one that was archived is missing."""
        async with self._database.read() as connection:
            rows = await connection.fetch(ROWS, list(order_ids))
        return {row["order_id"]: order_pb2.Order.FromString(row["body"]) for row in rows}
