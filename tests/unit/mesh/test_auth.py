"""Which tokens are accepted: those of our key, our issuer, our audience, in time; ES256 only."""

import asyncio
import base64
import hmac
import json

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from mesh.auth.tokens import Principal, TokenVerifier, bearer_token
from mesh.errors import MeshError
from tests.support.clock import ManualClock
from tests.support.tokens import ACCEPTED, LIFETIME_S, TokenMint

NOW_S = 1_700_000_000


@pytest.fixture
def clock():
    return ManualClock(NOW_S * 10**9)


@pytest.fixture
def mint():
    return TokenMint()


def part(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def claims_of(token):
    text = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def algorithm_none(mint):
    claims = claims_of(mint.mint_token(now_s=NOW_S))
    return f"{part({'alg': 'none', 'kid': mint.key.kid})}.{part(claims)}."


def hmac_with_the_public_key(mint):
    claims = claims_of(mint.mint_token(now_s=NOW_S))
    signed = f"{part({'alg': 'HS256', 'kid': mint.key.kid})}.{part(claims)}"
    digest = hmac.digest(mint.key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def rsa(mint):
    key = RSAKey.generate_key(2048, parameters={"kid": mint.key.kid})
    return jwt.encode(
        {"alg": "RS256", "kid": mint.key.kid}, claims_of(mint.mint_token(now_s=NOW_S)), key
    )


def other_key_same_id(mint):
    return TokenMint(mint.key.kid).mint_token(now_s=NOW_S)


def changed_payload(mint):
    header, _, signature = mint.mint_token(now_s=NOW_S).split(".")
    claims = claims_of(mint.mint_token(now_s=NOW_S)) | {"accounts": ["ACC-BOB"]}
    return f"{header}.{part(claims)}.{signature}"


def key_in_the_header(mint):
    key = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims_of(mint.mint_token(now_s=NOW_S)), key)


def roles_as_text(mint):
    claims = claims_of(mint.mint_token(now_s=NOW_S)) | {"roles": "TRADER"}
    return jwt.encode({"alg": "ES256", "kid": mint.key.kid}, claims, mint.key)


REFUSED = {
    "alg none": algorithm_none,
    "HS256 keyed with the public key": hmac_with_the_public_key,
    "RS256": rsa,
    "another key under our id": other_key_same_id,
    "unknown key id": lambda _: TokenMint("other").mint_token(now_s=NOW_S),
    "key brought along": key_in_the_header,
    "payload changed": changed_payload,
    "signature cut off": lambda mint: mint.mint_token(now_s=NOW_S).rsplit(".", 1)[0] + ".",
    "wrong audience": lambda mint: mint.mint_token(now_s=NOW_S, aud="elsewhere"),
    "no audience": lambda mint: mint.mint_token(now_s=NOW_S, leave_out=("aud",)),
    "wrong issuer": lambda mint: mint.mint_token(now_s=NOW_S, iss="elsewhere"),
    "no issuer": lambda mint: mint.mint_token(now_s=NOW_S, leave_out=("iss",)),
    "no expiry": lambda mint: mint.mint_token(now_s=NOW_S, leave_out=("exp",)),
    "expiry as text": lambda mint: mint.mint_token(now_s=NOW_S, exp="9999999999"),
    "expiry true": lambda mint: mint.mint_token(now_s=NOW_S, exp=True),
    "expiry infinite": lambda mint: mint.mint_token(now_s=NOW_S, exp=float("inf")),
    "not yet valid": lambda mint: mint.mint_token(now_s=NOW_S, nbf=NOW_S + 60),
    "issued in the future": lambda mint: mint.mint_token(now_s=NOW_S + 60),
    "no subject": lambda mint: mint.mint_token(now_s=NOW_S, sub=""),
    "roles as text": roles_as_text,
    "not a token": lambda _: "hello",
    "empty parts": lambda _: "..",
    "not ASCII": lambda _: "ü.ü.ü",
    "too long": lambda mint: mint.mint_token(now_s=NOW_S, name="x" * 9000),
}


@pytest.mark.parametrize("forge", REFUSED.values(), ids=REFUSED.keys())
async def test_bad_tokens_are_refused(forge, mint, clock):
    with pytest.raises(MeshError) as caught:
        await mint.verifier(clock).verify(forge(mint))
    assert caught.value.reason == "UNAUTHENTICATED"


async def test_good_token_names_the_user(mint, clock):
    token = mint.mint_token("alice", ("TRADER", "VIEWER"), ("A", "B"), 60, NOW_S)
    principal = await mint.verifier(clock).verify(token)
    assert principal == Principal(
        "alice",
        "Alice",
        frozenset({"TRADER", "VIEWER"}),
        frozenset({"A", "B"}),
        (NOW_S + 60) * 10**9,
        "Alice",
        price_rights=frozenset({"*=REAL_TIME"}),
    )


async def test_expired_token_is_distinguished_also_once_remembered(mint, clock):
    verifier, token = mint.verifier(clock), mint.mint_token(lifetime_s=60, now_s=NOW_S)
    await verifier.verify(token)
    clock.advance(59.999)
    await verifier.verify(token)
    clock.advance(0.001)
    for one in (verifier, mint.verifier(clock)):
        with pytest.raises(MeshError) as caught:
            await one.verify(token)
        assert caught.value.reason == "TOKEN_EXPIRED"


async def test_new_keys_are_fetched_once_per_interval(mint, clock):
    fetched = []
    current = [KeySet([])]

    async def fetch():
        fetched.append(clock.monotonic())
        await asyncio.sleep(0)
        return current[0]

    verifier = TokenVerifier(fetch, ACCEPTED, clock)
    token = mint.mint_token(now_s=NOW_S)

    async def refused():
        with pytest.raises(MeshError) as caught:
            await verifier.verify(token)
        return caught.value.reason

    assert set(await asyncio.gather(*[refused() for _ in range(20)])) == {"UNAUTHENTICATED"}
    assert len(fetched) == 1
    current[0] = mint.keys
    assert await refused() == "UNAUTHENTICATED"
    clock.advance(5)
    assert (await verifier.verify(token)).subject == "alice"
    assert len(fetched) == 2


async def test_tokens_of_a_key_that_is_gone_are_refused_after_the_refresh(mint, clock, monkeypatch):
    """A key that leaked is removed: tokens that were verified with it count no longer."""
    current = [mint.keys]
    refreshed = asyncio.Event()

    async def fetch():
        if current[0] is not mint.keys:
            refreshed.set()
        return current[0]

    monkeypatch.setattr("mesh.auth.tokens.JWKS_REFRESH_INTERVAL_S", 0)
    verifier = TokenVerifier(fetch, ACCEPTED, clock)
    token = mint.mint_token(now_s=NOW_S)
    await verifier.verify(token)
    current[0] = TokenMint("next").keys
    refreshing = asyncio.create_task(verifier.keep_keys_fresh())
    await refreshed.wait()
    await asyncio.sleep(0)
    refreshing.cancel()
    with pytest.raises(MeshError) as caught:
        await verifier.verify(token)
    assert caught.value.reason == "UNAUTHENTICATED"


async def test_known_keys_stay_while_they_cannot_be_fetched_anew(mint, clock, monkeypatch):
    asked = asyncio.Event()
    answers = [mint.keys]

    async def fetch():
        if answers:
            return answers.pop()
        asked.set()
        raise ConnectionRefusedError("identity is down")

    monkeypatch.setattr("mesh.auth.tokens.JWKS_REFRESH_INTERVAL_S", 0)
    verifier = TokenVerifier(fetch, ACCEPTED, clock)
    await verifier.verify(mint.mint_token(now_s=NOW_S))
    refreshing = asyncio.create_task(verifier.keep_keys_fresh())
    await asked.wait()
    refreshing.cancel()
    assert (await verifier.verify(mint.mint_token("bob", now_s=NOW_S))).subject == "bob"


@pytest.mark.parametrize(
    ("claims", "cause"),
    [
        ({"exp": NOW_S + LIFETIME_S + 1}, f"it is valid for more than {LIFETIME_S} s"),
        ({"iat": NOW_S - LIFETIME_S, "exp": NOW_S + 1}, f"more than {LIFETIME_S} s"),
        ({"iat": None}, "it has no iat"),
        ({"iat": "now"}, "its iat is in the future"),
    ],
)
async def test_the_life_of_a_token_is_bounded(mint, clock, claims, cause):
    with pytest.raises(MeshError, match=cause):
        await mint.verifier(clock).verify(mint.mint_token(now_s=NOW_S, **claims))


async def test_keys_that_cannot_be_had_are_not_the_callers_fault(mint, clock):
    async def fetch():
        raise ConnectionRefusedError("identity is down")

    verifier = TokenVerifier(fetch, ACCEPTED, clock)
    with pytest.raises(MeshError) as caught:
        await verifier.verify(mint.mint_token(now_s=NOW_S))
    assert caught.value.reason == "DEPENDENCY_UNAVAILABLE"


@pytest.mark.parametrize(
    ("metadata", "token"),
    [
        ((("authorization", "Bearer abc"),), "abc"),
        ((("authorization", "bearer  abc "),), "abc"),
        ((("authorization", "Basic abc"),), ""),
        ((("authorization", ""),), ""),
        ((), ""),
        (None, ""),
    ],
)
def test_bearer_token_of_the_header(metadata, token):
    assert bearer_token(metadata) == token


def principal(*roles):
    return Principal("s", "n", frozenset(roles), frozenset({"MINE"}), 0)


@pytest.mark.parametrize(
    ("roles", "account", "views", "trades"),
    [
        (("TRADER",), "MINE", True, True),
        (("TRADER",), "OTHER", False, False),
        (("VIEWER",), "MINE", True, False),
        (("AUDITOR",), "OTHER", True, False),
        (("OPERATOR",), "OTHER", False, False),
        ((), "MINE", True, False),
    ],
)
def test_accounts_by_role(roles, account, views, trades):
    for allowed, require in (
        (views, principal(*roles).require_view),
        (trades, principal(*roles).require_trade),
    ):
        if allowed:
            require(account)
        else:
            with pytest.raises(MeshError, match="ACCOUNT_NOT_ALLOWED"):
                require(account)
