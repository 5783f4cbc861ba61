"""The report of a recovery: what came back since it began, from the order log itself."""

from dataclasses import dataclass, field
from typing import Final

from kernel.nanoseconds import NS_PER_US
from ordermesh.oms.v1 import event_pb2, order_pb2, recovery_pb2
from svc_oms.service.codec.values import timestamp
from svc_oms.service.ports import OrderStore
from svc_oms.service.ports.recovery_ports import RecoveryRow, RecoveryStore

# Entries of the order log that a report reads.
ENTRIES_READ_MAX: Final = 100_000
ENTRIES_PER_PAGE: Final = 5_000
# Orders, and executions, that a report names.
NAMED_MAX: Final = 1_000


@dataclass(slots=True)
class _Found:
    """What the log has since the recovery began."""

    orders: list[str] = field(default_factory=list)
    executions: list[recovery_pb2.RecoveredExecution] = field(default_factory=list)
    parked: int = 0
    read: int = 0

    def take(self, event: event_pb2.OrderEvent) -> None:
        kind = event.WhichOneof("kind")
        if kind == "accepted" and event.accepted.order.origin == order_pb2.ORDER_ORIGIN_RECOVERED:
            self.orders.append(event.order_id)
        elif kind == "executed":
            fill = event.executed.execution
            self.executions.append(
                recovery_pb2.RecoveredExecution(
                    account_id=event.account_id,
                    order_id=event.order_id,
                    exec_id=fill.exec_id,
                    quantity=fill.quantity,
                    price=fill.price,
                )
            )
        elif kind == "venue_report_parked":
            self.parked += 1


async def report_of(
    row: RecoveryRow, recoveries: RecoveryStore, orders: OrderStore
) -> recovery_pb2.Recovery:
    """Return a recovery with its report.

    Raises:
        StoreUnavailableError: The database cannot be reached.
    """
    found = await _read(row, recoveries)
    sessions = await recoveries.sessions_of(row.recovery_id)
    known = {session.session_id for session in sessions}
    message = recovery_pb2.Recovery(
        recovery_id=row.recovery_id,
        state=(
            recovery_pb2.RECOVERY_STATE_CONFIRMED
            if row.confirmed_at_us
            else recovery_pb2.RECOVERY_STATE_OPEN
        ),
        opened_at=timestamp(row.opened_at_us * NS_PER_US),
        evidence=row.evidence,
        ended_epoch=row.ended_epoch,
        confirmed_by=row.confirmed_by,
        confirmed_by_name=row.confirmed_by_name,
        reason=row.reason,
        recovered_order_ids=found.orders[:NAMED_MAX],
        executions=found.executions[:NAMED_MAX],
        parked_messages=found.parked,
        unknown_orders=await orders.unknown_orders(),
        sessions_missing=sorted(
            one.session_id for one in await orders.sessions() if one.session_id not in known
        ),
        truncated=found.read >= ENTRIES_READ_MAX,
    )
    if row.confirmed_at_us:
        message.confirmed_at.CopyFrom(timestamp(row.confirmed_at_us * NS_PER_US))
    for session in sessions:
        message.sessions.add(
            session_id=session.session_id,
            evidence=session.evidence,
            compared=session.compared,
            requests_recovered=session.recovered,
            not_recovered=session.not_recovered,
        )
    return message


async def _read(row: RecoveryRow, recoveries: RecoveryStore) -> _Found:
    found, after = _Found(), row.log_number
    while found.read < ENTRIES_READ_MAX:
        page = await recoveries.entries(after, ENTRIES_PER_PAGE)
        for entry in page:
            event = event_pb2.OrderEvent.FromString(entry.payload)
            at = event.occurred_at.ToNanoseconds() // NS_PER_US
            if row.confirmed_at_us and at > row.confirmed_at_us:
                return found
            found.take(event)
        found.read += len(page)
        if len(page) < ENTRIES_PER_PAGE:
            break
        after = page[-1].log_number
    return found
