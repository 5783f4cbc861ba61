"""The parameters of the statements that write a batch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from svc_oms.adapters.postgres.orders import order_statements as sql
from svc_oms.adapters.postgres.orders import venue_order_ids as numbers
from svc_oms.service.ports import ExecutionRow, LinkProgress, ParkedWrite, PositionRow, WriteSet


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> Iterable[Sequence[Any]]:
    """Turn rows into the arrays that unnest takes; empty ones when there are no rows."""
    return zip(*rows, strict=True) if rows else ((),) * width


def outbox_parameters(writes: WriteSet) -> list[Any]:
    """Return how many commands each session gets, and the commands."""
    counts: Counter[str] = Counter()
    outbox = []
    for session_id, payload in writes.outbox:
        counts[session_id] += 1
        outbox.append((f"{session_id}\x1f{counts[session_id]}", payload))
    return [*columns(list(counts.items()), 2), *sql.OUTBOX_ROWS.pack(outbox)]


def common_parameters(writes: WriteSet) -> list[Any]:
    """Return the parameters of `common_writes`."""
    events = [
        (f"{account_id}\x1f{sequence}\x1f{order_id}", payload, hash_)
        for account_id, sequence, order_id, payload, hash_ in writes.events
    ]
    keys = [
        (
            f"{k.account_id}\x1f{k.key}\x1f{k.kind}\x1f{k.order_id}\x1f{k.sequence}",
            k.body_hash,
            k.result,
        )
        for k in writes.idempotency
    ]
    return [
        *columns([(f"{a}\x1f{controls}", n, head) for a, n, head, controls in writes.accounts], 3),
        *sql.EVENT_ROWS.pack(events),
        *outbox_parameters(writes),
        *sql.KEY_ROWS.pack(keys),
        *sql.ORDERS_TABLE.pack(writes.changed_orders),
    ]


def command_parameters(writes: WriteSet) -> list[Any]:
    """Return the parameters of WRITE_COMMANDS."""
    return [*common_parameters(writes), *sql.ORDERS_TABLE.pack(writes.new_orders)]


def venue_order_id_parameters(writes: WriteSet) -> list[Any]:
    """Return the parameters of `venue_order_ids.written`."""
    return numbers.ROWS.pack([("\x1f".join(row),) for row in writes.venue_order_ids])


def wanted_keys(keys: Iterable[tuple[str, str]]) -> list[Any]:
    """Return (account, key) pairs to look for, packed."""
    return sql.WANTED_KEY_ROWS.pack([(f"{account}\x1f{key}",) for account, key in keys])


def execution_parameters(writes: WriteSet) -> list[Any]:
    """Return the executions, packed."""
    return sql.EXECUTION_ROWS.pack(map(_packed_execution, writes.executions))


def venue_parameters(writes: WriteSet, progress: LinkProgress) -> list[Any]:
    """Return the parameters of WRITE_VENUE, which has no outbox."""
    *busted, busted_parts = columns(writes.busted, 3)
    return [
        *common_parameters(replace(writes, outbox=[])),
        *execution_parameters(writes),
        *busted,
        *columns(writes.parked, len(ParkedWrite._fields)),
        *progress,
        [packed_position(row) for row in writes.positions],
        busted_parts,
        *venue_order_id_parameters(writes),
    ]


def _packed_execution(e: ExecutionRow) -> tuple[str, bytes]:
    text = (
        f"{e.venue_mic}\x1f{e.exec_id}\x1f{e.order_id}\x1f{e.account_id}\x1f{e.sequence}"
        f"\x1f{e.exec_type}\x1f{e.quantity}\x1f{e.price}\x1f{e.busted}\x1f{e.part}"
    )
    return text, e.body


def packed_position(p: PositionRow) -> str:
    """Pack a row of oms.positions."""
    return "\x1f".join(map(str, p))
