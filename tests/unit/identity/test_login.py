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
from svc_identity.service.login import Desk, SessionLimits, login
from svc_identity.service.refresh import logout, refresh
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
def desk():
    store = MemoryStore()
    store.users[USER_ID] = a_user()
    limits = SessionLimits(refresh_token_s=12 * HOUR_S, session_s=48 * HOUR_S)
    return Desk(store, FakePasswords(), FakeSigner(), ManualClock(), limits)


async def log_in(desk, password=PASSWORD, username="alice", address=HERE, session="S1"):
    return await login(desk, username, password, address, session)


async def fail(desk, times, username="alice", address=HERE):
    for _ in range(times):
        with pytest.raises(BadCredentialsError):
            await log_in(desk, "wrong", username, address)


async def test_a_right_password_opens_a_session(desk):
    grant = await log_in(desk)
    assert grant.user.username == "alice"
    assert grant.access.text == "token of alice"
    assert grant.refresh_expires_at_ns == desk.clock.now_ns() + 12 * HOUR_S * 10**9
    assert len(grant.refresh_token) >= 43  # 256 bits
    assert grant.refresh_token.encode() not in desk.store.tokens


@pytest.mark.parametrize("typed", ["Alice", " alice ", "ALICE"])
async def test_names_are_folded(desk, typed):
    assert (await log_in(desk, username=typed)).user.user_id == USER_ID


async def test_nothing_shows_whether_a_user_exists(desk):
    desk.store.users["other"] = a_user(user_id="other", username="bob", disabled=True)
    texts = set()
    for name, password in (("alice", "wrong"), ("nobody", "wrong"), ("bob", PASSWORD)):
        with pytest.raises(BadCredentialsError) as caught:
            await log_in(desk, password, name)
        texts.add(str(caught.value))
    assert len(texts) == 1
    assert len(desk.passwords.checked) == 3  # a password was checked each time, also for nobody


async def test_failures_of_a_name_slow_it_down_also_for_the_right_password(desk):
    await fail(desk, PER_USERNAME.free_failures + 1)
    with pytest.raises(LoginThrottledError) as caught:
        await log_in(desk, address="198.51.100.1")
    assert caught.value.retry_after_s == PER_USERNAME.first_wait_s
    desk.clock.advance(PER_USERNAME.first_wait_s)
    assert await log_in(desk)


async def test_a_name_nobody_has_is_slowed_down_alike(desk):
    await fail(desk, PER_USERNAME.free_failures + 1, username="nobody")
    with pytest.raises(LoginThrottledError):
        await log_in(desk, username="nobody")


async def test_a_throttled_attempt_checks_no_password_and_costs_nothing(desk):
    await fail(desk, PER_USERNAME.free_failures + 1)
    before = dict(desk.store.failures), len(desk.passwords.checked)
    with pytest.raises(LoginThrottledError):
        await log_in(desk)
    assert (dict(desk.store.failures), len(desk.passwords.checked)) == before


async def test_failures_of_an_address_slow_down_every_name_from_there(desk):
    for number in range(PER_ADDRESS.free_failures + 1):
        await fail(desk, 1, username=f"guess{number}")
    with pytest.raises(LoginThrottledError):
        await log_in(desk)
    assert await log_in(desk, address="198.51.100.1")


async def test_guesses_sent_at_once_are_counted_before_any_is_looked_at(desk):
    attempts = [log_in(desk, "wrong") for _ in range(100)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    looked_at = sum(isinstance(result, BadCredentialsError) for result in results)
    assert looked_at == PER_USERNAME.free_failures + 1
    assert sum(isinstance(result, LoginThrottledError) for result in results) == 100 - looked_at


async def test_a_right_password_clears_its_name_but_not_its_address(desk):
    await fail(desk, 3)
    await log_in(desk)
    assert f"address:{HERE}" in desk.store.failures
    assert desk.store.failures[f"address:{HERE}"].count == 3
    assert "user:alice" not in desk.store.failures


async def test_an_attempt_that_could_not_be_checked_does_not_count(desk):
    async def busy(*_):
        raise BusyError(2)

    desk.passwords.verify = busy
    with pytest.raises(BusyError):
        await log_in(desk)
    assert desk.store.failures == {}


async def test_an_outdated_hash_is_replaced_at_login(desk):
    old = "old" + hashed(PASSWORD)
    desk.store.users[USER_ID] = a_user(password_hash=old)
    desk.passwords.outdated_hashes.add(old)
    await log_in(desk)
    assert desk.store.users[USER_ID].password_hash == hashed(PASSWORD)


async def test_refresh_rotates(desk):
    first = await log_in(desk)
    second = await refresh(desk, first.refresh_token)
    third = await refresh(desk, second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3


async def test_a_used_refresh_token_ends_the_whole_session(desk):
    first = await log_in(desk)
    second = await refresh(desk, first.refresh_token)
    with pytest.raises(SessionEndedError) as caught:
        await refresh(desk, first.refresh_token)
    assert caught.value.cause is EndCause.REUSE
    with pytest.raises(SessionEndedError):
        await refresh(desk, second.refresh_token)
    assert desk.store.sessions["S1"].ended is EndCause.REUSE


async def test_other_sessions_of_the_user_live_on(desk):
    first, other = await log_in(desk), await log_in(desk, session="S2")
    await refresh(desk, first.refresh_token)
    with pytest.raises(SessionEndedError):
        await refresh(desk, first.refresh_token)
    assert await refresh(desk, other.refresh_token)


async def test_refreshing_twice_at_once_lets_one_through(desk):
    first = await log_in(desk)
    results = await asyncio.gather(
        *(refresh(desk, first.refresh_token) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, SessionEndedError) for result in results) == 4


@pytest.mark.parametrize("token", ["", "rubbish", "x" * 256])
async def test_unknown_refresh_tokens_open_nothing(desk, token):
    with pytest.raises(SessionEndedError) as caught:
        await refresh(desk, token)
    assert caught.value.cause is None


async def test_a_refresh_token_ends(desk):
    grant = await log_in(desk)
    desk.clock.advance(12 * HOUR_S)
    with pytest.raises(SessionEndedError):
        await refresh(desk, grant.refresh_token)


async def test_a_session_ends_however_often_it_is_refreshed(desk):
    grant = await log_in(desk)
    for _ in range(4):
        desk.clock.advance(11 * HOUR_S)
        grant = await refresh(desk, grant.refresh_token)
    assert grant.refresh_expires_at_ns == desk.store.sessions["S1"].expires_at_ns
    desk.clock.advance(4 * HOUR_S)
    with pytest.raises(SessionEndedError):
        await refresh(desk, grant.refresh_token)


async def test_refresh_brings_new_roles(desk):
    grant = await log_in(desk)
    desk.store.users[USER_ID] = a_user(roles=frozenset({Role.VIEWER}))
    assert (await refresh(desk, grant.refresh_token)).user.roles == {Role.VIEWER}


async def test_a_disabled_user_is_not_refreshed(desk):
    grant = await log_in(desk)
    desk.store.users[USER_ID] = replace(desk.store.users[USER_ID], disabled=True)
    with pytest.raises(SessionEndedError):
        await refresh(desk, grant.refresh_token)
    assert desk.store.sessions["S1"].ended is EndCause.USER_DISABLED


async def test_logout_ends_the_session_and_may_be_repeated(desk):
    grant = await log_in(desk)
    await logout(desk, grant.refresh_token)
    await logout(desk, grant.refresh_token)
    await logout(desk, "never seen")
    with pytest.raises(SessionEndedError):
        await refresh(desk, grant.refresh_token)


async def test_the_oldest_session_ends_when_there_are_too_many(desk):
    for number in range(SESSIONS_PER_USER_MAX + 1):
        desk.clock.advance(1)
        await log_in(desk, session=f"S{number}")
    ended = {key for key, session in desk.store.sessions.items() if session.ended}
    assert ended == {"S0"}


async def test_upkeep_forgets_what_can_no_longer_matter(desk):
    await log_in(desk)
    await fail(desk, 1)
    assert await forget_old(desk.store, desk.clock.now_ns()) == 0
    desk.clock.advance(49 * HOUR_S)
    assert await forget_old(desk.store, desk.clock.now_ns()) == 1
    assert (desk.store.sessions, desk.store.tokens, desk.store.failures) == ({}, {}, {})


NEW_USER = {
    "new_user_id": "01BX5ZZKBKACTAV9WEVGEMMVRZ",
    "username": "Bob",
    "display_name": "Bob",
    "password": "long enough indeed",
    "roles": frozenset({Role.VIEWER}),
    "accounts": frozenset({"ACC-BOB"}),
}


async def test_ensure_user_makes_then_changes(desk):
    made = await ensure_user(desk.store, desk.passwords, **NEW_USER)
    again = await ensure_user(
        desk.store, desk.passwords, **NEW_USER | {"new_user_id": "other", "display_name": "Robert"}
    )
    assert (again.user_id, again.display_name) == (made.user_id, "Robert")
    assert [user.username for user in await list_users(desk.store)] == ["alice", "bob"]


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
async def test_ensure_user_refuses_and_changes_nothing(desk, changes, says):
    with pytest.raises(InvalidUserError, match=says):
        await ensure_user(desk.store, desk.passwords, **NEW_USER | changes)
    assert set(desk.store.users) == {USER_ID}


async def test_disable_user_ends_its_sessions(desk):
    await log_in(desk)
    await disable_user(desk.store, "Alice")
    assert desk.store.sessions["S1"].ended is EndCause.USER_DISABLED
    with pytest.raises(InvalidUserError, match="no user 'carol'"):
        await disable_user(desk.store, "carol")
