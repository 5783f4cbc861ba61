"""What is recorded of logins, failures, users and keys."""

from dataclasses import replace

import pytest

from svc_identity.domain.audit import Act, changes, key_acts, stranger
from svc_identity.domain.errors import (
    BadCredentialsError,
    LoginThrottledError,
    SessionEndedError,
)
from svc_identity.domain.throttle import PER_USERNAME
from svc_identity.domain.users import Role
from svc_identity.service import audit
from svc_identity.service.audit import ACTS, AuditUpkeep, FailureLog
from svc_identity.service.login import LoginParts, SessionLimits, login
from svc_identity.service.refresh import logout, refresh
from svc_identity.service.users import disable_user, ensure_user
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

HERE = "192.0.2.7"


@pytest.fixture
def using():
    store, clock = MemoryStore(), ManualClock()
    store.users[USER_ID] = a_user()
    limits = SessionLimits(refresh_token_s=3_600, session_s=7_200)
    log = FailureLog(store, clock)
    return LoginParts(store, FakePasswords(), FakeSigner(), clock, limits, log)


def counted(act: Act) -> float:
    return ACTS.labels(act.name)._value.get()


async def fails(using, name, password="wrong", error=BadCredentialsError):
    with pytest.raises(error):
        await login(using, name, password, HERE, "S9")


async def test_a_login_and_a_logout(using):
    grant = await login(using, "Alice", PASSWORD, HERE, "S1")
    await logout(using, grant.refresh_token, HERE)
    await logout(using, grant.refresh_token, HERE)
    found = [
        (one.act, one.actor, one.username, one.address, one.session_id) for one in entries(using)
    ]
    assert found == [
        (Act.LOGIN, USER_ID, "alice", HERE, "S1"),
        (Act.LOGOUT, USER_ID, "alice", HERE, "S1"),
    ]


def entries(using):
    return using.store.entries


@pytest.mark.parametrize(
    ("name", "password", "disabled", "detail"),
    [
        ("alice", "wrong", False, "wrong password"),
        ("nobody", "wrong", False, "unknown user"),
        ("alice", PASSWORD, True, "disabled user, right password"),
        ("alice", "wrong", True, "disabled user, wrong password"),
    ],
)
async def test_each_failed_login_says_why_and_from_where(using, name, password, disabled, detail):
    using.store.users[USER_ID] = a_user(disabled=disabled)
    before = counted(Act.LOGIN_FAILED)
    await fails(using, name, password)
    (one,) = entries(using)
    assert (one.act, one.address, one.detail) == (Act.LOGIN_FAILED, HERE, detail)
    known = name == "alice"
    assert one.user_id == (USER_ID if known else "")
    assert one.username == (name if known else stranger(name))
    assert counted(Act.LOGIN_FAILED) == before + 1


async def test_a_password_typed_as_a_name_is_not_kept(using):
    await fails(using, PASSWORD)
    assert PASSWORD not in repr(entries(using))
    assert entries(using)[0].username.startswith(f"({len(PASSWORD)} characters, ")


async def test_a_throttled_login_is_recorded(using):
    for _ in range(PER_USERNAME.free_failures + 1):
        await fails(using, "alice")
    await fails(using, "alice", PASSWORD, LoginThrottledError)
    last = entries(using)[-1]
    assert (last.act, last.username, last.detail) == (Act.LOGIN_THROTTLED, "alice", "for 15 s more")


async def test_failures_beyond_the_budget_are_counted_by_address(using, monkeypatch):
    monkeypatch.setattr(audit, "ADDRESS_ENTRIES_BURST", 2)
    monkeypatch.setattr(audit, "COUNTS_MAX", 1)
    log, before = FailureLog(using.store, using.clock), counted(Act.LOGIN_THROTTLED)
    for address in ["a"] * 5 + ["b"] * 3:
        await log.failed(Act.LOGIN_THROTTLED, username="alice", address=address)
    assert [one.address for one in entries(using)] == ["a", "a", "b", "b"]
    await log.write_counts()
    assert [(one.address, one.count) for one in entries(using)[4:]] == [("", 1), ("a", 3)]
    await log.write_counts()
    assert len(entries(using)) == 6
    assert counted(Act.LOGIN_THROTTLED) == before + 8


async def test_a_reused_refresh_token_and_one_of_a_disabled_user(using):
    first = await login(using, "alice", PASSWORD, HERE, "S1")
    await refresh(using, first.refresh_token, HERE)
    with pytest.raises(SessionEndedError):
        await refresh(using, first.refresh_token, "203.0.113.9")
    reused = entries(using)[-1]
    # Whether the user or somebody else used it is not known.
    assert (reused.act, reused.actor, reused.user_id) == (Act.TOKEN_REUSED, "", USER_ID)
    assert (reused.address, reused.session_id) == ("203.0.113.9", "S1")
    second = await login(using, "alice", PASSWORD, HERE, "S2")
    using.store.users[USER_ID] = a_user(disabled=True)
    with pytest.raises(SessionEndedError):
        await refresh(using, second.refresh_token, HERE)
    assert (entries(using)[-1].act, entries(using)[-1].session_id) == (Act.REFRESH_REFUSED, "S2")


async def test_what_an_administrator_does_to_users(using):
    given = {
        "new_user_id": "01BX5ZZKBKACTAV9WEVGEMMVRZ", "username": "bob", "display_name": "Bob",
        "password": PASSWORD, "roles": frozenset({Role.TRADER}), "accounts": frozenset({"ACC-BOB"}),
        "clock": using.clock, "by": "olga",
    }  # fmt: skip
    await ensure_user(using.store, using.passwords, **given)
    await ensure_user(using.store, using.passwords, **given | {"roles": frozenset({Role.RISK})})
    await disable_user(using.store, "bob", clock=using.clock, by="olga")
    found = [(one.act, one.actor, one.username, one.detail) for one in entries(using)]
    assert found == [
        (Act.USER_ADDED, "admin:olga", "bob", "roles TRADER; accounts ACC-BOB; prices *=REAL_TIME"),
        (Act.USER_CHANGED, "admin:olga", "bob", "roles TRADER to RISK"),
        (
            Act.USER_DISABLED,
            "admin:olga",
            "bob",
            "roles RISK; accounts ACC-BOB; prices *=REAL_TIME",
        ),
    ]
    assert PASSWORD not in repr(found)


def test_a_change_names_every_field_and_no_password():
    before = a_user(disabled=True)
    after = replace(
        before,
        display_name="Al",
        roles=frozenset(),
        accounts=frozenset({"B", "A"}),
        disabled=False,
        password_hash=hashed("another"),
    )
    assert changes(before, after) == (
        "display name 'Alice' to 'Al'; roles TRADER to none; accounts ACC-ALICE to A,B; enabled; "
        "password set"
    )
    assert not changes(before, before)


async def test_keys_are_recorded_when_they_come_sign_and_go(using):
    for published in (["k1"], ["k1"], ["k1", "k2"], ["k2", "k1"], ["k2"]):
        await AuditUpkeep(using.store, using.clock, published).record_keys()
    assert [(one.act, one.detail) for one in entries(using)] == [
        (Act.KEY_USED, "k1 signs"),
        (Act.KEY_USED, "k2 is published"),
        (Act.KEY_USED, "k2 signs"),
        (Act.KEY_USED, "k1 is published"),
        (Act.KEY_GONE, "k1 is no longer published"),
    ]
    assert not key_acts([(Act.KEY_USED, "k2 signs")], ["k2"])


async def test_changes_of_users_by_another_process_are_counted(using):
    upkeep, before = AuditUpkeep(using.store, using.clock, []), counted(Act.USER_DISABLED)
    await upkeep.count_admin_acts()
    await disable_user(using.store, "alice", clock=using.clock, by="olga")
    for _ in range(2):
        await upkeep.count_admin_acts()
    assert counted(Act.USER_DISABLED) == before + 1
