"""Statements of the batches look rows up by key, also when planned on an empty book."""

import json

import asyncpg
import pytest

from svc_oms.adapters.postgres.controls import control_statements as controls
from svc_oms.adapters.postgres.logs.commit_log import PAGES
from svc_oms.adapters.postgres.orders import guess_statements
from svc_oms.adapters.postgres.orders import order_statements as sql
from svc_oms.adapters.postgres.orders.order_store import BATCH_PLANS

GROWING = {"positions", "orders", "order_events", "idempotency", "executions", "outbox"}
LOGS = {"order_events", "audit_log", "control_records", "state_log"}


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
        guess_statements.WRITE_COMMANDS,
        guess_statements.WRITE_AUDITED_COMMANDS,
        guess_statements.WRITE_REPORTS,
        guess_statements.WRITE_MONEY_REPORTS,
        guess_statements.WRITE_AUDITED_REPORTS,
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
    assert not _read_whole(plan) & GROWING


@pytest.mark.parametrize("statement", [sql.EVENTS, *PAGES.values()])
async def test_a_page_of_a_log_is_read_in_order(book_url: str, statement: str) -> None:
    connection = await asyncpg.connect(book_url, server_settings=BATCH_PLANS)
    try:
        plan = await _explain(connection, statement)
    finally:
        await connection.close()
    assert not _read_whole(plan) & (GROWING | LOGS)
    sorted_ = [node for node in plan if node["Node Type"] == "Sort"]
    # EVENTS sorts its page, which is limited, to join the orders.
    assert all(node["Sort Key"] == ["page.sequence"] for node in sorted_)


async def test_what_other_replicas_wrote_is_looked_for_in_recent_partitions(book_url: str) -> None:
    connection = await asyncpg.connect(book_url, server_settings=BATCH_PLANS)
    try:
        await connection.execute("""
            CREATE TABLE oms.order_events_2020_01 PARTITION OF oms.order_events
            (PRIMARY KEY (account_id, sequence)) FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')
        """)
        plan = await _explain(connection, controls.ORDERS_SINCE)
    finally:
        await connection.close()
    pruned = [node["Subplans Removed"] for node in plan if node.get("Subplans Removed")]
    assert pruned == [1, 1]
    assert "order_events_2020_01" not in {node.get("Relation Name") for node in plan}


def _read_whole(plan: list[dict[str, object]]) -> set[str]:
    """Return the tables that are read from end to end; a partition counts as its table."""
    whole = [str(node["Relation Name"]) for node in plan if node["Node Type"] == "Seq Scan"]
    parts = {name for name in whole if name.startswith("order_events_")}
    return {*whole, *({"order_events"} if parts else ())}


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
