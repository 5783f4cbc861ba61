"""Notifications between domain and proto."""

from mesh.timestamps import set_timestamp, to_timestamp
from ordermesh.notify.v1 import destination_service_pb2, notification_pb2
from svc_notify.service.history import Shown
from svc_notify.service.ports import DeadLetter


def to_proto(shown: Shown) -> notification_pb2.Notification:
    """A notification as its reader gets it."""
    one, draft = shown.notification, shown.notification.draft
    message = notification_pb2.Notification(
        notification_id=one.notification_id,
        sequence=one.sequence,
        kind=draft.kind,  # type: ignore[arg-type]  # by number
        severity=draft.severity,  # type: ignore[arg-type]
        text=draft.text,
        account_id=draft.account_id,
        order_id=draft.order_id,
        instrument_id=draft.instrument_id,
        venue_mic=draft.venue_mic,
        session_id=draft.session_id,
        object_id=draft.object_id,
        amount=draft.amount,
    )
    set_timestamp(message.occurred_at, draft.occurred_ns)
    set_timestamp(message.created_at, one.created_ns)
    if shown.read_ns:
        set_timestamp(message.read_at, shown.read_ns)
    return message


def dead_letter_to_proto(one: DeadLetter) -> destination_service_pb2.DeadLetter:
    """A message that was given up."""
    return destination_service_pb2.DeadLetter(
        message_id=one.message_id,
        destination_id=one.destination_id,
        rule_id=one.rule_id,
        notifications=one.notifications,
        text=one.text,
        attempts=one.attempts,
        cause=one.cause,
        created_at=to_timestamp(one.created_ns),
        dead_at=to_timestamp(one.dead_ns),
    )
