"""Access tokens signed with keys of the test's own."""

import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from kernel.clock import Clock, SystemClock
from mesh.auth.tokens import AcceptedTokens, TokenVerifier

ISSUER = "ordermesh"
AUDIENCE = "ordermesh"


# Most are made at import and used whenever their test's turn comes: longer than a run takes.
LIFETIME_S = 4 * 3600
ACCEPTED = AcceptedTokens(ISSUER, AUDIENCE, LIFETIME_S)


class TokenMint:
    """Signs tokens and makes verifiers that accept them."""

    def __init__(self, kid: str = "test-1") -> None:
        self.key = ECKey.generate_key("P-256", parameters={"kid": kid, "alg": "ES256"})
        self.keys = KeySet([self.key])

    def mint_token(
        self,
        subject: str = "alice",
        roles: tuple[str, ...] = ("TRADER",),
        accounts: tuple[str, ...] = ("ACC-ALICE",),
        lifetime_s: float = LIFETIME_S,
        now_s: float | None = None,
        leave_out: tuple[str, ...] = (),
        **claims: Any,
    ) -> str:
        """Sign a token; ``claims`` replace, ``leave_out`` removes."""
        now = int(time.time() if now_s is None else now_s)
        content = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "exp": int(now + lifetime_s),
            "jti": f"{subject}-{now}",
            "name": subject.title(),
            "roles": list(roles),
            "accounts": list(accounts),
            "prices": ["*=REAL_TIME"],
        } | claims
        for name in leave_out:
            del content[name]
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, content, self.key)

    def verifier(self, clock: Clock | None = None) -> TokenVerifier:
        """Accept what this mint signs."""
        return TokenVerifier(self.keys, ACCEPTED, clock or SystemClock())

    def jwks(self) -> dict[str, Any]:
        """The public keys as a JWKS document."""
        return dict(self.keys.as_dict(private=False))


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """Call metadata that carries a token."""
    return (("authorization", f"Bearer {token}"),)
