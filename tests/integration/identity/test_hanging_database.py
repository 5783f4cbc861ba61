"""A database that holds its connections and answers nothing is away."""

import asyncio
from contextlib import asynccontextmanager

import sqlalchemy as sa

from svc_identity.adapters.postgres import store
from svc_identity.adapters.postgres.store import PostgresStore, open_engine


class Passage:
    """Passes bytes on to a server, until `hold` is called: then it keeps them."""

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._open = asyncio.Event()
        self._open.set()
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []

    def hold(self) -> None:
        self._open.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._to)
        self._writers += [writer, back]
        self._tasks += [
            asyncio.create_task(self._pass(reader, back)),
            asyncio.create_task(self._pass(there, writer)),
        ]

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while some := await reader.read(65536):
            await self._open.wait()
            writer.write(some)
        writer.close()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def passage(url: sa.URL):
    one = Passage(url.host or "", url.port or 0)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    try:
        yield one, server.sockets[0].getsockname()[1]
    finally:
        await one.end()
        server.close()


async def test_a_database_that_hangs_is_away(postgres_server, monkeypatch) -> None:
    monkeypatch.setattr(store, "ANSWER_TIMEOUT_S", 0.2)
    url = postgres_server.create_database()
    at = sa.make_url(url)
    async with passage(at) as (between, port):
        through = at.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        engine = open_engine(through)
        one = PostgresStore(engine)
        assert await one.reachable()
        between.hold()
        async with asyncio.timeout(20):
            assert not await one.reachable()
        await engine.dispose(close=False)
    postgres_server.drop_database(url)
