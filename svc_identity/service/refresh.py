"""Refresh and logout with a refresh token."""

from svc_identity.domain.audit import Act
from svc_identity.domain.errors import SessionEndedError
from svc_identity.domain.sessions import (
    EndCause,
    Session,
    Verdict,
    hash_secret,
    judge,
    new_secret,
)
from svc_identity.domain.users import User
from svc_identity.service.audit import ACTS, entry
from svc_identity.service.login import Grant, LoginParts, following_token
from svc_identity.service.ports import Work


async def refresh(using: LoginParts, refresh_token: str, address: str = "") -> Grant:
    """Exchange a refresh token for the next one and a fresh access token.

    Roles and accounts are read again, so a change takes effect with the next refresh.

    Raises:
        SessionEndedError: The token is not valid. A token that was used before, or of a
            disabled user, also ends its session; the error has the cause.
    """
    now = using.clock.now_ns()
    secret = new_secret()
    async with using.store.work() as work:
        found = await work.sessions.find_locked(hash_secret(refresh_token))
        if found is None:
            raise SessionEndedError
        session, token = found
        verdict = judge(session, token, now)
        user = await work.users.by_id(session.user_id)
        cause = None
        if verdict is Verdict.REUSED:
            cause = EndCause.REUSE
        elif verdict is Verdict.GOOD and (user is None or user.disabled):
            cause = EndCause.USER_DISABLED
        if cause is not None:
            await work.sessions.end(session.session_id, cause)
            act = Act.TOKEN_REUSED if cause is EndCause.REUSE else Act.REFRESH_REFUSED
            await _record(using, work, act, session, user, address)
        elif verdict is Verdict.GOOD:
            following = following_token(using.limits, session, secret, now)
            await work.sessions.rotate(token, following)
    # After the block: an exception inside would roll back the end of the session.
    if verdict is not Verdict.GOOD or cause is not None or user is None:
        raise SessionEndedError(cause, session.session_id)
    access = using.signer.sign(user, session.session_id, now)
    return Grant(user, access, secret, following.expires_at_ns)


async def logout(using: LoginParts, refresh_token: str, address: str = "") -> None:
    """End the session of a refresh token, used or not. An unknown token is not an error."""
    async with using.store.work() as work:
        found = await work.sessions.find_locked(hash_secret(refresh_token))
        if found is not None and found[0].ended is None:
            session = found[0]
            await work.sessions.end(session.session_id, EndCause.LOGOUT)
            user = await work.users.by_id(session.user_id)
            await _record(using, work, Act.LOGOUT, session, user, address)


async def _record(
    using: LoginParts, work: Work, act: Act, session: Session, user: User | None, address: str
) -> None:
    ACTS.labels(act.name).inc()
    await work.audit.add(
        entry(
            using.clock,
            act,
            # Who used a token again is not known: the user, or somebody else.
            actor="" if act is Act.TOKEN_REUSED else session.user_id,
            user_id=session.user_id,
            username="" if user is None else user.username,
            address=address,
            session_id=session.session_id,
        )
    )
