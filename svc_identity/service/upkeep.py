"""Deletes expired rows, so that no table grows forever."""

from kernel.nanoseconds import NS_PER_S
from svc_identity.domain.throttle import PER_ADDRESS, PER_USERNAME
from svc_identity.service.ports import Store

SESSIONS_KEPT_S = 2 * 3_600


async def forget_old(store: Store, now_ns: int) -> int:
    """Delete expired sessions and old failures; return the number of sessions."""
    longest_s = max(PER_USERNAME.forget_after_s, PER_ADDRESS.forget_after_s)
    async with store.work() as work:
        await work.failures.forget_before(now_ns - longest_s * NS_PER_S)
        # Later than they expire, so that tokens revoked in the last minutes stay listed.
        return await work.sessions.forget_expired(now_ns - SESSIONS_KEPT_S * NS_PER_S)
