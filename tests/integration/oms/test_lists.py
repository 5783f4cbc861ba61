"""A page of a list reads a bounded number of rows, whatever its filter matches."""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from svc_oms.adapters.postgres import bounded_scan
from svc_oms.adapters.postgres.logs import audit_log_store
from svc_oms.adapters.postgres.orders.order_pages import order_scan
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.ports import AuditFilter, ListFilter

ROWS = 30_000
READ_MAX = 1_000
PAGE = 100
# All ids are of this millisecond, and so are the times of the rows.
START_US = 1_700_000_000_000_000
DAY_US = 86_400_000_000
REJECTED, OPEN, FILLED = 8, 2, 4
FEW_OPEN = 30

# Every hundredth order is of bob, every thousandth is open; the oldest is the only rejected one.
ORDERS = f"""
INSERT INTO oms.orders (order_id, account_id, instrument_id, venue_mic, side, type, state, is_open,
    quantity, cum_quantity, leaves, average_price, cl_ord_id, created_sequence, last_sequence,
    created_at, updated_at, body, fold)
SELECT '01HF7YAT' || lpad(n::text, 18, '0'), CASE WHEN n % 100 = 0 THEN 'ACC-BOB' ELSE 'ACC-ALICE'
    END, CASE WHEN n % 3 = 0 THEN 'SAP.SIMA' ELSE 'ASML.SIMA' END, 'SIMA', 1, 2,
    CASE WHEN n = 1 THEN {REJECTED} WHEN n % 1000 = 0 THEN {OPEN} ELSE {FILLED} END, n % 1000 = 0,
    1, 0, 1, 0, n::text, n, n, to_timestamp({START_US} / 1000000), now(), 'body', 'fold'
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608
ENTRIES = f"""
INSERT INTO oms.audit_log (writer, sequence, entry_id, at, kind, actor, account_id, order_id,
    reason, payload, hash)
SELECT 'w', n, '01HF7YAT' || lpad(n::text, 18, '0'), to_timestamp({START_US} / 1000000),
    CASE WHEN n = 1 THEN 2 ELSE 1 END, 'alice', 'ACC-ALICE', CASE WHEN n % 2 = 0 THEN 'O' ELSE ''
    END, 1 + n % 2, 'entry', 'hash'
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608

EVERY_ORDER = ListFilter(None, (), "", False, 0, 0, "", PAGE, READ_MAX)
EVERY_ENTRY = AuditFilter(0, 0, "", "", "", (), 0, "", PAGE, READ_MAX)
BOTH = ("ACC-ALICE", "ACC-BOB")

ORDER_FILTERS = [
    {},
    {"account_ids": ("ACC-ALICE",)},
    {"account_ids": BOTH},
    {"account_ids": ("ACC-NOBODY",)},
    {"states": (REJECTED,)},
    {"account_ids": BOTH, "states": (REJECTED,)},
    {"instrument_id": "NONE.SIMA"},
    {"account_ids": ("ACC-BOB",), "instrument_id": "NONE.SIMA", "states": (OPEN,)},
    {"open_only": True},
    {"open_only": True, "account_ids": BOTH, "instrument_id": "NONE.SIMA"},
    {"open_only": True, "states": (REJECTED,)},
    {"created_from_us": START_US + DAY_US},
    {"created_until_us": START_US - DAY_US},
    {"created_from_us": START_US - DAY_US, "created_until_us": START_US, "account_ids": BOTH},
]
ENTRY_FILTERS = [
    {},
    {"kind": 2},
    {"actor": "nobody"},
    {"actor": "alice", "reasons": (9,)},
    {"account_id": "ACC-ALICE", "actor": "nobody"},
    {"order_id": "O", "kind": 2},
    {"reasons": (8, 9)},
    {"from_us": START_US + DAY_US},
    {"until_us": START_US - DAY_US},
    {"from_us": START_US - DAY_US, "until_us": START_US},
]


@pytest.fixture
async def filled(book_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A book with many orders and many entries of the audit log."""
    connection = await asyncpg.connect(book_url)
    await connection.execute(
        "INSERT INTO oms.accounts (account_id, display_name, base_currency, firm_id, status)"
        " VALUES ('ACC-ALICE', 'a', 'EUR', 'F', 1), ('ACC-BOB', 'b', 'EUR', 'F', 1)"
        " ON CONFLICT DO NOTHING"
    )
    for statement in (ORDERS, ENTRIES, "ANALYZE"):
        await connection.execute(statement)
    yield connection
    await connection.close()


async def rows_read(connection: asyncpg.Connection, scan: bounded_scan.Scan) -> int:
    """Run the statement of a page, and count what it read of the tables and their indexes."""
    text = bounded_scan.statement(scan, PAGE, READ_MAX)
    plan = await connection.fetchval(
        f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {text}", *scan.parameters
    )
    waiting, count = [json.loads(plan)[0]["Plan"]], 0
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", ())
        if node.get("Relation Name") in {"orders", "audit_log"} or "Index Name" in node:
            each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            count += int(each * node["Actual Loops"])
    return count


async def test_a_page_reads_a_bounded_number_of_rows(filled: asyncpg.Connection) -> None:
    # The rows that are looked at, and those of the page once more.
    most = READ_MAX + 2 * FEW_OPEN + 2 * (PAGE + 1)
    for changes in ORDER_FILTERS:
        read = await rows_read(filled, order_scan(EVERY_ORDER._replace(**changes)))
        assert read <= most, changes
    for changes in ENTRY_FILTERS:
        read = await rows_read(filled, audit_log_store.scan(EVERY_ENTRY._replace(**changes)))
        assert read <= most, changes


async def test_a_time_far_from_all_rows_reads_none(filled: asyncpg.Connection) -> None:
    for changes in ({"created_from_us": START_US + DAY_US}, {"created_until_us": DAY_US}):
        assert not await rows_read(filled, order_scan(EVERY_ORDER._replace(**changes)))
    for changes in ({"from_us": START_US + DAY_US}, {"until_us": DAY_US}):
        scan = audit_log_store.scan(EVERY_ENTRY._replace(**changes))
        assert not await rows_read(filled, scan)


@pytest.mark.usefixtures("filled")
async def test_the_pages_of_a_rare_filter_go_through_all_rows_once(book_url: str) -> None:
    store = await PostgresStore.connect(book_url)
    try:
        rare = EVERY_ORDER._replace(states=(REJECTED, OPEN), account_ids=BOTH)
        found, pages, after = [], 0, ""
        while pages == 0 or after:
            page = await store.list_orders(rare._replace(before_order_id=after))
            found += [int(row.order_id[-8:]) for row in page.rows]
            pages, after = pages + 1, page.next_after
        rare_entry = EVERY_ENTRY._replace(kind=2)
        entries, entry_pages, after = [], 0, ""
        while entry_pages == 0 or after:
            listed = await store.list_audit(rare_entry._replace(before_entry_id=after))
            entries += listed.rows
            entry_pages, after = entry_pages + 1, listed.next_after
    finally:
        await store.close()
    assert found == [*range(ROWS, 0, -1000), 1]
    assert len(entries) == 1
    # The last page of entries ends exactly where they do, which only one look more shows.
    assert entry_pages == ROWS // READ_MAX + 1
    assert pages <= 2 * ROWS // READ_MAX


@pytest.mark.usefixtures("filled")
async def test_a_page_that_is_full_goes_on_after_its_last_row(book_url: str) -> None:
    store = await PostgresStore.connect(book_url)
    try:
        wanted = EVERY_ORDER._replace(instrument_id="SAP.SIMA")
        first = await store.list_orders(wanted)
        second = await store.list_orders(wanted._replace(before_order_id=first.next_after))
    finally:
        await store.close()
    numbers = [int(row.order_id[-8:]) for row in (*first.rows, *second.rows)]
    assert numbers == list(range(ROWS, ROWS - 3 * 2 * PAGE, -3))
