"""Appends entries to the audit log, chained.

Each writer has a chain of its own, so that no replica waits for another; its row is locked
after all other locks of a transaction. So numbers and hashes follow the order of the commits,
without a hole. A transaction whose outcome is unknown may have written its entries: if it is
repeated they are there twice, but never missing.
"""

from collections.abc import Sequence
from functools import partial

from kernel.hashchain import event_hash
from kernel.ulid import new_ulid
from ordermesh.oms.v1.audit_service_pb2 import AUDIT_KIND_ACTION
from svc_oms.service.codec.audit_entries import audit_entry, audit_line
from svc_oms.service.ports import AuditTransaction, AuditWrite, OrderStore, Record


class AuditLog:
    """Appends to one writer's chain.

    Use: list entries in `WriteSet.audit` if the command worker or a session link writes the batch;
    call `append` last in a transaction of your own; give a store that has a transaction of its own
    what `recorder` returns; `record` without a transaction.
    """

    def __init__(self, writer: str) -> None:
        self.writer = writer

    async def append(self, transaction: AuditTransaction, entries: Sequence[AuditWrite]) -> None:
        """Append within a transaction, as its last step before the commit."""
        if not entries:
            return
        sequence, head = await transaction.lock_audit(self.writer)
        lines = []
        for entry in entries:
            sequence += 1
            message = audit_entry(self.writer, sequence, new_ulid(entry.at_ns), entry)
            payload = message.SerializeToString(deterministic=True)
            head = event_hash(head, payload)
            lines.append(audit_line(message, payload, head))
        await transaction.write_audit(self.writer, lines)

    def recorder(self, *entries: AuditWrite) -> Record:
        """Return what appends these entries in the transaction of a store."""
        return partial(self.append, entries=entries)

    async def record(self, store: OrderStore, entries: Sequence[AuditWrite]) -> None:
        """Append in a transaction of its own.

        Raises:
            StoreUnavailableError: It may or may not have been written.
        """
        async with store.transaction() as transaction:
            await self.append(transaction, entries)


def action(
    at_ns: int, actor: str, command: str, text: str, *, account_id: str = "", **metadata: object
) -> AuditWrite:
    """Make the entry of an action that is in no order's log, such as a change of a control."""
    return AuditWrite(
        kind=AUDIT_KIND_ACTION,
        at_ns=at_ns,
        actor=actor,
        command=command,
        text=text,
        account_id=account_id,
        metadata={name: str(value) for name, value in metadata.items()},
    )
