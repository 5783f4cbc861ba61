"""Users, their roles, and the rules for both."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from svc_identity.domain.errors import InvalidUserError

USERNAME_PATTERN = re.compile(r"[a-z][a-z0-9._-]{0,63}")
ACCOUNT_PATTERN = re.compile(r"[A-Z0-9-]{1,32}")
DISPLAY_NAME_MAX_CHARACTERS = 128
ACCOUNTS_PER_USER_MAX = 100  # every token contains them
PRICE_RIGHTS_PER_USER_MAX = 50  # every token contains them
PRICE_RIGHT_PATTERN = re.compile(r"(\*|[A-Z0-9]{4})=(REAL_TIME|DELAYED|NONE)")
ALL_PRICES = frozenset({"*=REAL_TIME"})
"""What a user gets for whom nothing else is said."""
PASSWORD_MIN_CHARACTERS = 10
PASSWORD_MAX_CHARACTERS = 128


class Role(Enum):
    """Roles of a user; the value is the text in tokens."""

    VIEWER = "VIEWER"
    TRADER = "TRADER"
    OPERATOR = "OPERATOR"
    AUDITOR = "AUDITOR"
    RISK = "RISK"


@dataclass(frozen=True, slots=True)
class User:
    """A person or a program that logs in."""

    user_id: str
    username: str
    display_name: str
    password_hash: str
    roles: frozenset[Role]
    accounts: frozenset[str]
    disabled: bool = False
    version: int = 1
    """Counts changes of roles, accounts, rights to prices and state."""
    price_rights: frozenset[str] = ALL_PRICES
    """Rights to the prices of venues: "SIMB=DELAYED"; * is every venue that is not named. A venue
    without a right gets none."""


def fold_username(text: str) -> str:
    """Return a typed user name in its stored form; never fails."""
    return text.strip().casefold()


def check_user(user: User) -> None:
    """Refuse a user that breaks a rule.

    Raises:
        InvalidUserError: Names what, what it was and what it should be.
    """
    if not USERNAME_PATTERN.fullmatch(user.username):
        raise InvalidUserError(
            f"username {user.username!r}: a lower-case letter, then up to 63 of a-z 0-9 . _ -"
        )
    if not 1 <= len(user.display_name) <= DISPLAY_NAME_MAX_CHARACTERS:
        raise InvalidUserError(
            f"display name of {len(user.display_name)} characters: "
            f"1 to {DISPLAY_NAME_MAX_CHARACTERS}"
        )
    if not user.roles:
        raise InvalidUserError("roles: at least one")
    if len(user.accounts) > ACCOUNTS_PER_USER_MAX:
        raise InvalidUserError(f"{len(user.accounts)} accounts: at most {ACCOUNTS_PER_USER_MAX}")
    for account in sorted(user.accounts):
        if not ACCOUNT_PATTERN.fullmatch(account):
            raise InvalidUserError(f"account {account!r}: 1 to 32 of A-Z 0-9 -")
    check_price_rights(user.price_rights)


def check_price_rights(rights: Collection[str]) -> None:
    """Refuse rights to prices that break a rule.

    Raises:
        InvalidUserError: Names what, what it was and what it should be.
    """
    if len(rights) > PRICE_RIGHTS_PER_USER_MAX:
        raise InvalidUserError(f"{len(rights)} price rights: at most {PRICE_RIGHTS_PER_USER_MAX}")
    venues: set[str] = set()
    for right in sorted(rights):
        if not PRICE_RIGHT_PATTERN.fullmatch(right):
            raise InvalidUserError(
                f"price right {right!r}: VENUE=RIGHT; VENUE is a MIC of 4 of A-Z 0-9, or * "
                "for every venue that is not named; RIGHT is REAL_TIME, DELAYED or NONE"
            )
        venue = right.partition("=")[0]
        if venue in venues:
            raise InvalidUserError(f"price right {right!r}: venue {venue} has another one already")
        venues.add(venue)


def check_password(password: str) -> None:
    """Refuse a password that is too short or too long.

    Raises:
        InvalidUserError: With the bounds, without the password.
    """
    if not PASSWORD_MIN_CHARACTERS <= len(password) <= PASSWORD_MAX_CHARACTERS:
        raise InvalidUserError(
            f"password of {len(password)} characters: "
            f"{PASSWORD_MIN_CHARACTERS} to {PASSWORD_MAX_CHARACTERS}"
        )
