"""The outbox holds the commands without a receipt, and no other, whatever moves the session."""

import asyncio
from contextlib import suppress

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.ports import (
    FencedError,
    GuessMissedError,
    LinkProgress,
    OutboxWrite,
    StoreWentBackError,
    WriteSet,
)
from tests.support.postgres import as_service

EXAMPLES, STEPS = 25, 12
SESSION = "sima-orders"
LEFT = """
SELECT s.outbound_sequence, s.acknowledged_outbound_sequence,
    array(SELECT o.outbound_sequence FROM oms.outbox o WHERE o.session_id = s.session_id ORDER BY 1)
FROM oms.sessions s
"""


class Session:
    """A session that several owners had, and the store of the present one."""

    def __init__(self, store: PostgresStore) -> None:
        self.store = store
        self.tokens: list[int] = []

    async def take(self) -> None:
        row = await self.store.take_session(SESSION, "SIMA", "r1", "g", may_add=True)
        self.tokens.append(row.fencing_token)

    async def step(self, kind: str, number: int) -> None:
        sent = max(row.outbound_sequence for row in await self.store.sessions())
        commands = [OutboxWrite(SESSION, b"command")] * number
        if kind == "take":
            await self.take()
        elif kind == "commands":
            async with self.store.transaction() as batch:
                await batch.write(WriteSet(outbox=commands))
                await batch.commit()
        else:
            # Receipts come late, again, and by an owner that was replaced.
            token = self.tokens[-1 if kind != "fenced" else 0]
            progress = LinkProgress(SESSION, token, 1, number, min(number * 2, sent))
            writes = WriteSet(progress=progress, outbox=commands if kind == "both" else [])
            open_ = self.store.guess if kind == "guessed" else self.store.transaction
            with suppress(FencedError, GuessMissedError, StoreWentBackError):
                async with open_() as batch:
                    await batch.lock_accounts([])
                    await batch.write(writes)
                    await batch.commit()


STEP = st.tuples(
    st.sampled_from(["commands", "commands", "receipts", "guessed", "both", "fenced", "take"]),
    st.integers(1, 9),
)


def test_the_outbox_holds_exactly_the_commands_without_a_receipt(book_url):
    with asyncio.Runner() as runner:
        store = runner.run(PostgresStore.connect(as_service(book_url), "r1"))
        connection = runner.run(asyncpg.connect(book_url))

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        )
        @given(st.lists(STEP, min_size=STEPS, max_size=STEPS))
        def holds(steps: list[tuple[str, int]]) -> None:
            runner.run(connection.execute("DELETE FROM oms.outbox; DELETE FROM oms.sessions"))
            session = Session(store)
            runner.run(session.take())
            for kind, number in steps:
                runner.run(session.step(kind, number))
                sent, acknowledged, left = runner.run(connection.fetchrow(LEFT))
                assert left == list(range(acknowledged + 1, sent + 1)), (kind, number)

        holds()
        runner.run(connection.close())
        runner.run(store.close())
