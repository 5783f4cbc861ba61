"""The audit log: orders that a pre-trade control refused, and limits that are nearly used up."""

from collections.abc import Sequence
from typing import Final

from eventlog.logs import Entry
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import audit_service_pb2
from ordermesh.type.v1 import error_pb2
from svc_notify.domain.notification import Audience, Draft, Kind, Severity, shortened
from svc_notify.service.reading.found import Found, Orders

LIMITS: Final = frozenset(
    error_pb2.ErrorReason.Value(f"ERROR_REASON_{name}")
    for name in (
        "MAX_QUANTITY_EXCEEDED",
        "MAX_VALUE_EXCEEDED",
        "PRICE_COLLAR_EXCEEDED",
        "EXPOSURE_LIMIT_EXCEEDED",
        "POSITION_LIMIT_EXCEEDED",
        "VOLUME_LIMIT_EXCEEDED",
        "INSTRUMENT_NOT_PERMITTED",
        "SHORT_SALE_NOT_ALLOWED",
        "BUYING_POWER_EXCEEDED",
        "REPEATED_EXECUTION_STOPPED",
        "SELF_MATCH_PREVENTED",
        "REDUCE_ONLY",
        "TRADING_HALTED",
        "KILL_SWITCH_ENGAGED",
    )
)
"""Reasons of pre-trade controls (RTS 6 Article 15)."""
LIMIT_NEAR: Final = "LimitNear"
"""Command of the entry about the use of a limit that reached 80 % of its bound."""


def read_audit(entries: Sequence[Entry], orders: Orders) -> Found:
    """Read refusals and actions."""
    del orders
    found = Found()
    for entry in entries:
        record = audit_service_pb2.AuditEntry.FromString(entry.payload)
        if not record.account_id:
            continue
        if record.reason in LIMITS:
            times = f" ({record.count} times)" if record.count > 1 else ""
            text = f"A control refused an order{times}: {record.text}"
            found.drafts.append(_draft(record, Kind.LIMIT_HIT, text))
        elif record.kind == audit_service_pb2.AUDIT_KIND_ACTION and record.command == LIMIT_NEAR:
            text = f"A limit of {record.account_id} is nearly used up: {record.text}"
            found.drafts.append(_draft(record, Kind.LIMIT_NEAR, text))
    return found


def _draft(record: audit_service_pb2.AuditEntry, kind: Kind, text: str) -> Draft:
    return Draft(
        kind,
        Severity.WARNING,
        Audience.ACCOUNT,
        from_timestamp(record.at),
        shortened(text),
        account_id=record.account_id,
        order_id=record.order_id,
        object_id=record.metadata.get("limit_id", ""),
    )
