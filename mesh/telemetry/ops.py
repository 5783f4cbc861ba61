"""The plain HTTP server of each process: metrics and health."""

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from mesh.pages import OK, Page, PageServer, text_page

Readiness = Callable[[], tuple[bool, str]]


def always_ready() -> tuple[bool, str]:
    """Readiness check of a process that waits for nothing."""
    return True, "ready"


class OpsServer(PageServer):
    """/metrics, /livez and /readyz over plain HTTP on the process's event loop.

    /livez answers as long as the event loop runs. /readyz answers 200 or 503 with the
    text of the readiness function.
    """

    def __init__(
        self,
        bind: str,
        readiness: Readiness = always_ready,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """Serve on host:port."""
        super().__init__(bind, self._page)
        self._readiness = readiness
        self._registry = registry

    def _page(self, path: str) -> Page | None:
        if path == "/metrics":
            return Page(OK, CONTENT_TYPE_LATEST, generate_latest(self._registry))
        if path == "/livez":
            return text_page(OK, "alive")
        if path == "/readyz":
            ready, text = self._readiness()
            return text_page(OK if ready else "503 Service Unavailable", text)
        return None
