"""Login: a user name and a password for a session."""

from dataclasses import dataclass, field

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from svc_identity.domain.audit import Act, stranger
from svc_identity.domain.errors import BadCredentialsError, LoginThrottledError
from svc_identity.domain.sessions import (
    SESSIONS_PER_USER_MAX,
    EndCause,
    RefreshToken,
    Session,
    hash_secret,
    new_secret,
)
from svc_identity.domain.throttle import (
    PER_ADDRESS,
    PER_USERNAME,
    Failures,
    ThrottleRule,
    counted,
    taken_back,
    wait_s,
)
from svc_identity.domain.users import User, fold_username
from svc_identity.service.audit import ACTS, FailureLog, entry
from svc_identity.service.ports import AccessToken, Passwords, Store, TokenSigner
from svc_identity.service.turns import Turns


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Lifetimes of refresh tokens and sessions, in seconds."""

    refresh_token_s: int
    session_s: int


@dataclass(frozen=True, slots=True)
class Grant:
    """Result of a login or a refresh."""

    user: User
    access: AccessToken
    refresh_token: str
    refresh_expires_at_ns: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to log in."""

    name: str
    """As typed, folded."""
    address: str
    session_id: str

    @property
    def keys(self) -> dict[str, ThrottleRule]:
        """What it counts against: its name, then its address."""
        return {f"user:{self.name}": PER_USERNAME, f"address:{self.address}": PER_ADDRESS}


@dataclass(frozen=True, slots=True)
class LoginParts:
    """The parts that login, refresh and logout share."""

    store: Store
    passwords: Passwords
    signer: TokenSigner
    clock: Clock
    limits: SessionLimits
    failure_log: FailureLog
    turns: Turns = field(default_factory=Turns)


async def login(
    using: LoginParts, username: str, password: str, address: str, session_id: str
) -> Grant:
    """Open a session.

    Three short transactions instead of one: none is open while a password is hashed.

    Raises:
        BadCredentialsError: The password is wrong, or the user unknown or disabled.
        LoginThrottledError: Too many failures with this name or from this address.
        BusyError: Too many logins at once; the attempt does not count.
    """
    name = fold_username(username)
    attempt = Attempt(name, address, session_id)
    by_name, by_address = attempt.keys
    # The name first: a caller that waits for a name keeps no turn of the address.
    async with (
        using.turns.take(by_name, PER_USERNAME.at_once),
        using.turns.take(by_address, PER_ADDRESS.at_once),
    ):
        return await _attempt(using, attempt, password)


async def _attempt(using: LoginParts, attempt: Attempt, password: str) -> Grant:
    keys = attempt.keys
    await _count_attempt(using, attempt)
    try:
        async with using.store.work() as work:
            user = await work.users.by_name(attempt.name)
        # Also for an unknown user, so that the time of the answer does not reveal who exists.
        right = await using.passwords.verify(password, user.password_hash if user else None)
    except BaseException:
        await _take_back(using, list(keys))
        raise
    if user is None or not right or user.disabled:
        await _record_failure(using, attempt, user, right=right)
        raise BadCredentialsError
    better = None
    if using.passwords.outdated(user.password_hash):
        better = await using.passwords.hash(password)
    return await _open_session(using, user, attempt, better=better)


async def _record_failure(
    using: LoginParts, attempt: Attempt, user: User | None, *, right: bool
) -> None:
    """Record why a login failed; the same work whether the user exists or not."""
    detail = "unknown user" if user is None else "wrong password"
    if user is not None and user.disabled:
        detail = f"disabled user, {'right' if right else 'wrong'} password"
    await using.failure_log.failed(
        Act.LOGIN_FAILED,
        username=stranger(attempt.name) if user is None else attempt.name,
        address=attempt.address,
        user_id="" if user is None else user.user_id,
        detail=detail,
    )


async def _count_attempt(using: LoginParts, attempt: Attempt) -> None:
    now, keys = using.clock.now_ns(), attempt.keys
    async with using.store.work() as work:
        known = await work.failures.load_locked(sorted(keys))
        wait = max(wait_s(known[key], rule, now) for key, rule in keys.items())
        if wait <= 0:
            await work.failures.store(
                {key: counted(known[key], rule, now) for key, rule in keys.items()}
            )
            return
        user = await work.users.by_name(attempt.name)
    await using.failure_log.failed(
        Act.LOGIN_THROTTLED,
        username=stranger(attempt.name) if user is None else attempt.name,
        address=attempt.address,
        user_id="" if user is None else user.user_id,
        detail=f"for {wait:.0f} s more",
    )
    raise LoginThrottledError(wait)


async def _take_back(using: LoginParts, keys: list[str]) -> None:
    async with using.store.work() as work:
        known = await work.failures.load_locked(sorted(keys))
        await work.failures.store({key: taken_back(known[key]) for key in keys})


async def _open_session(
    using: LoginParts, user: User, attempt: Attempt, *, better: str | None
) -> Grant:
    now, session_id = using.clock.now_ns(), attempt.session_id
    secret = new_secret()
    session = Session(
        session_id=session_id,
        user_id=user.user_id,
        created_at_ns=now,
        expires_at_ns=now + using.limits.session_s * NS_PER_S,
    )
    token = following_token(using.limits, session, secret, now)
    async with using.store.work() as work:
        known = await work.failures.load_locked(sorted(attempt.keys))
        by_user, by_address = attempt.keys
        await work.failures.store(
            # A correct password clears the count of the name, but only this attempt of the
            # address: a caller who tries many names must not reset the count with one of them.
            {by_user: Failures(), by_address: taken_back(known[by_address])}
        )
        if better is not None:
            await work.users.set_password_hash(user.user_id, better)
        await work.sessions.end_all(
            user.user_id, EndCause.TOO_MANY, keep_newest=SESSIONS_PER_USER_MAX - 1
        )
        await work.sessions.open(session, token)
        await work.audit.add(
            entry(
                using.clock,
                Act.LOGIN,
                actor=user.user_id,
                user_id=user.user_id,
                username=user.username,
                address=attempt.address,
                session_id=session_id,
            )
        )
    ACTS.labels(Act.LOGIN.name).inc()
    return Grant(user, using.signer.sign(user, session_id, now), secret, token.expires_at_ns)


def following_token(
    limits: SessionLimits, session: Session, secret: str, now_ns: int
) -> RefreshToken:
    """Make the next refresh token of a session; it never outlives the session."""
    expires_at_ns = now_ns + limits.refresh_token_s * NS_PER_S
    return RefreshToken(
        token_hash=hash_secret(secret),
        session_id=session.session_id,
        expires_at_ns=min(expires_at_ns, session.expires_at_ns),
    )
