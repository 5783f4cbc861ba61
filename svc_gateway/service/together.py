"""Runs the parts of a link together and ends them together."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final

from kernel.clock import Clock
from mesh.log import get_logger
from ordermesh_rpc.backoff import Backoff
from svc_gateway.service.ports import LinkBrokenError

# Seconds after which a link counts as established: its end is reported again.
LINK_LIVED_S: Final = 1.0

_log = get_logger(__name__)


class RedialError(LinkBrokenError):
    """The link must be opened anew at once, by this gateway."""


async def keep_linked(
    one_link: Callable[[], Awaitable[None]],
    session_id: str,
    backoff: Backoff,
    clock: Clock,
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Open one link after another until the session stops; log why each ended."""
    logged = ""
    while True:
        await asyncio.sleep(backoff.next_delay())
        if stopping():
            return
        begun = clock.monotonic()
        try:
            await one_link()
        except RedialError as error:
            _log.warning("link anew", session_id=session_id, why=str(error))
            backoff.reset()
        except (LinkBrokenError, TimeoutError) as error:
            why = str(error) or "timed out"
            # The same reason again, many times a second, is for debugging.
            log_it = _log.debug if why == logged else _log.warning
            log_it("link ended", session_id=session_id, why=why)
            logged = why
        lived_s = clock.monotonic() - begun
        if lived_s > LINK_LIVED_S:
            logged = ""
        backoff.note_health(lived_s)


async def until_one_ends(*parts: Coroutine[object, object, object]) -> None:
    """Run the parts of a link together; when one ends or fails, so do all, with its failure.

    Raises:
        LinkBrokenError: A part was cancelled, which only this function may do.
    """
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # The failure of another part says more than that one was cancelled with its call.
        for task in sorted(done, key=asyncio.Task.cancelled):
            if task.cancelled():
                raise LinkBrokenError("a part of the link was cancelled")
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
