"""One suite for the store in memory and the store in PostgreSQL."""

import asyncio
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from meshctl.stack.servers.postgres import ROLES
from svc_identity.adapters.postgres.migrate import migrate
from svc_identity.adapters.postgres.store import PostgresStore, open_engine
from svc_identity.domain.audit import Act, AuditEntry
from svc_identity.domain.revocations import Revocations
from svc_identity.domain.sessions import EndCause, RefreshToken, Session
from svc_identity.domain.throttle import Failures
from svc_identity.domain.users import ALL_PRICES, Role
from svc_identity.service.ports import AuditFilter, StoreUnavailableError
from svc_identity.service.users import list_users
from tests.support.identity import USER_ID, MemoryStore, a_user
from tests.support.ports import free_port
from tests.support.postgres import as_service

LATER_NS = 2**60


@pytest.fixture(params=["memory", "postgres"])
async def store(request):
    if request.param == "memory":
        yield MemoryStore()
        return
    url = request.getfixturevalue("identity_database_url")
    engine = open_engine(as_service(url, "identity"))
    yield PostgresStore(engine)
    await engine.dispose()


@pytest.fixture
def identity_database_url(postgres_server):
    def prepare(url):
        asyncio.run(migrate(url, ROLES["identity"]))

    # In a thread of its own: a loop runs in this one.
    failures = []

    def run():
        try:
            failures.append(postgres_server.template("identity", prepare))
        except BaseException as error:  # noqa: BLE001  handed to the test
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert isinstance(failures[0], str), failures
    url = postgres_server.create_database(failures[0])
    yield url
    postgres_server.drop_database(url)


def a_session(number=1, **changes):
    session = Session(f"S{number}", USER_ID, number, LATER_NS)
    return replace(session, **changes)


def a_token(number=1, session=1, **changes):
    token = RefreshToken(bytes([number]) * 32, f"S{session}", LATER_NS)
    return replace(token, **changes)


async def with_user(store, **changes):
    async with store.work() as work:
        await work.users.save(a_user(**changes))


async def test_users_are_found_as_they_were_saved(store):
    alice = a_user(
        roles=frozenset({Role.VIEWER, Role.OPERATOR}), accounts=frozenset({"B", "A"}), disabled=True
    )
    async with store.work() as work:
        await work.users.save(alice)
    async with store.work() as work:
        assert await work.users.by_name("alice") == alice
        assert await work.users.by_id(USER_ID) == alice
        assert await work.users.by_name("bob") is None
        assert await work.users.by_id("01") is None
        assert await work.users.list() == [alice]


async def test_saving_again_replaces(store):
    await with_user(store)
    await with_user(store, display_name="Alicia", accounts=frozenset())
    async with store.work() as work:
        (user,) = await work.users.list()
        await work.users.set_password_hash(USER_ID, "$argon2id$new")
    assert (user.display_name, user.accounts) == ("Alicia", frozenset())
    async with store.work() as work:
        user = await work.users.by_id(USER_ID)
    assert user is not None
    assert (user.password_hash, user.display_name) == ("$argon2id$new", "Alicia")


async def test_an_exception_undoes_the_transaction(store):
    async def save_then_fail():
        async with store.work() as work:
            await work.users.save(a_user())
            raise LookupError

    with pytest.raises(LookupError):
        await save_then_fail()
    async with store.work() as work:
        assert await work.users.list() == []


async def test_rotation(store):
    await with_user(store)
    async with store.work() as work:
        await work.sessions.open(a_session(), a_token())
    async with store.work() as work:
        assert await work.sessions.find_locked(a_token().token_hash) == (a_session(), a_token())
        await work.sessions.rotate(a_token(), a_token(2))
    async with store.work() as work:
        found = await work.sessions.find_locked(a_token().token_hash)
        following = await work.sessions.find_locked(a_token(2).token_hash)
        assert await work.sessions.find_locked(b"x" * 32) is None
    assert found == (a_session(), a_token(used=True))
    assert following == (a_session(), a_token(2))


async def test_the_first_cause_of_an_end_stays(store):
    await with_user(store)
    async with store.work() as work:
        await work.sessions.open(a_session(), a_token())
        await work.sessions.end("S1", EndCause.REUSE)
        await work.sessions.end("S1", EndCause.LOGOUT)
        found = await work.sessions.find_locked(a_token().token_hash)
    assert found is not None
    assert found[0].ended is EndCause.REUSE


async def test_ending_all_but_the_newest(store):
    await with_user(store)
    async with store.work() as work:
        for number in (2, 3, 1):
            await work.sessions.open(a_session(number), a_token(number, number))
        await work.sessions.end_all(USER_ID, EndCause.TOO_MANY, keep_newest=2)
        await work.sessions.end_all("nobody", EndCause.LOGOUT)
        ended = []
        for number in (1, 2, 3):
            found = await work.sessions.find_locked(a_token(number).token_hash)
            assert found is not None
            ended.append(found[0].ended)
        assert ended == [EndCause.TOO_MANY, None, None]
        await work.sessions.end_all(USER_ID, EndCause.USER_DISABLED)
        found = await work.sessions.find_locked(a_token(3).token_hash)
        assert found is not None
        assert found[0].ended is EndCause.USER_DISABLED


def rights_of(changes):
    return changes.get("price_rights", ALL_PRICES)


async def test_what_was_revoked_is_listed(store):
    """Ended sessions, and users whose roles, accounts, rights or state changed; nothing else."""
    await with_user(store)
    await with_user(store, display_name="Alicia", password_hash="$argon2id$fake$other")
    async with store.work() as work:
        for number in (1, 2):
            await work.sessions.open(a_session(number), a_token(number, number))
        assert await work.revocations.list(60) == Revocations()
        await work.sessions.end("S1", EndCause.LOGOUT)
        assert await work.revocations.list(60) == Revocations(frozenset({"S1"}))
    versions = [{"accounts": frozenset({"B"})}, {"roles": frozenset({Role.RISK})}]
    versions.append(versions[-1] | {"price_rights": frozenset({"*=NONE"})})
    versions.append(versions[-1] | {"disabled": True})
    for version, changes in enumerate(versions, 2):
        await with_user(store, **changes)
        async with store.work() as work:
            assert await work.revocations.list(60) == Revocations(
                frozenset({"S1"}),
                {USER_ID: version},
                {USER_ID: frozenset() if "disabled" in changes else rights_of(changes)},
            )
            user = await work.users.by_id(USER_ID)
        assert user is not None
        assert user.version == version


async def test_expired_sessions_are_forgotten_with_their_tokens(store):
    await with_user(store)
    async with store.work() as work:
        await work.sessions.open(a_session(1, expires_at_ns=10), a_token(1, 1))
        await work.sessions.open(a_session(2, expires_at_ns=20), a_token(2, 2))
        assert await work.sessions.forget_expired(11) == 1
        assert await work.sessions.find_locked(a_token(1).token_hash) is None
        assert await work.sessions.find_locked(a_token(2).token_hash) is not None


async def test_failures(store):
    async with store.work() as work:
        assert await work.failures.load_locked(["a", "b"]) == {"a": Failures(), "b": Failures()}
        await work.failures.store({"a": Failures(1, 10), "b": Failures(2, 20)})
    async with store.work() as work:
        await work.failures.store({"a": Failures(5, 50), "b": Failures(0, 20), "c": Failures()})
        known = await work.failures.load_locked(["a", "b", "c"])
        assert known == {"a": Failures(5, 50), "b": Failures(), "c": Failures()}
        await work.failures.store({"b": Failures(1, 60)})
        await work.failures.forget_before(60)
        known = await work.failures.load_locked(["a", "b"])
    assert known == {"a": Failures(), "b": Failures(1, 60)}


async def test_counting_at_once_loses_no_count(store):
    async def count():
        async with store.work() as work:
            known = await work.failures.load_locked(["address:x", "user:x"])
            await work.failures.store(
                {key: Failures(failures.count + 1, 1) for key, failures in known.items()}
            )

    await asyncio.gather(*(count() for _ in range(20)))
    async with store.work() as work:
        known = await work.failures.load_locked(["user:x", "address:x"])
    assert [failures.count for failures in known.values()] == [20, 20]


async def test_rotating_at_once_lets_one_find_the_token_unused(store):
    await with_user(store)
    async with store.work() as work:
        await work.sessions.open(a_session(), a_token())

    async def rotate(number):
        async with store.work() as work:
            found = await work.sessions.find_locked(a_token().token_hash)
            assert found is not None
            if not found[1].used:
                await work.sessions.rotate(a_token(), a_token(number))
            return not found[1].used

    assert sum(await asyncio.gather(*(rotate(number) for number in range(2, 8)))) == 1


async def test_no_database_is_reported_as_such(nobodys_port):
    engine = open_engine(f"postgresql://nobody@127.0.0.1:{nobodys_port}/none")
    store = PostgresStore(engine)
    assert not await store.reachable()
    with pytest.raises(StoreUnavailableError):
        await list_users(store)
    await engine.dispose()


@pytest.fixture
def nobodys_port():
    return free_port()


async def test_migrating_again_changes_nothing(database_url):
    assert await migrate(database_url) == "0011"
    assert await migrate(database_url) == "0011"


async def test_replicas_that_migrate_at_once_do_not_collide(database_url):
    assert await asyncio.gather(migrate(database_url), migrate(database_url)) == ["0011", "0011"]


async def test_the_audit_log_is_read_in_pages_and_by_filter(store):
    made = [
        AuditEntry(f"{number:026}", number, act, username=name, detail=f"k{number} signs")
        for number, (act, name) in enumerate(
            [(Act.LOGIN, "alice"), (Act.KEY_USED, ""), (Act.USER_ADDED, "bob")], start=1
        )
    ]
    async with store.work() as work:
        assert await work.audit.acts_after(None) == (0, [])
        for entry in made:
            await work.audit.add(entry)

    async def page(**wanted):
        async with store.work() as work:
            return await work.audit.page(AuditFilter(**wanted))

    assert await page() == made[::-1]
    assert await page(limit=1, before_entry_id=made[2].entry_id) == [made[1]]
    assert await page(username="bob") == [made[2]]
    assert await page(acts=(Act.LOGIN,)) == [made[0]]
    assert await page(from_ns=2, until_ns=3) == [made[1]]
    async with store.work() as work:
        assert await work.audit.keys_locked() == [(Act.KEY_USED, "k2 signs")]
        newest, acts = await work.audit.acts_after(0)
        assert acts == [Act.USER_ADDED]
        assert await work.audit.acts_after(newest) == (newest, [])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE identity.audit_log SET actor = 'x'",
        "DELETE FROM identity.audit_log",
        "TRUNCATE identity.audit_log",
    ],
)
async def test_the_audit_log_is_only_added_to(identity_database_url, change):
    engine = open_engine(identity_database_url)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(sa.text(change))
    await engine.dispose()
