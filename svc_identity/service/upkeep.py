"""Deletes expired rows, so that no table grows for ever."""

from svc_identity.domain.throttle import NANOSECONDS_PER_SECOND, PER_ADDRESS, PER_USERNAME
from svc_identity.service.ports import Store


async def forget_old(store: Store, now_ns: int) -> int:
    """Delete expired sessions and old failures; return the number of sessions."""
    longest_s = max(PER_USERNAME.forget_after_s, PER_ADDRESS.forget_after_s)
    async with store.work() as work:
        await work.failures.forget_before(now_ns - longest_s * NANOSECONDS_PER_SECOND)
        return await work.sessions.forget_expired(now_ns)
