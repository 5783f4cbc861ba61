"""Many single questions to a store, asked together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

Fetch = Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]


class Gathered(Generic[K, V]):
    """Asks for all keys that came while the last question was on its way with one question.

    A question is sent only after it was asked for, so its answer is never older than the request.
    """

    def __init__(self, fetch: "Fetch[K, V]") -> None:
        self._fetch = fetch
        self._waiting: dict[K, list[asyncio.Future[V | None]]] = {}
        self._task: asyncio.Task[None] | None = None

    def ask(self, key: K) -> "asyncio.Future[V | None]":
        """Return the value to come; None if the store has none. It raises what `fetch` raises."""
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        if self._task is None:
            self._task = asyncio.create_task(self._answer())
        return future

    async def _answer(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                try:
                    found = await self._fetch(list(asked))
                except Exception as error:  # noqa: BLE001  it is of those who asked
                    _settle(asked, error)
                else:
                    for key, futures in asked.items():
                        for future in futures:
                            if not future.done():
                                future.set_result(found.get(key))
        finally:
            self._task = None


def _settle(asked: Mapping[K, list["asyncio.Future[V | None]"]], error: Exception) -> None:
    for futures in asked.values():
        for future in futures:
            if not future.done():
                future.set_exception(error)
