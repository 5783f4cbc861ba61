"""Identity without a database or argon2: the fakes its use cases are tested with."""

import asyncio
import copy
import operator
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from svc_identity.domain.audit import ADMIN_ACTS, Act, AuditEntry
from svc_identity.domain.revocations import Revocations
from svc_identity.domain.sessions import EndCause, RefreshToken, Session
from svc_identity.domain.throttle import Failures
from svc_identity.domain.user_settings import Setting, SettingKey, SettingsHead, Stored
from svc_identity.domain.users import Role, User
from svc_identity.service.ports import AccessToken, AuditFilter, SettingsSnapshot, Work

PASSWORD = "correct horse battery"
USER_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def hashed(password: str) -> str:
    """What FakePasswords makes of a password; looks like argon2 to the table's check."""
    return f"$argon2id$fake${password}"


def a_user(**changes: object) -> User:
    """Give alice, with changes."""
    alice = User(
        user_id=USER_ID,
        username="alice",
        display_name="Alice",
        password_hash=hashed(PASSWORD),
        roles=frozenset({Role.TRADER}),
        accounts=frozenset({"ACC-ALICE"}),
    )
    return replace(alice, **changes)  # type: ignore[arg-type]  # tests name fields


class FakePasswords:
    """Hashes by writing a word in front, and counts how often it is asked."""

    def __init__(self) -> None:
        self.checked: list[str | None] = []
        self.outdated_hashes: set[str] = set()

    async def hash(self, password: str) -> str:
        return hashed(password)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        self.checked.append(password_hash)
        await asyncio.sleep(0)
        return password_hash is not None and password_hash.removeprefix("old") == hashed(password)

    def outdated(self, password_hash: str) -> bool:
        return password_hash in self.outdated_hashes


class FakeSigner:
    """Signs by writing who it is for."""

    def sign(self, user: User, session_id: str, now_ns: int) -> AccessToken:  # noqa: ARG002
        return AccessToken(f"token of {user.username}", now_ns + 600 * 10**9)


class MemoryStore:
    """The store in dicts: one transaction at a time, rolled back by an exception."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.sessions: dict[str, Session] = {}
        self.tokens: dict[bytes, RefreshToken] = {}
        self.failures: dict[str, Failures] = {}
        self.entries: list[AuditEntry] = []
        self.settings: dict[tuple[str, SettingKey], Setting] = {}
        self.heads: dict[str, SettingsHead] = {}
        self.announced: list[str] = []
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        async with self._lock:
            before = copy.deepcopy({name: vars(self)[name] for name in KEPT})
            parts = (_Users, _Sessions, _Failures, _Revoked, _Audit, _Settings)
            try:
                yield Work(*(part(self) for part in parts))
            except BaseException:
                vars(self).update(before)
                raise


KEPT = ("users", "sessions", "tokens", "failures", "entries", "settings", "heads", "announced")


class _Part:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store


class _Users(_Part):
    async def by_name(self, username: str) -> User | None:
        named = [user for user in self._store.users.values() if user.username == username]
        return named[0] if named else None

    async def by_id(self, user_id: str) -> User | None:
        return self._store.users.get(user_id)

    async def save(self, user: User) -> None:
        known = self._store.users.get(user.user_id)
        version = 1
        if known is not None:
            allowed = operator.attrgetter("roles", "accounts", "price_rights", "disabled")
            version = known.version + (allowed(known) != allowed(user))
        self._store.users[user.user_id] = replace(user, version=version)

    async def set_password_hash(self, user_id: str, password_hash: str) -> None:
        user = self._store.users[user_id]
        self._store.users[user_id] = replace(user, password_hash=password_hash)

    async def list(self) -> list[User]:
        return sorted(self._store.users.values(), key=lambda user: user.username)


class _Sessions(_Part):
    async def open(self, session: Session, token: RefreshToken) -> None:
        self._store.sessions[session.session_id] = session
        self._store.tokens[token.token_hash] = token

    async def find_locked(self, token_hash: bytes) -> tuple[Session, RefreshToken] | None:
        token = self._store.tokens.get(token_hash)
        return None if token is None else (self._store.sessions[token.session_id], token)

    async def rotate(self, used: RefreshToken, following: RefreshToken) -> None:
        self._store.tokens[used.token_hash] = replace(used, used=True)
        self._store.tokens[following.token_hash] = following

    async def end(self, session_id: str, cause: EndCause) -> None:
        session = self._store.sessions[session_id]
        if session.ended is None:
            self._store.sessions[session_id] = replace(session, ended=cause)

    async def end_all(self, user_id: str, cause: EndCause, *, keep_newest: int = 0) -> None:
        live = [
            session
            for session in self._store.sessions.values()
            if session.user_id == user_id and session.ended is None
        ]
        live.sort(key=lambda session: (session.created_at_ns, session.session_id), reverse=True)
        for session in live[keep_newest:]:
            await self.end(session.session_id, cause)

    async def forget_expired(self, now_ns: int) -> int:
        old = {key for key, value in self._store.sessions.items() if value.expires_at_ns < now_ns}
        for key in old:
            del self._store.sessions[key]
        self._store.tokens = {
            key: token for key, token in self._store.tokens.items() if token.session_id not in old
        }
        return len(old)


class _Audit(_Part):
    async def add(self, entry: AuditEntry) -> None:
        self._store.entries.append(entry)

    async def page(self, wanted: AuditFilter) -> list[AuditEntry]:
        found = [
            one
            for one in self._store.entries
            if (not wanted.from_ns or one.at_ns >= wanted.from_ns)
            and (not wanted.until_ns or one.at_ns < wanted.until_ns)
            and wanted.username in {"", one.username}
            and (not wanted.acts or one.act in wanted.acts)
            and (not wanted.before_entry_id or one.entry_id < wanted.before_entry_id)
        ]
        return sorted(found, key=lambda one: one.entry_id, reverse=True)[: wanted.limit]

    async def keys_locked(self) -> list[tuple[Act, str]]:
        keys = {Act.KEY_USED, Act.KEY_GONE}
        return [(one.act, one.detail) for one in self._store.entries if one.act in keys]

    async def acts_after(self, number: int | None) -> tuple[int, list[Act]]:
        entries = self._store.entries
        if number is None:
            return len(entries), []
        found = [n for n, one in enumerate(entries, 1) if n > number and one.act in ADMIN_ACTS]
        return (found[-1] if found else number), [entries[n - 1].act for n in found]


class _Revoked(_Part):
    """All that was ever revoked: the fake has no time."""

    async def list(self, within_s: int) -> Revocations:  # noqa: ARG002
        ended = (one for one in self._store.sessions.values() if one.ended is not None)
        changed = [one for one in self._store.users.values() if one.version > 1]
        return Revocations(
            frozenset(one.session_id for one in ended),
            {one.user_id: one.version for one in changed},
            {one.user_id: frozenset() if one.disabled else one.price_rights for one in changed},
        )


class _Failures(_Part):
    async def load_locked(self, keys: list[str]) -> dict[str, Failures]:
        return {key: self._store.failures.get(key, Failures()) for key in keys}

    async def store(self, counts: dict[str, Failures]) -> None:
        for key, failures in counts.items():
            if failures.count:
                self._store.failures[key] = failures
            else:
                self._store.failures.pop(key, None)

    async def forget_before(self, limit_ns: int) -> None:
        self._store.failures = {
            key: failures
            for key, failures in self._store.failures.items()
            if failures.last_failed_at_ns >= limit_ns
        }


class _Settings(_Part):
    async def head_locked(self, user_id: str) -> SettingsHead:
        return self._store.heads.get(user_id, SettingsHead())

    async def find(self, user_id: str, key: SettingKey) -> Setting | None:
        return self._store.settings.get((user_id, key))

    async def stored(self, user_id: str) -> Stored:
        bodies = [one.body for one in self._of(user_id) if one.body is not None]
        return Stored(len(bodies), sum(map(len, bodies)))

    async def put(self, user_id: str, setting: Setting, head: SettingsHead) -> None:
        self._store.settings[user_id, setting.key] = setting
        self._store.heads[user_id] = head
        self._store.announced.append(user_id)

    async def removed(self, user_id: str) -> list[Setting]:
        return [one for one in self._of(user_id) if one.body is None][::-1]

    async def forget(self, user_id: str, settings: list[Setting]) -> None:
        for one in settings:
            del self._store.settings[user_id, one.key]
        forgotten = max(one.revision for one in settings)
        self._store.heads[user_id] = replace(self._store.heads[user_id], forgotten=forgotten)

    async def snapshot(self, user_id: str) -> SettingsSnapshot:
        there = sorted(one for one in self._of(user_id) if one.body is not None)
        return SettingsSnapshot("epoch", await self.head_locked(user_id), there)

    async def after(self, user_id: str, revision: int) -> list[Setting]:
        return [one for one in self._of(user_id) if one.revision > revision]

    def _of(self, user_id: str) -> list[Setting]:
        found = [one for (owner, _), one in self._store.settings.items() if owner == user_id]
        return sorted(found, key=lambda one: one.revision)
