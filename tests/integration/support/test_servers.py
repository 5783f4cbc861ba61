"""The servers tests run on are the real ones."""

import asyncpg
import redis.asyncio


async def test_each_test_has_a_database_of_its_own(postgres_server, database_url):
    connection = await asyncpg.connect(database_url)
    version = await connection.fetchval("SHOW server_version_num")
    await connection.execute("CREATE TABLE things (id int)")
    await connection.close()
    assert int(version) >= 150000
    template = postgres_server.template("things", print)
    assert postgres_server.create_database(template) != database_url


async def test_redis_comes_back_after_a_kill(redis_server):
    client = redis.asyncio.from_url(redis_server.url)
    await client.set("key", "value")
    assert await client.get("key") == b"value"
    await client.aclose()
    redis_server.kill()
    assert redis_server.command("PING") == b""
    redis_server.start()
    assert redis_server.command("GET key") == b"$-1\r\n"
