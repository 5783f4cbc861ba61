"""Archives and removes what is older than its named age, a step at a time.

The order of the steps makes a run that is killed at any moment harmless: what is removed is in a
file before, and the next run goes on. `verify` holds after each step:

1. The opening positions of an account take in its executions up to the end of the month.
2. Everything that will go is written to files.
3. Closed orders of the time go, with their executions and idempotency keys. Orders that are open,
   were changed later, or belong to a group with such an order stay.
4. The log of each account begins after the month: its base has the hash from which the chain goes
   on, and the orders that stay as they were then.
5. Partitions of the log that are below all bases are dropped.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from svc_oms.domain.evolve import evolve
from svc_oms.domain.model import InstrumentKey, Order
from svc_oms.service.codec.control_records import openings_value, position_row
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.codec.order_records import (
    order_message,
    order_write,
    progress_message,
    read_order,
)
from svc_oms.service.controls.refold import folded
from svc_oms.service.ports import OpeningsRow
from svc_oms.service.ports.retention_ports import (
    Archive,
    LogEnd,
    Opening,
    RetentionStore,
    Source,
)

Say = Callable[[str], None]
# Attempts for an account whose executions are busted or corrected meanwhile.
ATTEMPTS_MAX = 10
OF_ORDERS = (Source.EVENTS, Source.ORDERS, Source.EXECUTIONS, Source.ROUTING, Source.KEYS)


async def plan_orders(store: RetentionStore, days: int, say: Say) -> None:
    """Say what a run would archive and remove of the orders; change nothing."""
    before = await store.month_before(days)
    counts = await store.counts(before, await store.event_ends(before))
    listed = ", ".join(f"{count} rows of {source}" for source, count in counts.items())
    say(f"older than {days} days, recorded before {before}: {listed}")


async def retain_orders(store: RetentionStore, archive: Archive, days: int, say: Say) -> int:
    """Archive and remove orders with all that belongs to them; return how many orders."""
    before = await store.month_before(days)
    ends = await store.event_ends(before)
    if not ends:
        say(f"no events recorded before {before}")
        return 0
    for end in ends:
        await _open_positions(store, end)
    await _archive(store, archive, OF_ORDERS, before, ends, say)
    await store.announce(before)
    removed = 0
    for end in ends:
        orders = await _each_batch(store.remove_orders, end.key)
        keys = await _each_batch(store.remove_keys, end.key)
        openings = [each async for each in _opening_orders(store, end)]
        await store.move_base(end, openings)
        removed += orders
        say(f"{end.key}: {orders} orders, {keys} keys removed; {len(openings)} orders stay open")
    for name in await store.drop_events(before):
        say(f"dropped {name}")
    return removed


async def retain_audit(store: RetentionStore, archive: Archive, days: int, say: Say) -> int:
    """Archive and remove entries of the audit log; return how many."""
    before = await store.month_before(days)
    ends = await store.audit_ends(days)
    await _archive(store, archive, [Source.AUDIT, Source.PARKED], before, ends, say)
    removed = 0
    for end in ends:
        while count := await store.remove_audit(end):
            removed += count
    parked = await store.remove_parked(before)
    say(f"{removed} entries of the audit log and {parked} settled parked messages removed")
    return removed


async def plan_audit(store: RetentionStore, days: int, say: Say) -> None:
    """Say what a run would archive and remove of the audit log; change nothing."""
    count = await store.audit_count(await store.audit_ends(days))
    say(f"older than {days} days: {count} entries of the audit log")


async def _archive(
    store: RetentionStore,
    archive: Archive,
    sources: Sequence[Source],
    before: str,
    ends: Sequence[LogEnd],
    say: Say,
) -> None:
    for source in sources:
        archived = await archive.write(source, store.rows(source, before, ends))
        if archived is not None:
            await store.record(archived)
            say(f"archived {archived.rows} rows of {source} to {archived.file}")


async def _each_batch(
    remove: Callable[[str, str], Awaitable[tuple[int, str]]], account_id: str
) -> int:
    removed, after = 0, ""
    while True:
        count, after = await remove(account_id, after)
        removed += count
        if not after:
            return removed


async def _open_positions(store: RetentionStore, end: LogEnd) -> None:
    """Take an account's executions up to an end into its opening positions."""
    for _ in range(ATTEMPTS_MAX):
        row = await _openings(store, end)
        if row is None or await store.set_openings(end.key, row):
            return
    raise RuntimeError(f"{end.key}: executions are changed all the while; run again later")


async def _openings(store: RetentionStore, end: LogEnd) -> OpeningsRow | None:
    account_id = end.key
    async with store.view() as reader:
        row = await reader.openings(account_id)
        if row.sequence >= end.sequence:
            return None
        openings = openings_value(row)
        amended_to = await reader.last_sequence(account_id)
        made = []
        for isin, currency in await reader.position_keys(account_id):
            key = InstrumentKey(isin, currency)
            refold = await folded(reader, account_id, key, (), openings, end.sequence)
            position = refold.finished()
            if refold.archived_amended_at > end.sequence:
                raise RuntimeError(
                    f"{account_id}: event {refold.archived_amended_at} changes an execution of "
                    f"{isin} that was archived before; run again when that event is old enough"
                )
            made.append(position_row(position))
    return OpeningsRow(end.sequence, amended_to, tuple(made))


async def _opening_orders(store: RetentionStore, end: LogEnd) -> AsyncIterator[Opening]:
    """Fold the orders that stay up to an end."""
    kept = await store.kept_orders(end.key, end)
    known = (read_order(*each) for each in await store.base_orders(end.key))
    orders: dict[str, Order] = {each.order_id: each for each in known if each.order_id in kept}
    async for payload, stored in store.events_of(end.key, kept, end.sequence):
        line = decode_event(payload, stored)
        orders[line.order_id] = evolve(
            orders.get(line.order_id), line.event, line.stamp, line.sequence
        )
    for order in orders.values():
        message = order_message(order, progress_message(order))
        body = message.SerializeToString()
        yield Opening(order.order_id, body, order_write(order, message, body).fold)
