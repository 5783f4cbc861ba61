"""Rules from protobuf, as the contract and the database have them, to the domain."""

from datetime import time
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kernel.nanoseconds import NS_PER_S
from mesh.log import get_logger
from ordermesh.notify.v1 import rule_pb2
from svc_notify.domain.notification import Severity
from svc_notify.domain.rules import MESSAGES_PER_HOUR_DEFAULT, QuietHours, Rule

_log = get_logger(__name__)


def rule_of(body: bytes) -> Rule:
    """Read a stored rule."""
    return rule_from_proto(rule_pb2.Rule.FromString(body))


def rule_from_proto(one: rule_pb2.Rule) -> Rule:
    """Read a rule of the contract whose fields are valid."""
    quiet = one.quiet_hours
    return Rule(
        rule_id=one.rule_id,
        owner=one.owner,
        firm=one.firm,
        name=one.name,
        disabled=one.disabled,
        kinds=frozenset(one.kinds),
        severity_min=one.severity_min or Severity.INFO,
        accounts=frozenset(one.account_ids),
        venue_mic=one.venue_mic,
        amount_min=Decimal(one.amount_min or 0),
        in_app=one.in_app,
        destinations=tuple(one.destination_ids),
        quiet=_quiet(quiet) if one.HasField("quiet_hours") else None,
        digest_ns=one.digest.seconds * NS_PER_S,
        messages_per_hour_max=one.messages_per_hour_max or MESSAGES_PER_HOUR_DEFAULT,
    )


def _quiet(one: rule_pb2.QuietHours) -> QuietHours:
    begin, end = time.fromisoformat(one.begin), time.fromisoformat(one.end)
    return QuietHours(begin, end, _zone(one.time_zone))


@cache
def _zone(name: str) -> ZoneInfo:
    """Return a time zone; UTC if this machine does not know the name, which another one knew."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        _log.error(
            "this machine does not know the time zone of a rule's quiet hours: they are in UTC; "
            "install its tzdata",
            time_zone=name,
        )
        return ZoneInfo("UTC")
