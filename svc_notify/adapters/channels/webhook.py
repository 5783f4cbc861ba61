"""Webhooks: a POST of JSON, signed as Standard Webhooks has it (standardwebhooks.com).

webhook-id is the same in every attempt, so that a receiver takes a message once. webhook-signature
is "v1," and the base64 of HMAC-SHA-256 over "id.timestamp.body". The key is the secret of the
destination, in UTF-8.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from svc_notify.adapters.channels.http_post import HttpPost
from svc_notify.domain.notification import Notification
from svc_notify.domain.outbox import Message, Outcome
from svc_notify.domain.wording import utc


class Webhook:
    """The channel."""

    def __init__(self, post: HttpPost, clock: Clock) -> None:
        self._post = post
        self._clock = clock

    async def deliver(self, message: Message) -> Outcome:
        """Try once."""
        body = body_of(message)
        timestamp = str(self._clock.now_ns() // NS_PER_S)
        headers = {
            "webhook-id": message.message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(
                message.destination.secret, message.message_id, timestamp, body
            ),
        }
        return await self._post.send(message.destination.address, headers, body)


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the value of webhook-signature.

    Args:
        secret: Key of the destination.
        message_id: Value of webhook-id.
        timestamp: Value of webhook-timestamp, seconds since 1970.
        body: As it is sent.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.digest(secret.encode(), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def body_of(message: Message) -> bytes:
    """Return the body; docs/WEBHOOKS.md describes it."""
    return json.dumps(
        {
            "message_id": message.message_id,
            "rule": message.rule_name,
            "created_at": utc(message.created_ns),
            "total": message.total,
            "counts": {kind.name: count for kind, count in message.counts.items()},
            "notifications": [_fields(one) for one in message.notifications],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def _fields(one: Notification) -> dict[str, Any]:
    draft = one.draft
    fields = {
        "notification_id": one.notification_id,
        "sequence": one.sequence,
        "kind": draft.kind.name,
        "severity": draft.severity.name,
        "occurred_at": utc(draft.occurred_ns),
        "text": draft.text,
        "account_id": draft.account_id,
        "order_id": draft.order_id,
        "instrument_id": draft.instrument_id,
        "venue_mic": draft.venue_mic,
        "session_id": draft.session_id,
        "object_id": draft.object_id,
        "amount": draft.amount,
    }
    return {name: value for name, value in fields.items() if value != ""}
