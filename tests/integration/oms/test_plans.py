"""Statements of the batches look rows up by key, also when planned on an empty book."""

import json

import asyncpg
import pytest

from svc_oms.adapters.postgres import control_statements as controls
from svc_oms.adapters.postgres import order_statements as sql
from svc_oms.adapters.postgres.order_store import BATCH_PLANS

GROWING = {"positions", "orders", "order_events", "idempotency", "executions", "outbox"}


@pytest.mark.parametrize(
    "statement",
    [
        sql.ORDERS,
        sql.GROUPS,
        sql.KEYS,
        sql.EXECUTIONS,
        sql.WRITE_COMMANDS,
        sql.WRITE_OUTBOX,
        sql.WRITE_VENUE,
        sql.WRITE_FOUND,
        controls.ALL_OPEN,
        controls.ORDERS_SINCE,
        controls.POSITIONS,
    ],
)
async def test_a_batch_reads_no_growing_table_whole(book_url: str, statement: str) -> None:
    connection = await asyncpg.connect(book_url, server_settings=BATCH_PLANS)
    try:
        plan = await _explain(connection, statement)
    finally:
        await connection.close()
    whole = {node.get("Relation Name") for node in plan if node["Node Type"] == "Seq Scan"}
    assert not whole & GROWING, whole


async def _explain(connection: asyncpg.Connection, statement: str) -> list[dict[str, object]]:
    prepared = await connection.prepare(statement)
    nothing = ", ".join("NULL" for _ in prepared.get_parameters())
    explained = await connection.fetchval(
        f"EXPLAIN (FORMAT JSON) EXECUTE {prepared.get_name()}({nothing})"
    )
    return list(_nodes(json.loads(explained)[0]["Plan"]))


def _nodes(node: dict[str, object]):
    yield node
    for below in node.get("Plans", []):
        yield from _nodes(below)
