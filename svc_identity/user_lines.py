"""Users as lines of JSON, the input of `svc_identity.admin ensure-users`.

One object a line: `username`, `password`, `roles` (a list); optional `display_name`,
`accounts` and `prices` (lists), as the options of `ensure-user`.
"""

import json
from collections.abc import Iterable
from typing import Final, NamedTuple

from svc_identity.domain.users import Role

_TEXTS: Final = ("username", "password", "display_name")
_LISTS: Final = ("roles", "accounts", "prices")
_REQUIRED: Final = ("username", "password", "roles")


class UserLine(NamedTuple):
    """One user."""

    username: str
    password: str
    roles: frozenset[Role]
    display_name: str
    accounts: frozenset[str]
    prices: frozenset[str] | None
    """None: a known user keeps the rights to prices, and a new one gets those of all venues."""


def read_user_lines(lines: Iterable[str]) -> list[UserLine]:
    """Read all lines; empty ones are left out.

    Raises:
        ValueError: A line is wrong; it names the line and the field, but no value: a value may be
            a password.
    """
    return [_user(f"line {number}", line) for number, line in enumerate(lines, 1) if line.strip()]


def _user(where: str, line: str) -> UserLine:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError(  # noqa: TRY004  what a person wrote
            f"{where} should be a JSON object with {', '.join(_TEXTS + _LISTS)}"
        )
    if missing := [name for name in _REQUIRED if name not in found]:
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    for name, value in found.items():
        if name in _TEXTS:
            fits, should = isinstance(value, str), "a text"
        elif name in _LISTS:
            fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
            should = "a list of texts"
        else:
            fits, should = False, f"one of the fields {', '.join(_TEXTS + _LISTS)}"
        if not fits:
            raise ValueError(f"{where}: {name!r} should be {should}")
    return UserLine(
        found["username"],
        found["password"],
        frozenset(_role(where, role) for role in found["roles"]),
        found.get("display_name") or found["username"],
        frozenset(found.get("accounts", ())),
        frozenset(found["prices"]) if "prices" in found else None,
    )


def _role(where: str, name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        known = ", ".join(role.value for role in Role)
        raise ValueError(f"{where}: the role {name!r} should be one of {known}") from None
