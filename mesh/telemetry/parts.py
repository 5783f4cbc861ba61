"""The servers that a process depends on: whether they answer, how fast, and connections to them."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Final, NamedTuple, Protocol

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mesh.telemetry.metrics import gauge, histogram, scraped_gauge

POSTGRES: Final = "postgres"
REDIS: Final = "redis"
KAFKA: Final = "kafka"

SECONDS: Final = histogram(
    "dependency_seconds",
    "Seconds of a regular exchange with PostgreSQL, Redis or Kafka that no order waits for",
    ["dependency"],
)
UP: Final = gauge(
    "dependency_up", "1 if the last exchange with PostgreSQL, Redis or Kafka worked", ["dependency"]
)
POOL_MAX: Final = scraped_gauge(
    "postgres_pool_connections_max", "Connections to PostgreSQL that a pool may open", ["pool"]
)
POOL_OPEN: Final = scraped_gauge(
    "postgres_pool_connections_open", "Connections to PostgreSQL that a pool has open", ["pool"]
)
POOL_USED: Final = scraped_gauge(
    "postgres_pool_connections_used", "Connections to PostgreSQL that are lent out now", ["pool"]
)


class Dependency:
    """A server that a process depends on; measured where the process asks it something anyway.

    Nothing is shown of it before the first exchange.
    """

    def __init__(self, name: str) -> None:
        """Take one of the names above."""
        self._name = name
        self._observe: Callable[[float], None] | None = None
        self._set_up: Callable[[float], None] | None = None

    @contextmanager
    def exchange(self) -> Iterator[None]:
        """Measure an exchange; an exception says that the server is away."""
        begun = perf_counter()
        try:
            yield
        except Exception:
            self._is(0)
            raise
        self._answered(begun)

    async def answers(self, check: Awaitable[bool]) -> bool:
        """Measure a check that says whether the server answers; return what it says."""
        begun = perf_counter()
        if await check:
            self._answered(begun)
            return True
        self._is(0)
        return False

    def _answered(self, begun: float) -> None:
        seconds = perf_counter() - begun
        if self._observe is None:
            self._observe = SECONDS.labels(self._name).observe
        self._observe(seconds)
        self._is(1)

    def _is(self, up: int) -> None:
        if self._set_up is None:
            self._set_up = UP.labels(self._name).set
        self._set_up(up)

    def away(self) -> None:
        """Note that it does not answer."""
        self._is(0)


class Pool(NamedTuple):
    """Connections of a pool."""

    most: int
    open: int
    used: int


class AsyncpgPool(Protocol):
    """What is used here of the pool of asyncpg."""

    def get_max_size(self) -> int:
        """Return how many connections it may open."""

    def get_size(self) -> int:
        """Return how many are open."""

    def get_idle_size(self) -> int:
        """Return how many of them nobody uses."""


def asyncpg_pool(pool: AsyncpgPool) -> Pool:
    """Return the figures of a pool of asyncpg."""
    size = pool.get_size()
    return Pool(pool.get_max_size(), size, size - pool.get_idle_size())


class PoolCollector(Collector):
    """Reads the figures of pools when they are scraped."""

    def __init__(self, pools: Mapping[str, Callable[[], Pool]]) -> None:
        """Take the pools by name, such as "read" and "write"."""
        self._pools = pools

    def collect(self) -> Iterable[Metric]:
        """Return the current figures."""
        now = {name: read() for name, read in self._pools.items()}
        yield POOL_MAX.values(((name,), pool.most) for name, pool in now.items())
        yield POOL_OPEN.values(((name,), pool.open) for name, pool in now.items())
        yield POOL_USED.values(((name,), pool.used) for name, pool in now.items())
