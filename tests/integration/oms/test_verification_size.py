"""Verification reads a large book in parts: its memory does not grow with the number of orders."""

import asyncio
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from kernel.ulid import new_ulid
from mesh.settings import child_environment
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.domain.events import Event, OrderAccepted, OrderExecuted, Stamp
from svc_oms.domain.verification.verify import Finding
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.book.verification import Scope, verify_book
from svc_oms.service.codec.order_records import execution_row
from svc_oms.service.controls.rebuild_positions import rebuild_positions
from tests.support.lifecycle import TrackedOrder, report

ACCOUNT = "ACC-ALICE"
BATCH_ORDERS = 250
FEW, MANY = 1_000, 20_000
GROWTH_BYTES_MAX = 24 * 1024**2
"""The few orders fill a page of the log as the many do; the rest is chance."""


def one_order() -> list[Event]:
    """Return what happens to each order: taken, acknowledged, filled in two parts."""
    tracked = TrackedOrder()
    tracked.place(100)
    tracked.report("0", "0")
    tracked.fill("E1", 40, "50")
    tracked.hear(
        report(
            "F", "2", exec_id="E2", last_quantity="60", last_price="50", cum_quantity="100",
            leaves_quantity="0",
        )
    )  # fmt: skip
    return [line.event for line in tracked.log]


def of_order(event: Event, order_id: str) -> Event:
    if isinstance(event, OrderAccepted):
        order = event.order._replace(order_id=order_id, cl_ord_id=f"{order_id}-1")
        return OrderAccepted(order)
    if isinstance(event, OrderExecuted):
        return replace(event, execution=event.execution._replace(order_id=order_id))
    return event


async def fill_book(store: PostgresStore, orders: int) -> None:
    events, number = one_order(), 0
    while number < orders:
        async with store.transaction() as transaction:
            changes = BookChanges(await transaction.lock_accounts([ACCOUNT]), number)
            for _ in range(BATCH_ORDERS):
                number += 1
                order_id = new_ulid(number * 1_000_000)
                mine = [of_order(event, order_id) for event in events]
                stamp = Stamp(number, actor="alice")
                last = changes.add(ACCOUNT, None, mine, stamp).last_sequence
                changes.writes.executions += [
                    execution_row(event.execution, last - len(mine) + place, "F")
                    for place, event in enumerate(mine, start=1)
                    if isinstance(event, OrderExecuted)
                ]
            await transaction.write(changes.finish())
    await rebuild_positions(store, store.controls())


def peak_memory(url: str) -> int:
    """Run the command; return its largest resident set in bytes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "svc_oms.admin", "verify"],
        env=child_environment({"ORDERMESH_DATABASE_URL": url}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak, watched = 0, psutil.Process(process.pid)
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
            watched.wait(timeout=0.05)
        except psutil.TimeoutExpired:
            continue
        except psutil.NoSuchProcess:
            break
    text, _ = process.communicate()
    assert process.returncode == 0, text
    assert "no difference" in text
    return peak


async def test_a_book_of_several_pages_is_verified(book_url):
    store = await PostgresStore.connect(book_url)
    await fill_book(store, 750)
    lines: list[str] = []
    report_ = await verify_book(store, progress=lines.append)
    assert report_.findings == []
    assert (report_.orders, report_.executions, report_.events) == (750, 1_500, 3_000)
    assert f"{ACCOUNT}: event 2,000 of 3,000, 0 orders open" in lines
    one = await verify_book(store, Scope(frozenset({"ACC-BOB", "ACC-NONE"})))
    assert (one.accounts, one.events) == (1, 0)
    assert one.findings == [Finding("sequence", "ACC-NONE", "there is no such account")]
    assert any("audit log" in text for text in one.left_out)
    await store.close()


async def test_only_what_was_recorded_since_a_time_is_read(book_url):
    store = await PostgresStore.connect(book_url)
    await fill_book(store, 250)
    middle = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8"
    since_us = await store._read_pool.fetchval(middle)
    await fill_book(store, 250)
    report_ = await verify_book(store, Scope(since_us=since_us))
    assert report_.findings == []
    assert (report_.orders, report_.events) == (250, 1_000)
    later = await verify_book(store, Scope(since_us=since_us + 3_600_000_000))
    assert (later.orders, later.events, later.findings) == (0, 0, [])
    await store.close()


@pytest.mark.long
async def test_memory_does_not_grow_with_the_number_of_orders(book_url):
    store = await PostgresStore.connect(book_url)
    await fill_book(store, FEW)
    few = await asyncio.to_thread(peak_memory, book_url)
    await fill_book(store, MANY)
    await store.close()
    many = await asyncio.to_thread(peak_memory, book_url)
    assert many - few < GROWTH_BYTES_MAX, f"{few} and {many} bytes"
