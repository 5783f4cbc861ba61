"""Tokens that must be refused, everywhere a token is looked at."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from kernel.nanoseconds import NS_PER_S
from svc_identity.adapters.signing import Es256Signer, TokenRules, load_keys, write_new_key
from svc_identity.domain.users import Role, User

RULES = TokenRules("ordermesh", "ordermesh", 600)
ALICE = User("01J", "alice", "Alice", "", frozenset({Role.TRADER}), frozenset({"ACC-ALICE"}))


def make_token(signer: Es256Signer, now_ns: int | None = None) -> str:
    """Sign a good token for alice."""
    return signer.sign(ALICE, "S1", time.time_ns() if now_ns is None else now_ns).text


class Forger:
    """Makes tokens that look good, from a key file whose public half is published."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        (self._key,) = load_keys(key_file)
        self._claims = _claims_of(make_token(Es256Signer([self._key], RULES)))
        self._head = {"alg": "ES256", "typ": "JWT", "kid": self._key.kid}

    def without_signature(self) -> str:
        return f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{_encode(self._claims)}."

    def signature_taken_off(self) -> str:
        return f"{_encode(self._head)}.{_encode(self._claims)}."

    def signed_with_the_public_key_as_a_secret(self) -> str:
        head = _encode(self._head | {"alg": "HS256"})
        signing_input = f"{head}.{_encode(self._claims)}"
        mac = hmac.digest(self._key.as_pem(private=False), signing_input.encode(), hashlib.sha256)
        return f"{signing_input}.{_encode(mac)}"

    def with_more_accounts(self) -> str:
        head, _, signature = self._signed(self._claims).split(".")
        return f"{head}.{_encode(self._claims | {'accounts': ['ACC-BOB']})}.{signature}"

    def expired(self) -> str:
        return make_token(Es256Signer([self._key], RULES), time.time_ns() - 700 * NS_PER_S)

    def from_the_future(self) -> str:
        return make_token(Es256Signer([self._key], RULES), time.time_ns() + 300 * NS_PER_S)

    def of_another_issuer(self) -> str:
        return self._signed(self._claims | {"iss": "somebody"})

    def for_another_audience(self) -> str:
        return self._signed(self._claims | {"aud": "something"})

    def without_an_audience(self) -> str:
        return self._signed({name: value for name, value in self._claims.items() if name != "aud"})

    def without_an_end(self) -> str:
        return self._signed({name: value for name, value in self._claims.items() if name != "exp"})

    def of_a_key_nobody_published(self) -> str:
        other = self._key_file.parent / f"other-{time.monotonic_ns()}.pem"
        write_new_key(other)
        return make_token(Es256Signer(load_keys(other), RULES))

    def of_another_key_under_a_published_id(self) -> str:
        other = ECKey.generate_key("P-256")
        return jwt.encode(self._head, self._claims, other, algorithms=["ES256"])

    def bringing_its_own_key(self) -> str:
        other = ECKey.generate_key("P-256", {"kid": "mine"})
        head = {"alg": "ES256", "jwk": other.as_dict(private=False)}
        return jwt.encode(head, self._claims, other, algorithms=["ES256"])

    def rubbish(self) -> str:
        return "rubbish"

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(self._head, claims, self._key, algorithms=["ES256"])


FORGERIES = [
    method for name, method in vars(Forger).items() if callable(method) and not name.startswith("_")
]


def _encode(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _claims_of(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
