"""What a batch takes for the version of the controls is never older than its locks."""

from svc_oms.adapters.postgres.orders.order_store import PostgresStore


async def test_keys_asked_for_before_the_locks_do_not_return_it(book_url):
    store = await PostgresStore.connect(book_url)
    try:
        async with store.transaction() as batch:
            await batch.keys([("ACC-ALICE", "k")])
            before = await batch.controls_version()
            async with store.controls().change() as change:
                await change.done("rita", "k", b"hash", b"answer")
            await batch.lock_accounts(["ACC-ALICE"])
            assert await batch.controls_version() == before + 1
    finally:
        await store.close()
