"""Login, refresh and logout on fakes."""

import asyncio
from dataclasses import replace

import pytest

from svc_identity.domain.errors import (
    BadCredentialsError,
    BusyError,
    InvalidUserError,
    LoginThrottledError,
    SessionEndedError,
)
from svc_identity.domain.sessions import SESSIONS_PER_USER_MAX, EndCause
from svc_identity.domain.throttle import PER_ADDRESS, PER_USERNAME
from svc_identity.domain.users import Role
from svc_identity.service.audit import FailureLog
from svc_identity.service.login import LoginParts, SessionLimits, login
from svc_identity.service.refresh import logout, refresh
from svc_identity.service.turns import WAITING_MAX
from svc_identity.service.upkeep import forget_old
from svc_identity.service.users import disable_user, ensure_user, list_users
from tests.support.clock import ManualClock
from tests.support.identity import (
    PASSWORD,
    USER_ID,
    FakePasswords,
    FakeSigner,
    MemoryStore,
    a_user,
    hashed,
)

HOUR_S = 3_600
HERE = "192.0.2.7"


@pytest.fixture
def using():
    store = MemoryStore()
    store.users[USER_ID] = a_user()
    limits = SessionLimits(refresh_token_s=12 * HOUR_S, session_s=48 * HOUR_S)
    clock = ManualClock()
    log = FailureLog(store, clock)
    return LoginParts(store, FakePasswords(), FakeSigner(), clock, limits, log)


async def log_in(using, password=PASSWORD, username="alice", address=HERE, session="S1"):
    return await login(using, username, password, address, session)


async def fail(using, times, username="alice", address=HERE):
    for _ in range(times):
        with pytest.raises(BadCredentialsError):
            await log_in(using, "wrong", username, address)


async def test_a_right_password_opens_a_session(using):
    grant = await log_in(using)
    assert grant.user.username == "alice"
    assert grant.access.text == "token of alice"
    assert grant.refresh_expires_at_ns == using.clock.now_ns() + 12 * HOUR_S * 10**9
    assert len(grant.refresh_token) >= 43  # 256 bits
    assert grant.refresh_token.encode() not in using.store.tokens


@pytest.mark.parametrize("typed", ["Alice", " alice ", "ALICE"])
async def test_names_are_folded(using, typed):
    assert (await log_in(using, username=typed)).user.user_id == USER_ID


async def test_nothing_shows_whether_a_user_exists(using):
    using.store.users["other"] = a_user(user_id="other", username="bob", disabled=True)
    texts = set()
    for name, password in (("alice", "wrong"), ("nobody", "wrong"), ("bob", PASSWORD)):
        with pytest.raises(BadCredentialsError) as caught:
            await log_in(using, password, name)
        texts.add(str(caught.value))
    assert len(texts) == 1
    assert len(using.passwords.checked) == 3  # a password was checked each time, also for nobody


async def test_failures_of_a_name_slow_it_down_also_for_the_right_password(using):
    await fail(using, PER_USERNAME.free_failures + 1)
    with pytest.raises(LoginThrottledError) as caught:
        await log_in(using, address="198.51.100.1")
    assert caught.value.retry_after_s == PER_USERNAME.first_wait_s
    using.clock.advance(PER_USERNAME.first_wait_s)
    assert await log_in(using)


async def test_a_name_nobody_has_is_slowed_down_alike(using):
    await fail(using, PER_USERNAME.free_failures + 1, username="nobody")
    with pytest.raises(LoginThrottledError):
        await log_in(using, username="nobody")


async def test_a_throttled_attempt_checks_no_password_and_costs_nothing(using):
    await fail(using, PER_USERNAME.free_failures + 1)
    before = dict(using.store.failures), len(using.passwords.checked)
    with pytest.raises(LoginThrottledError):
        await log_in(using)
    assert (dict(using.store.failures), len(using.passwords.checked)) == before


async def test_failures_of_an_address_slow_down_every_name_from_there(using):
    for number in range(PER_ADDRESS.free_failures + 1):
        await fail(using, 1, username=f"guess{number}")
    with pytest.raises(LoginThrottledError):
        await log_in(using)
    assert await log_in(using, address="198.51.100.1")


async def test_guesses_sent_at_once_are_counted_before_any_is_looked_at(using):
    attempts = [log_in(using, "wrong") for _ in range(100)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    looked_at = sum(isinstance(result, BadCredentialsError) for result in results)
    assert looked_at == PER_USERNAME.free_failures + 1
    assert sum(isinstance(result, LoginThrottledError) for result in results) == 100 - looked_at


@pytest.mark.parametrize("names", [1, 60])
async def test_right_passwords_sent_at_once_are_all_let_in(using, names):
    """Of one user, or of many users behind one address."""
    for number in range(1, names):
        user = a_user(user_id=f"U{number}", username=f"user{number}")
        using.store.users[user.user_id] = user
    everybody = [user.username for user in using.store.users.values()]
    attempts = [
        log_in(using, username=name, session=f"{name}-{attempt}")
        for name in everybody
        for attempt in range(60 // names)
    ]
    grants = await asyncio.gather(*attempts)
    assert len(grants) == 60
    assert using.turns._queues == {}


async def test_more_attempts_than_may_wait_are_refused_as_busy(using):
    attempts = [log_in(using, "wrong") for _ in range(WAITING_MAX + 10)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(result, BusyError) for result in results) == 9


async def test_a_right_password_clears_its_name_but_not_its_address(using):
    await fail(using, 3)
    await log_in(using)
    assert f"address:{HERE}" in using.store.failures
    assert using.store.failures[f"address:{HERE}"].count == 3
    assert "user:alice" not in using.store.failures


async def test_an_attempt_that_could_not_be_checked_does_not_count(using):
    async def busy(*_):
        raise BusyError(2)

    using.passwords.verify = busy
    with pytest.raises(BusyError):
        await log_in(using)
    assert using.store.failures == {}


async def test_an_outdated_hash_is_replaced_at_login(using):
    old = "old" + hashed(PASSWORD)
    using.store.users[USER_ID] = a_user(password_hash=old)
    using.passwords.outdated_hashes.add(old)
    await log_in(using)
    assert using.store.users[USER_ID].password_hash == hashed(PASSWORD)


async def test_refresh_rotates(using):
    first = await log_in(using)
    second = await refresh(using, first.refresh_token)
    third = await refresh(using, second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3


async def test_a_used_refresh_token_ends_the_whole_session(using):
    first = await log_in(using)
    second = await refresh(using, first.refresh_token)
    with pytest.raises(SessionEndedError) as caught:
        await refresh(using, first.refresh_token)
    assert caught.value.cause is EndCause.REUSE
    with pytest.raises(SessionEndedError):
        await refresh(using, second.refresh_token)
    assert using.store.sessions["S1"].ended is EndCause.REUSE


async def test_other_sessions_of_the_user_live_on(using):
    first, other = await log_in(using), await log_in(using, session="S2")
    await refresh(using, first.refresh_token)
    with pytest.raises(SessionEndedError):
        await refresh(using, first.refresh_token)
    assert await refresh(using, other.refresh_token)


async def test_refreshing_twice_at_once_lets_one_through(using):
    first = await log_in(using)
    results = await asyncio.gather(
        *(refresh(using, first.refresh_token) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, SessionEndedError) for result in results) == 4


@pytest.mark.parametrize("token", ["", "rubbish", "x" * 256])
async def test_unknown_refresh_tokens_open_nothing(using, token):
    with pytest.raises(SessionEndedError) as caught:
        await refresh(using, token)
    assert caught.value.cause is None


async def test_a_refresh_token_ends(using):
    grant = await log_in(using)
    using.clock.advance(12 * HOUR_S)
    with pytest.raises(SessionEndedError):
        await refresh(using, grant.refresh_token)


async def test_a_session_ends_however_often_it_is_refreshed(using):
    grant = await log_in(using)
    for _ in range(4):
        using.clock.advance(11 * HOUR_S)
        grant = await refresh(using, grant.refresh_token)
    assert grant.refresh_expires_at_ns == using.store.sessions["S1"].expires_at_ns
    using.clock.advance(4 * HOUR_S)
    with pytest.raises(SessionEndedError):
        await refresh(using, grant.refresh_token)


async def test_refresh_brings_new_roles(using):
    grant = await log_in(using)
    using.store.users[USER_ID] = a_user(roles=frozenset({Role.VIEWER}))
    assert (await refresh(using, grant.refresh_token)).user.roles == {Role.VIEWER}


async def test_a_disabled_user_is_not_refreshed(using):
    grant = await log_in(using)
    using.store.users[USER_ID] = replace(using.store.users[USER_ID], disabled=True)
    with pytest.raises(SessionEndedError):
        await refresh(using, grant.refresh_token)
    assert using.store.sessions["S1"].ended is EndCause.USER_DISABLED


async def test_logout_ends_the_session_and_may_be_repeated(using):
    grant = await log_in(using)
    await logout(using, grant.refresh_token)
    await logout(using, grant.refresh_token)
    await logout(using, "never seen")
    with pytest.raises(SessionEndedError):
        await refresh(using, grant.refresh_token)


async def test_the_oldest_session_ends_when_there_are_too_many(using):
    for number in range(SESSIONS_PER_USER_MAX + 1):
        using.clock.advance(1)
        await log_in(using, session=f"S{number}")
    ended = {key for key, session in using.store.sessions.items() if session.ended}
    assert ended == {"S0"}


async def test_upkeep_forgets_what_can_no_longer_matter(using):
    await log_in(using)
    await fail(using, 1)
    assert await forget_old(using.store, using.clock.now_ns()) == 0
    using.clock.advance(51 * HOUR_S)
    assert await forget_old(using.store, using.clock.now_ns()) == 1
    assert (using.store.sessions, using.store.tokens, using.store.failures) == ({}, {}, {})


NEW_USER = {
    "new_user_id": "01BX5ZZKBKACTAV9WEVGEMMVRZ",
    "username": "Bob",
    "display_name": "Bob",
    "password": "long enough indeed",
    "roles": frozenset({Role.VIEWER}),
    "accounts": frozenset({"ACC-BOB"}),
    "clock": ManualClock(),
    "by": "olga",
}


async def test_ensure_user_makes_then_changes(using):
    made = await ensure_user(using.store, using.passwords, **NEW_USER)
    again = await ensure_user(
        using.store,
        using.passwords,
        **NEW_USER | {"new_user_id": "other", "display_name": "Robert"},
    )
    assert (again.user_id, again.display_name) == (made.user_id, "Robert")
    assert [user.username for user in await list_users(using.store)] == ["alice", "bob"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"password": "short"}, "password of 5 characters: 10 to 128"),
        ({"password": "x" * 129}, "129"),
        ({"username": ""}, "username"),
        ({"username": "bob!"}, "username"),
        ({"username": "x" * 65}, "username"),
        ({"display_name": ""}, "display name"),
        ({"roles": frozenset()}, "roles"),
        ({"accounts": frozenset({"acc"})}, "account 'acc'"),
        ({"accounts": frozenset(f"A{n}" for n in range(101))}, "101 accounts"),
    ],
)
async def test_ensure_user_refuses_and_changes_nothing(using, changes, says):
    with pytest.raises(InvalidUserError, match=says):
        await ensure_user(using.store, using.passwords, **NEW_USER | changes)
    assert set(using.store.users) == {USER_ID}


async def test_disable_user_ends_its_sessions(using):
    await log_in(using)
    await disable_user(using.store, "Alice", clock=using.clock, by="olga")
    assert using.store.sessions["S1"].ended is EndCause.USER_DISABLED
    with pytest.raises(InvalidUserError, match="no user 'carol'"):
        await disable_user(using.store, "carol", clock=using.clock, by="olga")
