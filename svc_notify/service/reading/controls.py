"""The log of controls: changes and overrides that wait for a second person."""

import json
from collections.abc import Sequence
from typing import Final

from eventlog.logs import Entry
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import limit_pb2, limit_service_pb2
from svc_notify.domain.notification import Audience, Draft, Kind, Severity, shortened
from svc_notify.service.reading.found import Found, Orders

OVERRIDE: Final = 2
PROPOSED_CHANGE: Final = 5
"""Kinds of control records that can wait, as docs/EVENTS.md has them."""


def read_controls(entries: Sequence[Entry], orders: Orders) -> Found:
    """Read versions of controls."""
    del orders
    found = Found()
    for entry in entries:
        _, kind, _, _, _, _, _, _, body = json.loads(entry.payload)
        if kind == OVERRIDE:
            found.drafts += _override(bytes.fromhex(body))
        elif kind == PROPOSED_CHANGE:
            found.drafts += _change(bytes.fromhex(body))
    return found


def _override(body: bytes) -> list[Draft]:
    one = limit_pb2.Override.FromString(body)
    if one.state != limit_pb2.OVERRIDE_STATE_PROPOSED:
        return []
    return [
        Draft(
            Kind.APPROVAL_WAITING,
            Severity.WARNING,
            Audience.ACCOUNT,
            from_timestamp(one.proposed_at),
            shortened(
                f"An override of limit {one.limit_id} for {one.account_id} waits for the approval "
                f"of a second person: {one.proposed_by_name}: {one.reason}"
            ),
            account_id=one.account_id,
            object_id=one.override_id,
        )
    ]


def _change(body: bytes) -> list[Draft]:
    one = limit_service_pb2.ProposedChange.FromString(body)
    if one.state != limit_service_pb2.PROPOSED_CHANGE_STATE_PROPOSED:
        return []
    return [
        Draft(
            Kind.APPROVAL_WAITING,
            Severity.WARNING,
            Audience.OVERSIGHT,
            from_timestamp(one.proposed_at),
            shortened(
                f"A change of {one.proposed_by_name} waits for a second person: {one.looser}"
            ),
            object_id=one.change_id,
        )
    ]
