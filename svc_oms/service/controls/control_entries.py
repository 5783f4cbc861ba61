"""Entries of the audit log that the controls make by themselves, in the batch that causes them."""

from typing import Final

from kernel.decimals import plain
from svc_oms.domain.controls.limits.refusals import named
from svc_oms.domain.controls.near import NearUse
from svc_oms.domain.controls.state import Stop, StrategyKey
from svc_oms.domain.model import Order
from svc_oms.service.audit.audit_log import action
from svc_oms.service.ports import AuditWrite

LIMIT_NEAR: Final = "LimitNear"
"""What the entry of a crossing has as its command; svc_notify looks for it."""


def stop_entry(key: StrategyKey, order: Order, stop: Stop) -> AuditWrite:
    """Make the entry about a strategy that the throttle stopped."""
    text = (
        f"{key.strategy} stopped in {key.instrument_id}, Side(54) {key.side}, after "
        f"{stop.executions} executions by limit {stop.limit_id} version {stop.limit_version}"
    )
    entry = action(
        stop.stopped_at_ns,
        "oms:repeated-execution",
        "StopStrategy",
        text,
        account_id=order.account_id,
        limit_id=stop.limit_id,
        strategy=key.strategy,
    )
    return entry._replace(order_id=order.order_id)


def near_entry(use: NearUse, order: Order, now_ns: int) -> AuditWrite:
    """Make the entry about the use of a limit that came near its bound by an order."""
    kind = use.applied.limit.kind.name
    what = f"{kind} {use.subject}".rstrip()
    unit = "" if use.unit in what else f" {use.unit}"
    used, maximum = plain(use.used), plain(use.maximum)
    entry = action(
        now_ns,
        "oms:limits",
        LIMIT_NEAR,
        f"{what}: {used} of {maximum}{unit} are used ({use.applied.name})",
        account_id=order.account_id,
        kind=kind,
        subject=use.subject,
        used=used,
        maximum=maximum,
        unit=use.unit,
        **named(use.applied),
    )
    return entry._replace(order_id=order.order_id)
