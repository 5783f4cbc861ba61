"""What the order store in memory holds, a field for each of PostgreSQL's tables."""

import copy
import dataclasses

from svc_oms.service.ports import (
    AccountRow,
    AuditHead,
    AuditLine,
    ExecutionRow,
    IdempotencyRow,
    OrderRow,
    OrderWrite,
    PositionRow,
    SessionRow,
)
from svc_oms.service.ports.control_ports import ControlRecord
from svc_oms.service.ports.kill_ports import PullRow, SwitchRow
from svc_oms.service.ports.parked_ports import SettledWrite, StatementRow
from svc_oms.service.ports.session_ports import ActionRow


def order_row(order: OrderWrite) -> OrderRow:
    return OrderRow(order.order_id, order.account_id, order.last_sequence, order.body, order.fold)


@dataclasses.dataclass
class Tables:
    accounts: dict[str, AccountRow] = dataclasses.field(default_factory=dict)
    orders: dict[str, OrderWrite] = dataclasses.field(default_factory=dict)
    events: dict[tuple[str, int], tuple[str, bytes]] = dataclasses.field(default_factory=dict)
    executions: dict[tuple[str, str], ExecutionRow] = dataclasses.field(default_factory=dict)
    keys: dict[tuple[str, str], IdempotencyRow] = dataclasses.field(default_factory=dict)
    sessions: dict[str, SessionRow] = dataclasses.field(default_factory=dict)
    outbox: dict[tuple[str, int], bytes] = dataclasses.field(default_factory=dict)
    parked: list = dataclasses.field(default_factory=list)
    settled: dict[int, SettledWrite] = dataclasses.field(default_factory=dict)
    statements: dict[str, StatementRow] = dataclasses.field(default_factory=dict)
    venue_order_ids: set[tuple[str, str, str]] = dataclasses.field(default_factory=set)
    instruments: dict[str, bytes] = dataclasses.field(default_factory=dict)
    controls_version: int = 1
    audit: dict[tuple[str, int], AuditLine] = dataclasses.field(default_factory=dict)
    audit_heads: dict[str, AuditHead] = dataclasses.field(default_factory=dict)
    switches: dict[str, SwitchRow] = dataclasses.field(default_factory=dict)
    pulls: dict[tuple[str, str], PullRow] = dataclasses.field(default_factory=dict)
    blocks: dict[str, tuple[int, int, int]] = dataclasses.field(default_factory=dict)
    positions: dict[tuple[str, str, str], PositionRow] = dataclasses.field(default_factory=dict)
    hashes: dict[tuple[str, int], bytes] = dataclasses.field(default_factory=dict)
    records: dict[tuple[int, str, int], ControlRecord] = dataclasses.field(default_factory=dict)
    control_keys: dict[tuple[str, str], tuple[bytes, bytes]] = dataclasses.field(
        default_factory=dict
    )
    people: dict[str, str] = dataclasses.field(default_factory=dict)
    actions: dict[str, ActionRow] = dataclasses.field(default_factory=dict)
    standbys: dict[tuple[str, str], float] = dataclasses.field(default_factory=dict)
    handed_over: dict[str, tuple[str, float]] = dataclasses.field(default_factory=dict)

    def copy(self) -> "Tables":
        return Tables(*(copy.copy(getattr(self, f.name)) for f in dataclasses.fields(self)))
