"""Which tokens a list of revocations covers, and what happens to them."""

import asyncio
from dataclasses import replace

import pytest

from mesh.auth.revocations import Revocations, Revoked
from mesh.auth.tokens import Principal, TokenVerifier
from mesh.errors import MeshError
from tests.support.clock import ManualClock
from tests.support.tokens import ACCEPTED, TokenMint

NOW_S = 1_700_000_000
LIST = Revoked(NOW_S, frozenset({"S1", "S2"}), {"alice": 3})


def token(session="", subject="alice", version=3):
    return Principal(
        subject, "", frozenset(), frozenset(), 0, session_id=session, user_version=version
    )


@pytest.mark.parametrize(
    ("principal", "covered"),
    [
        (token("S1"), True),
        (token("S2", "bob", 1), True),
        (token("S3"), False),
        (token("S3", version=2), True),
        (token("S3", version=4), False),
        (token("", version=0), True),
        (token("", "bob", 0), False),
    ],
)
def test_a_list_covers_the_tokens_of_its_sessions_and_earlier_versions(principal, covered):
    revocations = Revocations()
    assert not revocations.covers(principal)
    revocations.put(LIST)
    assert revocations.covers(principal) is covered


def test_only_a_list_that_says_something_new_wakes_streams():
    revocations, woken = Revocations(), []
    revocations.join(wake := lambda: woken.append(1))
    revocations.put(LIST)
    revocations.put(Revoked(NOW_S + 10, LIST.sessions, dict(LIST.users)))
    assert woken == [1]
    revocations.put(replace(LIST, prices={"alice": frozenset({"*=NONE"})}))
    assert woken == [1, 1]
    assert revocations.prices == {"alice": {"*=NONE"}}
    revocations.leave(wake)
    revocations.put(Revoked())
    assert woken == [1, 1]


async def test_a_revoked_token_is_refused_also_if_it_was_verified_before(monkeypatch):
    """The list is fetched at intervals; while it cannot be, the last one counts."""
    monkeypatch.setattr("mesh.auth.tokens.REVOCATIONS_INTERVAL_S", 0)
    mint, clock = TokenMint(), ManualClock(NOW_S * 10**9)
    answers, asked = [Revoked(NOW_S), LIST], asyncio.Event()

    async def keys():
        return mint.keys

    async def revoked():
        if answers:
            return answers.pop(0)
        asked.set()
        raise ConnectionRefusedError("identity is down")

    verifier = TokenVerifier(keys, ACCEPTED, clock, revoked)
    ended = mint.mint_token(now_s=NOW_S, sid="S1", ver=3)
    going_on = mint.mint_token(now_s=NOW_S, sid="S3", ver=3)
    for text in (ended, going_on):
        assert (await verifier.verify(text)).subject == "alice"
    fetching = asyncio.create_task(verifier.keep_revocations_fresh())
    await asked.wait()
    fetching.cancel()
    with pytest.raises(MeshError) as caught:
        await verifier.verify(ended)
    assert caught.value.reason == "TOKEN_EXPIRED"
    assert (await verifier.verify(going_on)).session_id == "S3"


@pytest.mark.parametrize(
    ("claims", "cause"),
    [
        ({"sid": 7}, "its sid is not a text"),
        ({"ver": "3"}, "its ver is not a whole number"),
        ({"ver": True}, "its ver is not a whole number"),
    ],
)
async def test_claims_of_the_wrong_kind_are_refused(claims, cause):
    mint, clock = TokenMint(), ManualClock(NOW_S * 10**9)
    with pytest.raises(MeshError, match=cause):
        await mint.verifier(clock).verify(mint.mint_token(now_s=NOW_S, **claims))
