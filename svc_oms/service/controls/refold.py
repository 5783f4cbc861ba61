"""Folds a position anew after a bust or a correction: from the database, and from the batch.

Reads the executions of one instrument of one account, a part at a time. In memory are only the
amended executions and the events of the batch.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from kernel.side import Side
from mesh.log import get_logger
from ordermesh.oms.v1 import order_pb2
from svc_oms.domain.events import Event, OrderExecuted
from svc_oms.domain.model import InstrumentKey, Order
from svc_oms.domain.positions.account_positions import (
    AMENDING,
    Amendments,
    Fill,
    Openings,
    Position,
    Refold,
    fill_of,
)
from svc_oms.service.codec.control_records import openings_value
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.ports import FillReader, FillRow, Transaction

log = get_logger("svc_oms.positions")


class Movement(NamedTuple):
    """An event of the batch that changes a position."""

    order: Order
    event: Event
    sequence: int


async def refold_position(
    transaction: Transaction,
    account_id: str,
    key: InstrumentKey,
    movements: Iterable[Movement],
) -> Position:
    """Return the position that the stored executions make together with those of the batch.

    Args:
        transaction: The batch's; the account is locked.
        account_id: The account.
        key: The instrument.
        movements: The batch's events in this instrument, in their order.
    """
    movements = tuple(movements)
    openings = openings_value(await transaction.openings(account_id))
    refold = await folded(transaction, account_id, key, movements, openings)
    return refold.finished()


async def folded(
    reader: FillReader,
    account_id: str,
    key: InstrumentKey,
    movements: Sequence[Movement],
    openings: Openings,
    until: int | None = None,
) -> Refold:
    """Fold the stored executions of an instrument and those of the batch.

    Args:
        reader: A view in which the account does not change.
        account_id: The account.
        key: The instrument.
        movements: The batch's events in this instrument, in their order.
        openings: What the archived executions make.
        until: Sequence of the last fill that counts; all busts and corrections do.
    """
    amendments = Amendments()
    for row in await reader.amendments(account_id, key.isin):
        message = order_pb2.Order.FromString(row.order_body)
        if InstrumentKey.of(message) == key:
            line = decode_event(row.payload)
            assert isinstance(line.event, AMENDING), "its execution is a bust or a correction"
            amendments.add(line.order_id, Side(message.side), line.event, line.sequence)
    for order, event, sequence in movements:
        if isinstance(event, AMENDING):
            amendments.add(order.order_id, order.side, event, sequence)
    refold, count = Refold(account_id, key, amendments, openings), 0
    async for fill_row in reader.fills(account_id, key.isin):
        fill = _fill(fill_row, key)
        if fill is None:
            continue
        if until is None or fill.sequence <= until:
            refold.add(fill)
            count += 1
        else:
            # Its busts and corrections are then known not to be of an archived one.
            amendments.applied(fill)
    for order, event, sequence in movements:
        if isinstance(event, OrderExecuted):
            refold.add(fill_of(order, event, sequence))
    log.info("position folded anew", account=account_id, isin=key.isin, stored_fills=count)
    return refold


def _fill(row: FillRow, key: InstrumentKey) -> Fill | None:
    """Read a row; None if its order is of another instrument."""
    order = order_pb2.Order.FromString(row.order_body)
    if InstrumentKey.of(order) != key:
        return None
    return Fill(
        order.order_id,
        row.exec_id,
        Side(order.side),
        Decimal(row.quantity),
        Decimal(row.price),
        row.sequence,
    )
