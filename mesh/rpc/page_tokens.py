"""Tokens of pages: where the next page begins, bound to the request that it continues.

A token is opaque to clients and no secret. It holds for the same request with any page_size.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from google.protobuf.message import Message

from mesh.errors import refuse

DIGEST_BYTES: Final = 8
INTEGER_MAX: Final = 2**63 - 1
"""Largest whole number of a place: that of a database."""
SHOWN_CHARACTERS_MAX: Final = 32
EXPECTED: Final = "the next_page_token of an answer to the same request, or empty"


def page_token(request: Any, place: Sequence[str | int]) -> str:
    """Make the token of the page that begins at a place.

    Args:
        request: Has `page_token` and `page_size`.
        place: What the next page needs to know: texts, and whole numbers from 0.
    """
    raw = _digest(request) + json.dumps(list(place), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode()


def page_place(request: Any, kinds: tuple[type, ...]) -> list[Any] | None:
    """Return the place at which a page begins; None for the first page.

    Args:
        request: Has `page_token`.
        kinds: The types of what a place has: str and int.

    Raises:
        MeshError: INVALID_FIELD: the token was not made for this request.
    """
    if not request.page_token:
        return None
    try:
        raw = base64.b64decode(request.page_token, altchars=b"-_", validate=True)
        place = json.loads(raw[DIGEST_BYTES:])
    except (binascii.Error, ValueError, RecursionError):
        raw, place = b"", None
    fits = isinstance(place, list) and tuple(map(type, place)) == kinds
    fits = fits and all(map(_is_place, place))
    if not fits or raw[:DIGEST_BYTES] != _digest(request):
        raise foreign_token(request.page_token)
    return list(place)


def foreign_token(token: str) -> Exception:
    """Refuse a token that is not one of the request."""
    shown = repr(token[:SHOWN_CHARACTERS_MAX])
    text = f"page_token was {shown}; expected {EXPECTED}"
    return refuse("INVALID_FIELD", text, "page_token", value=shown, expected=EXPECTED)


def _is_place(value: str | int) -> bool:
    """Return whether the database can compare a part of a place with what is stored."""
    return "\x00" not in value if isinstance(value, str) else 0 <= value <= INTEGER_MAX


def _digest(request: Message) -> bytes:
    """Hash everything of a request but its page."""
    bare: Any = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("page_token")
    if "page_size" in bare.DESCRIPTOR.fields_by_name:
        bare.ClearField("page_size")
    return sha256(bare.SerializeToString(deterministic=True)).digest()[:DIGEST_BYTES]
