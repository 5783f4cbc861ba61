"""The health of a process, answered by a thread of its own.

The edge takes a replica out that does not answer in time. On the event loop an answer would wait
for its work, and a long piece of work would take out a replica that is well. The thread has a
small event loop for HTTP only: a second one with gRPC in a process is slow.
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from kernel.well_known import HEALTH_PATH
from mesh.pages import OK, Page, PageServer, text_page

LOOP_SILENCE_MAX_S: Final = 15.0
"""An event loop that has not turned for so long hangs: the process is not well. Longer than any
piece of work that is known."""
UNAVAILABLE: Final = "503 Service Unavailable"


class HealthThread:
    """Answers GET /healthz over mutual TLS: 200 while the process serves and its loop turns.

    Attributes:
        serving: Calls are accepted and the process is ready; the event loop sets it.
    """

    def __init__(
        self, bind: str, tls: ssl.SSLContext, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Answer on host:port; port 0 takes a free one. `now` is in seconds."""
        self.serving = False
        self._now = now
        self._turned_at = now()
        self._server = PageServer(bind, self._page, tls)
        self._started: Future[int] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def turned(self) -> None:
        """Note that the event loop of the process goes on; called at least once a second."""
        self._turned_at = self._now()

    async def start(self) -> int:
        """Begin to answer; return the port.

        Raises:
            OSError: The address cannot be bound.
        """
        self._thread.start()
        return await asyncio.wrap_future(self._started)

    async def stop(self) -> None:
        """End the thread."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        loop = self._loop = asyncio.new_event_loop()
        try:
            try:
                loop.run_until_complete(self._server.start())
            except OSError as error:
                self._started.set_exception(error)
                return
            self._started.set_result(self._server.port)
            loop.run_forever()
            loop.run_until_complete(self._server.stop())
        finally:
            loop.close()

    def _page(self, path: str) -> Page | None:
        if path != HEALTH_PATH:
            return None
        silent_s = self._now() - self._turned_at
        if silent_s > LOOP_SILENCE_MAX_S:
            return text_page(UNAVAILABLE, f"the event loop has not turned for {silent_s:.0f} s")
        return text_page(OK, "serving") if self.serving else text_page(UNAVAILABLE, "not serving")
