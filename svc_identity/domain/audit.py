"""What is recorded: who came in, who did not, and what was done to users and keys."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from svc_identity.domain.users import User


class Act(IntEnum):
    """Numbers of ordermesh.identity.v1.IdentityAct; stored."""

    LOGIN = 1
    LOGIN_FAILED = 2
    LOGIN_THROTTLED = 3
    LOGOUT = 4
    TOKEN_REUSED = 5
    REFRESH_REFUSED = 6
    USER_ADDED = 7
    USER_CHANGED = 8
    USER_DISABLED = 9
    KEY_USED = 10
    KEY_GONE = 11


ADMIN_ACTS = frozenset({Act.USER_ADDED, Act.USER_CHANGED, Act.USER_DISABLED})
"""By the administration command, which is a process of its own."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry; the fields are those of IdentityAuditEntry."""

    entry_id: str
    at_ns: int
    act: Act
    actor: str = ""
    user_id: str = ""
    username: str = ""
    address: str = ""
    session_id: str = ""
    detail: str = ""
    count: int = 1


def stranger(name: str) -> str:
    """Return what is recorded of a name that no user has: people type passwords there."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"({len(name)} characters, {digest})"


def changes(before: User, after: User) -> str:
    """Return in words what is different; never a password or its hash."""
    found = []
    if before.display_name != after.display_name:
        found.append(f"display name {before.display_name!r} to {after.display_name!r}")
    roles = _sorted(role.value for role in before.roles), _sorted(r.value for r in after.roles)
    for what, (was, now) in (
        ("roles", roles),
        ("accounts", (_sorted(before.accounts), _sorted(after.accounts))),
        ("prices", (_sorted(before.price_rights), _sorted(after.price_rights))),
    ):
        if was != now:
            found.append(f"{what} {was} to {now}")
    if before.disabled and not after.disabled:
        found.append("enabled")
    if before.password_hash != after.password_hash:
        found.append("password set")
    return "; ".join(found)


def described(user: User) -> str:
    """Return the rights of a user in words."""
    roles = _sorted(role.value for role in user.roles)
    prices = _sorted(user.price_rights)
    return f"roles {roles}; accounts {_sorted(user.accounts)}; prices {prices}"


def _sorted(names: Iterable[str]) -> str:
    return ",".join(sorted(names)) or "none"


def key_acts(
    recorded: Sequence[tuple[Act, str]], published: Sequence[str]
) -> list[tuple[Act, str]]:
    """Return what changed of the signing keys since it was last recorded.

    Args:
        recorded: Acts about keys with their details, oldest first.
        published: Key ids, the one that signs first.
    """
    standing: dict[str, str] = {}
    for act, detail in recorded:
        key_id, _, what = detail.partition(" ")
        if act is Act.KEY_USED:
            standing[key_id] = what
        else:
            standing.pop(key_id, None)
    found = []
    for number, key_id in enumerate(published):
        what = "is published" if number else "signs"
        if standing.get(key_id) != what:
            found.append((Act.KEY_USED, f"{key_id} {what}"))
    return found + [
        (Act.KEY_GONE, f"{key_id} is no longer published")
        for key_id in standing
        if key_id not in published
    ]
