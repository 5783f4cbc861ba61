"""Which database a look compares with what is known, and what comes in its midst."""

from types import SimpleNamespace

import pytest

from svc_oms.adapters.postgres.recovery_store import PostgresRecoveries
from svc_oms.domain.recovery.book_marks import LogMark
from svc_oms.service.ports.recovery_ports import BookView
from svc_oms.service.recovery.recoveries import NO_INSTANCE, BookWentBackError, Recoveries

MARK = LogMark("order_events", 7, b"digest")


async def test_marks_are_looked_for_where_batches_write_and_not_where_a_reader_still_is():
    class Pool:
        async def fetchrow(self, *_):
            return b"digest", 1, 7

        async def fetchval(self, *_):
            return True

    store = PostgresRecoveries(Pool(), None)
    assert [tuple(one) for one in await store.find([MARK])] == [(MARK.log, b"digest", 1, 7)]
    assert await store.has_ended("epoch")


async def test_what_a_batch_finds_during_a_look_is_not_trusted_again():
    trusted = []

    class Store:
        marks = (MARK,)

        async def look(self):
            return BookView("epoch", None, list(self.marks), "instance")

        async def find(self, _):
            recoveries.went_back("a batch found an older account")
            return []

        async def begin(self, row):
            return row

    store = Store()
    orders = SimpleNamespace(
        recoveries=lambda: store, trust=lambda instance, _: trusted.append(instance)
    )

    async def record(*_):
        pass

    clock = SimpleNamespace(now_ns=lambda: 1)
    recoveries = Recoveries(orders, SimpleNamespace(), clock, SimpleNamespace(record=record))
    await recoveries.look()
    store.marks = (MARK._replace(log_number=8),)
    with pytest.raises(BookWentBackError, match="a batch found an older account"):
        await recoveries.look()
    assert trusted[-1] == NO_INSTANCE
