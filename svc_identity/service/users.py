"""Administration of users."""

from dataclasses import replace

from kernel.clock import Clock
from svc_identity.domain.audit import Act, changes, described
from svc_identity.domain.errors import InvalidUserError
from svc_identity.domain.sessions import EndCause
from svc_identity.domain.users import (
    ALL_PRICES,
    Role,
    User,
    check_password,
    check_price_rights,
    check_user,
    fold_username,
)
from svc_identity.service.audit import entry
from svc_identity.service.ports import Passwords, Store, Work


async def ensure_user(
    store: Store,
    passwords: Passwords,
    *,
    new_user_id: str,
    username: str,
    display_name: str,
    password: str,
    roles: frozenset[Role],
    accounts: frozenset[str],
    clock: Clock,
    by: str,
    price_rights: frozenset[str] | None = None,
) -> User:
    """Add a user, or update and enable the user with this name.

    Without price rights a known user keeps those it has, and a new one may read all prices.

    Raises:
        InvalidUserError: The user or the password breaks a rule.
    """
    check_password(password)
    name = fold_username(username)
    wanted = User(
        new_user_id, name, display_name, "", roles, accounts,
        price_rights=ALL_PRICES if price_rights is None else price_rights,
    )  # fmt: skip
    check_user(wanted)
    wanted = replace(wanted, password_hash=await passwords.hash(password))
    async with store.work() as work:
        known = await work.users.by_name(name)
        act, detail = Act.USER_ADDED, described(wanted)
        if known is not None:
            kept = known.price_rights if price_rights is None else price_rights
            wanted = replace(wanted, user_id=known.user_id, price_rights=kept)
            act, detail = Act.USER_CHANGED, changes(known, wanted)
        await work.users.save(wanted)
        await _record(work, clock, act, by, wanted, detail)
    return wanted


async def disable_user(store: Store, username: str, *, clock: Clock, by: str) -> User:
    """Disable a user and end its sessions; its access tokens and streams end within seconds.

    Raises:
        InvalidUserError: The user does not exist.
    """
    async with store.work() as work:
        known = await work.users.by_name(fold_username(username))
        if known is None:
            raise InvalidUserError(f"no user {username!r}")
        disabled = replace(known, disabled=True)
        await work.users.save(disabled)
        await work.sessions.end_all(known.user_id, EndCause.USER_DISABLED)
        await _record(work, clock, Act.USER_DISABLED, by, disabled, described(disabled))
    return disabled


async def set_price_rights(
    store: Store, username: str, price_rights: frozenset[str], *, clock: Clock, by: str
) -> User:
    """Replace a user's rights to prices; access tokens and streams of before end within seconds.

    Raises:
        InvalidUserError: The user does not exist, or a right breaks a rule.
    """
    check_price_rights(price_rights)
    async with store.work() as work:
        known = await work.users.by_name(fold_username(username))
        if known is None:
            raise InvalidUserError(f"no user {username!r}")
        changed = replace(known, price_rights=price_rights)
        await work.users.save(changed)
        await _record(work, clock, Act.USER_CHANGED, by, changed, changes(known, changed))
    return changed


async def _record(work: Work, clock: Clock, act: Act, by: str, user: User, detail: str) -> None:
    who = f"admin:{by}"
    await work.audit.add(
        entry(clock, act, actor=who, user_id=user.user_id, username=user.username, detail=detail)
    )


async def list_users(store: Store) -> list[User]:
    """List all users by name."""
    async with store.work() as work:
        return await work.users.list()
