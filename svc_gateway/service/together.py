"""Runs the parts of a link together and ends them together."""

import asyncio
from collections.abc import Coroutine
from typing import Final

from svc_gateway.service.ports import LinkBrokenError

# Seconds after which a link counts as established: its end is reported again.
LINK_LIVED_S: Final = 1.0


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
