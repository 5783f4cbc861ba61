"""Refresh and logout with a refresh token."""

from svc_identity.domain.errors import SessionEndedError
from svc_identity.domain.sessions import EndCause, Verdict, hash_secret, judge, new_secret
from svc_identity.service.login import Grant, LoginParts, following_token


async def refresh(using: LoginParts, refresh_token: str) -> Grant:
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
        elif verdict is Verdict.GOOD:
            following = following_token(using.limits, session, secret, now)
            await work.sessions.rotate(token, following)
    # After the block: an exception inside would roll back the end of the session.
    if verdict is not Verdict.GOOD or cause is not None or user is None:
        raise SessionEndedError(cause, session.session_id)
    access = using.signer.sign(user, session.session_id, now)
    return Grant(user, access, secret, following.expires_at_ns)


async def logout(using: LoginParts, refresh_token: str) -> None:
    """End the session of a refresh token, used or not. An unknown token is not an error."""
    async with using.store.work() as work:
        found = await work.sessions.find_locked(hash_secret(refresh_token))
        if found is not None:
            await work.sessions.end(found[0].session_id, EndCause.LOGOUT)
