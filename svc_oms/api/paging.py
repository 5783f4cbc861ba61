"""Page tokens: the last id of the page before, bound to the filter of its request."""

from kernel.ulid import ULID_CHARACTERS, valid_ulid
from mesh.rpc import page_tokens
from ordermesh.oms.v1 import audit_service_pb2, order_service_pb2

# Rows that a page looks at where its filter matches few. The page then ends early, with a token
# for the rest.
ROWS_READ_MAX = 5_000

Paged = order_service_pb2.ListRequest | audit_service_pb2.AuditServiceListRequest


def page_token(request: Paged, last_id: str) -> str:
    """Make the token of the page after this order or entry; empty for none."""
    return page_tokens.page_token(request, (last_id,)) if last_id else ""


def page_start(request: Paged) -> str:
    """Return the id of the order or entry that the page starts after; empty for the first page.

    Raises:
        MeshError: INVALID_FIELD: The token was not made for this request.
    """
    place = page_tokens.page_place(request, (str,))
    return "" if place is None else page_id(place[0])


def page_id(token: str) -> str:
    """Return a token that is the last id of the page before; empty for the first page.

    Raises:
        MeshError: INVALID_FIELD: It is not such an id.
    """
    if token and not (len(token) == ULID_CHARACTERS and valid_ulid(token)):
        raise page_tokens.foreign_token(token)
    return token
