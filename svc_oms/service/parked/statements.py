"""Statements that wait for a second person: reading them, and declining one."""

from kernel.clock import Clock
from ordermesh.oms.v1 import statement_pb2
from svc_oms.service.audit.audit_log import AuditLog, action
from svc_oms.service.commands.resolve import check_waiting, decided, row_text, statement_not_found
from svc_oms.service.directory.user_names import Person
from svc_oms.service.ports import OrderStore
from svc_oms.service.ports.parked_ports import StatementFilter, StatementRow


class Statements:
    """Reads and declines statements; the command worker makes and confirms them."""

    def __init__(self, store: OrderStore, clock: Clock, audit_log: AuditLog) -> None:
        self._store = store
        self._clock = clock
        self._audit_log = audit_log

    async def page(self, wanted: StatementFilter) -> list[StatementRow]:
        """Read a page, newest first."""
        return await self._store.parked().statements(wanted)

    async def require(self, statement_id: str) -> StatementRow:
        """Read one statement.

        Raises:
            MeshError: OBJECT_NOT_FOUND.
        """
        row = await self._store.parked().statement(statement_id)
        if row is None:
            raise statement_not_found(statement_id)
        return row

    async def decline(self, statement_id: str, who: Person, reason: str) -> StatementRow:
        """End a statement without effect.

        Raises:
            MeshError: OBJECT_NOT_FOUND, OBJECT_STATE.
        """
        async with self._store.transaction() as transaction:
            rows = await transaction.statements([statement_id])
            if not rows:
                raise statement_not_found(statement_id)
            now_ns = self._clock.now_ns()
            check_waiting(rows[0], now_ns)
            row = decided(rows[0], statement_pb2.STATEMENT_STATE_DECLINED, who, now_ns)
            await transaction.write_statements([row])
            entry = action(
                now_ns,
                who.subject,
                "DeclineStatement",
                f"declined because {reason}: {row_text(row)}",
                account_id=row.account_id,
                statement_id=statement_id,
            )
            entry = entry._replace(order_id=row.order_id, actor_name=who.username)
            await self._audit_log.append(transaction, [entry])
        return row
