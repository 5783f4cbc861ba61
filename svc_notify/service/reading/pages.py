"""Reads pages of every log; an entry that cannot be read holds up nobody."""

from collections.abc import Sequence
from typing import Final

from google.protobuf.message import DecodeError

from eventlog.logs import Entry, Log
from mesh.log import get_logger
from svc_notify.domain.notification import Audience, Draft, Kind, Severity
from svc_notify.service.reading.alerts import read_alerts
from svc_notify.service.reading.audit import read_audit
from svc_notify.service.reading.controls import read_controls
from svc_notify.service.reading.found import Found, Orders, Reader
from svc_notify.service.reading.orders import read_orders
from svc_notify.service.reading.states import read_states

READERS: Final[dict[Log, Reader]] = {
    Log.ORDERS: read_orders,
    Log.AUDIT: read_audit,
    Log.CONTROLS: read_controls,
    Log.STATES: read_states,
    Log.ALERTS: read_alerts,
}
"""The logs that make notifications, and what reads the entries of each."""
UNREADABLE: Final = (DecodeError, ValueError, LookupError, TypeError, ArithmeticError)
"""What an entry that is not as this version expects makes its reader raise."""

_log = get_logger(__name__)


def read_page(log: Log, entries: Sequence[Entry], orders: Orders, now_ns: int) -> Found:
    """Return what entries of a log give.

    For an entry that cannot be read there is a notification that says so: those who oversee have to
    look at the entry, and all others go on.
    """
    try:
        return READERS[log](entries, orders)
    except UNREADABLE:
        found = Found()
        for entry in entries:
            found.take(_read_one(log, entry, orders, now_ns))
        return found


def _read_one(log: Log, entry: Entry, orders: Orders, now_ns: int) -> Found:
    try:
        return READERS[log]([entry], orders)
    except UNREADABLE:
        _log.exception("an entry cannot be read", log=log.value, log_number=entry.log_number)
        text = (
            f"Entry {entry.log_number} of the log {log} ({entry.key}) cannot be read: what it says "
            "is not notified"
        )
        draft = Draft(Kind.ANOMALY, Severity.CRITICAL, Audience.OVERSIGHT, now_ns, text)
        return Found(drafts=[draft])
