"""Works a batch on a guess of what the database holds, and reads under locks if that misses."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from svc_oms.service import metrics
from svc_oms.service.ports import GuessMissedError, OrderStore, Transaction

T = TypeVar("T")

PATHS = ("commands", "venue")
_GUESSED = {path: metrics.TRANSACTIONS.labels(path, "guessed") for path in PATHS}
_READ = {path: metrics.TRANSACTIONS.labels(path, "read") for path in PATHS}


async def work_on_guess(
    store: OrderStore, path: str, work: Callable[[Transaction], Awaitable[T]]
) -> T:
    """Return what the work returns, which ends with the commit.

    The work is the same both times, and has no effect before its commit.

    Args:
        store: The order store.
        path: Whose work it is, for the metric; one of PATHS.
        work: Locks accounts, decides, writes and commits.
    """
    try:
        async with store.guess() as transaction:
            done = await work(transaction)
    except GuessMissedError:
        _READ[path].inc()
        async with store.transaction() as transaction:
            return await work(transaction)
    _GUESSED[path].inc()
    return done
