"""Page tokens: the last id of the page before, bound to the filter of its request."""

import base64
import binascii
from hashlib import sha256
from typing import Any

from kernel.ulid import ULID_CHARACTERS, valid_ulid
from mesh.errors import MeshError
from ordermesh.oms.v1 import audit_service_pb2, order_service_pb2
from svc_oms.service.errors import invalid_field

_DIGEST_BYTES = 8
# Rows that a page looks at where its filter matches few. The page then ends early, with a token
# for the rest.
ROWS_READ_MAX = 5_000

Paged = order_service_pb2.ListRequest | audit_service_pb2.AuditServiceListRequest


def _digest(request: Paged) -> bytes:
    """Hash everything of a request but its page."""
    bare: Any = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("page_token")
    bare.ClearField("page_size")
    return sha256(bare.SerializeToString(deterministic=True)).digest()[:_DIGEST_BYTES]


def page_token(request: Paged, last_id: str) -> str:
    """Make the token of the page after this order or entry; empty for none."""
    if not last_id:
        return ""
    return base64.urlsafe_b64encode(_digest(request) + last_id.encode()).decode()


def page_start(request: Paged) -> str:
    """Return the id of the order or entry that the page starts after; empty for the first page.

    Raises:
        MeshError: INVALID_FIELD: The token was not made for this filter.
    """
    if not request.page_token:
        return ""
    try:
        raw = base64.b64decode(request.page_token, altchars=b"-_", validate=True)
        order_id = raw[_DIGEST_BYTES:].decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise _foreign(request.page_token) from error
    mine = raw[:_DIGEST_BYTES] == _digest(request)
    if not mine or len(order_id) != ULID_CHARACTERS or not valid_ulid(order_id):
        raise _foreign(request.page_token)
    return order_id


def page_id(token: str) -> str:
    """Return a token that is the last id of the page before; empty for the first page.

    Raises:
        MeshError: INVALID_FIELD: It is not such an id.
    """
    if token and not (len(token) == ULID_CHARACTERS and valid_ulid(token)):
        raise _foreign(token)
    return token


def _foreign(token: str) -> MeshError:
    return invalid_field(
        "page_token", token[:32], "next_page_token of an answer to the same filter, or empty"
    )
