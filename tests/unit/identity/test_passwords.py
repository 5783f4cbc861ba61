"""Argon2: right and wrong, nobody, and the bound on the waiting."""

import asyncio

import pytest

from svc_identity.adapters.passwords import CHECKS_AT_ONCE_MAX, CHECKS_WAITING_MAX, Argon2Passwords
from svc_identity.domain.errors import BusyError


@pytest.fixture
def passwords():
    with Argon2Passwords(memory_kib=64) as quick:
        yield quick


async def test_right_and_wrong(passwords):
    made = await passwords.hash("correct horse")
    assert made.startswith("$argon2id$")
    assert await passwords.verify("correct horse", made)
    assert not await passwords.verify("wrong horse", made)
    assert not await passwords.verify("anything", "not a hash")


async def test_the_same_password_never_gives_the_same_hash(passwords):
    assert await passwords.hash("same") != await passwords.hash("same")


async def test_for_nobody_a_real_hash_is_checked(passwords, monkeypatch):
    seen = []
    compare = passwords._compare
    monkeypatch.setattr(
        passwords, "_compare", lambda known, typed: seen.append(known) or compare(known, typed)
    )
    assert not await passwords.verify("anything", None)
    assert seen[0].startswith("$argon2id$v=19$m=64,")


async def test_a_hash_of_other_parameters_is_outdated(passwords):
    with Argon2Passwords(memory_kib=128) as stronger:
        made = await passwords.hash("x")
        assert stronger.outdated(made)
        assert not passwords.outdated(made)


async def test_too_many_at_once_are_asked_to_come_again(passwords, monkeypatch):
    release = asyncio.Event()

    async def blocked(_executor, _work):
        await release.wait()
        return True

    monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", blocked)
    bound = CHECKS_AT_ONCE_MAX + CHECKS_WAITING_MAX
    waiting = [asyncio.ensure_future(passwords.verify("x", "y")) for _ in range(bound)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await passwords.verify("x", "y")
    release.set()
    assert all(await asyncio.gather(*waiting))
    assert await passwords.verify("x", "y")
