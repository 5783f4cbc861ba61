"""What users may see now, as svc_identity has them."""

from collections.abc import Collection
from typing import Any, Final

from svc_notify.domain.notification import Viewer, viewer

VIEWERS: Final = """
SELECT user_id, roles, accounts FROM identity.relayed_users WHERE user_id = ANY($1::text[])
"""


async def viewers_of(connection: Any, user_ids: Collection[str]) -> dict[str, Viewer]:
    """Return what users may see; a user that is disabled or does not exist is missing."""
    rows = await connection.fetch(VIEWERS, list(user_ids)) if user_ids else ()
    return {
        row["user_id"]: viewer(row["user_id"], frozenset(row["roles"]), frozenset(row["accounts"]))
        for row in rows
    }
