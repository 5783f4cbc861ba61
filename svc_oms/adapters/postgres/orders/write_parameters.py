"""The parameters of the statements that write a batch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from svc_oms.adapters.postgres.orders import order_statements as sql
from svc_oms.adapters.postgres.orders import venue_order_ids as numbers
from svc_oms.service.ports import (
    ExecutionRow,
    LinkProgress,
    OutboxWrite,
    ParkedWrite,
    PositionRow,
    WriteSet,
)


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> Iterable[Sequence[Any] | None]:
    """Turn rows into the arrays that unnest takes.

    NULLs when there are no rows: unnest makes no rows of them, and the driver looks at each array.
    """
    return zip(*rows, strict=True) if rows else (None,) * width


def outbox_parameters(commands: Sequence[OutboxWrite]) -> list[Any]:
    """Return how many commands each session gets, and the commands."""
    counts: Counter[str] = Counter()
    outbox = []
    for session_id, payload in commands:
        counts[session_id] += 1
        outbox.append((f"{session_id}\x1f{counts[session_id]}", payload))
    return [*columns(list(counts.items()), 2), *sql.OUTBOX_ROWS.pack(outbox)]


def _accounts(writes: WriteSet) -> Iterable[Any]:
    return columns([(f"{a}\x1f{controls}", n, head) for a, n, head, controls in writes.accounts], 3)


def _events(writes: WriteSet) -> list[Any]:
    return sql.EVENT_ROWS.pack(
        (f"{account_id}\x1f{sequence}\x1f{order_id}", payload, hash_)
        for account_id, sequence, order_id, payload, hash_ in writes.events
    )


def common_parameters(writes: WriteSet, outbox: Sequence[OutboxWrite]) -> list[Any]:
    """Return the parameters of `common_writes`."""
    keys = [
        (
            f"{k.account_id}\x1f{k.key}\x1f{k.kind}\x1f{k.order_id}\x1f{k.sequence}",
            k.body_hash,
            k.result,
        )
        for k in writes.idempotency
    ]
    return [
        *_accounts(writes),
        *_events(writes),
        *outbox_parameters(outbox),
        *sql.KEY_ROWS.pack(keys),
        *sql.ORDERS_TABLE.pack(writes.changed_orders),
    ]


def command_parameters(writes: WriteSet) -> list[Any]:
    """Return the parameters of WRITE_COMMANDS."""
    return [*common_parameters(writes, writes.outbox), *sql.ORDERS_TABLE.pack(writes.new_orders)]


def venue_order_id_parameters(writes: WriteSet) -> list[Any]:
    """Return the parameters of `venue_order_ids.written`."""
    return numbers.ROWS.pack([("\x1f".join(row),) for row in writes.venue_order_ids])


def wanted_keys(keys: Iterable[tuple[str, str]]) -> list[Any]:
    """Return (account, key) pairs to look for, packed."""
    return sql.WANTED_KEY_ROWS.pack([(f"{account}\x1f{key}",) for account, key in keys])


def execution_parameters(writes: WriteSet) -> list[Any]:
    """Return the executions, packed."""
    return sql.EXECUTION_ROWS.pack(map(_packed_execution, writes.executions))


def money_parameters(writes: WriteSet) -> list[Any]:
    """Return the parameters of `money_written`."""
    positions = [packed_position(row) for row in writes.positions]
    return [*execution_parameters(writes), positions or None]


def report_parameters(writes: WriteSet, progress: LinkProgress) -> list[Any]:
    """Return the parameters of WRITE_REPORTS."""
    return [
        *_accounts(writes),
        *_events(writes),
        *sql.ORDERS_TABLE.pack(writes.changed_orders),
        *progress,
        *venue_order_id_parameters(writes),
    ]


def venue_parameters(writes: WriteSet, progress: LinkProgress) -> list[Any]:
    """Return the parameters of WRITE_VENUE, which has no outbox."""
    return [
        *common_parameters(writes, ()),
        *money_parameters(writes),
        *columns(writes.busted, 3),
        *columns(writes.parked, len(ParkedWrite._fields)),
        *progress,
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
