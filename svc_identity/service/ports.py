"""What the use cases need from outside."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from svc_identity.domain.audit import Act, AuditEntry
from svc_identity.domain.revocations import Revocations
from svc_identity.domain.sessions import EndCause, RefreshToken, Session
from svc_identity.domain.throttle import Failures
from svc_identity.domain.user_settings import Setting, SettingKey, SettingsHead, Stored
from svc_identity.domain.users import User


class StoreUnavailableError(Exception):
    """The database is not available, or too slow."""


class Users(Protocol):
    """The users, by id and by name."""

    async def by_name(self, username: str) -> User | None:
        """Find a user by folded name."""

    async def by_id(self, user_id: str) -> User | None:
        """Find a user by id."""

    async def save(self, user: User) -> None:
        """Add a user, or replace the user with the same id."""

    async def set_password_hash(self, user_id: str, password_hash: str) -> None:
        """Replace the hash of a password."""

    async def list(self) -> list[User]:
        """List all users by name."""


class Sessions(Protocol):
    """Sessions and refresh tokens."""

    async def open(self, session: Session, token: RefreshToken) -> None:
        """Store a new session and its first token."""

    async def find_locked(self, token_hash: bytes) -> tuple[Session, RefreshToken] | None:
        """Find a token and its session, and lock both until the transaction ends."""

    async def rotate(self, used: RefreshToken, following: RefreshToken) -> None:
        """Mark a token used and store the one that follows it."""

    async def end(self, session_id: str, cause: EndCause) -> None:
        """End a session that has not ended."""

    async def end_all(self, user_id: str, cause: EndCause, *, keep_newest: int = 0) -> None:
        """End the sessions of a user, except the newest few."""

    async def forget_expired(self, now_ns: int) -> int:
        """Delete expired sessions; return how many."""


class FailureCounts(Protocol):
    """Failed logins by key ("user:alice", "address:192.0.2.1")."""

    async def load_locked(self, keys: list[str]) -> dict[str, Failures]:
        """Load counts and lock the keys until the transaction ends. An unknown key counts zero."""

    async def store(self, counts: dict[str, Failures]) -> None:
        """Store counts; a count of zero is deleted."""

    async def forget_before(self, limit_ns: int) -> None:
        """Delete counts whose last failure is older."""


class RevocationList(Protocol):
    """What was revoked."""

    async def list(self, within_s: int) -> Revocations:
        """List what was revoked within the last seconds."""


class AuditFilter(NamedTuple):
    """Which entries are wanted. Empty means all."""

    from_ns: int = 0
    until_ns: int = 0
    username: str = ""
    acts: tuple[int, ...] = ()
    before_entry_id: str = ""
    limit: int = 100


class AuditLog(Protocol):
    """The audit log, which entries are only added to."""

    async def add(self, entry: AuditEntry) -> None:
        """Append an entry."""

    async def page(self, wanted: AuditFilter) -> list[AuditEntry]:
        """Read a page, newest first."""

    async def keys_locked(self) -> list[tuple[Act, str]]:
        """Read the acts about signing keys, oldest first; nobody else can until the end."""

    async def acts_after(self, number: int | None) -> tuple[int, list[Act]]:
        """Read the acts of users after a number, and the number of the last; None: only that."""


class SettingsSnapshot(NamedTuple):
    """The settings of a user at one moment."""

    epoch: str
    head: SettingsHead
    settings: list[Setting]


class UserSettings(Protocol):
    """The settings of users."""

    async def head_locked(self, user_id: str) -> SettingsHead:
        """Read the counts of a user; nobody else changes settings of the user until the end."""

    async def find(self, user_id: str, key: SettingKey) -> Setting | None:
        """Find a setting, also one that was removed."""

    async def stored(self, user_id: str) -> Stored:
        """Count what a user has stored."""

    async def put(self, user_id: str, setting: Setting, head: SettingsHead) -> None:
        """Store a setting and the counts, and announce the change when it is committed."""

    async def removed(self, user_id: str) -> list[Setting]:
        """List the settings that were removed and are remembered, the newest first."""

    async def forget(self, user_id: str, settings: list[Setting]) -> None:
        """Remember these removed settings no longer; their newest number is kept as forgotten."""

    async def snapshot(self, user_id: str) -> SettingsSnapshot:
        """Read a user's settings by kind and name, without those that were removed."""

    async def after(self, user_id: str, revision: int) -> list[Setting]:
        """Read the settings that changed after a revision, in order, removed ones included."""


@dataclass(frozen=True, slots=True)
class Work:
    """The tables of one transaction."""

    users: Users
    sessions: Sessions
    failures: FailureCounts
    revocations: RevocationList
    audit: AuditLog
    settings: UserSettings


class Store(Protocol):
    """Opens transactions: committed at the end of the block, rolled back by an exception."""

    def work(self) -> AbstractAsyncContextManager[Work]:
        """Begin a transaction."""


class Passwords(Protocol):
    """Hashes passwords slowly, without blocking the event loop."""

    async def hash(self, password: str) -> str:
        """Hash a password with a fresh salt. Raises BusyError."""

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Compare; without a hash, return False after the same time. Raises BusyError."""

    def outdated(self, password_hash: str) -> bool:
        """Return whether a hash was made with parameters other than the current ones."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token."""

    text: str
    expires_at_ns: int


class TokenSigner(Protocol):
    """Signs access tokens."""

    def sign(self, user: User, session_id: str, now_ns: int) -> AccessToken:
        """Sign a token of a session with a user's identity, roles and accounts."""
