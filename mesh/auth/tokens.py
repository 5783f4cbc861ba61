"""Access tokens (JWT, ES256 only) and what their claims allow."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import extract_compact

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from mesh.auth.revocations import Revocations, Revoked
from mesh.errors import MeshError, refuse
from mesh.log import get_logger
from mesh.telemetry import gauge

ALGORITHMS: Final = ["ES256"]
TOKEN_CHARACTERS_MAX: Final = 8192
# Of a user name kept with the user's actions; a longer one is cut.
USERNAME_CHARACTERS_MAX: Final = 64
# Verified tokens are cached: verifying a signature takes about 100 µs, a look-up less than 1 µs.
VERIFIED_TOKENS_MAX: Final = 10_000
JWKS_REFETCH_INTERVAL_MIN_S: Final = 5.0
# A key that the identity service removes is accepted for at most this long.
JWKS_REFRESH_INTERVAL_S: Final = 30.0
# A token that was revoked is accepted, and its streams go on, for at most about this long and the
# 2 s in which svc_identity reads its database.
REVOCATIONS_INTERVAL_S: Final = 10.0
REVOCATIONS_AGE_MAX_S: Final = 30
CLOCK_SKEW_MAX_S: Final = 5
NUMERIC_DATE_S_END: Final = 253_402_300_800  # the year 10000

_log = get_logger(__name__)
_revocations_as_of = gauge(
    "token_revocations_timestamp_seconds",
    "When svc_identity read the newest list of revoked tokens, seconds since 1970",
)


@dataclass(frozen=True, slots=True)
class Principal:
    """The user of a call.

    Attributes:
        subject: The token's sub, a stable user id.
        name: Name for people.
        username: Login name, kept with the user's actions; the name if the token has no
            login name.
        roles: "TRADER", "VIEWER", "OPERATOR", "AUDITOR", "RISK".
        accounts: Accounts the user may see or, as TRADER, trade.
        expires_at_ns: When the token expires, UTC nanoseconds.
        session_id: The login that the token belongs to (claim sid).
        user_version: Version of roles, accounts and rights to prices at its issue (claim ver).
        price_rights: Rights to the prices of venues (claim prices): "SIMA=REAL_TIME", "*=NONE".
    """

    subject: str
    name: str
    roles: frozenset[str]
    accounts: frozenset[str]
    expires_at_ns: int
    username: str = ""
    session_id: str = ""
    user_version: int = 0
    price_rights: frozenset[str] = frozenset()

    def may_view(self, account: str) -> bool:
        """Return whether the user may see this account's orders; AUDITOR and RISK see all."""
        return account in self.accounts or self.sees_all

    @property
    def sees_all(self) -> bool:
        """Whether a role of the user covers every account."""
        return not self.roles.isdisjoint(("AUDITOR", "RISK"))

    def require_view(self, account: str) -> None:
        """Refuse with ACCOUNT_NOT_ALLOWED unless the user may see the account."""
        if not self.may_view(account):
            raise self._account_refusal(account)

    def require_trade(self, account: str, field: str = "account_id") -> None:
        """Refuse with ACCOUNT_NOT_ALLOWED unless the user may trade the account in this field."""
        if account not in self.accounts or "TRADER" not in self.roles:
            raise self._account_refusal(account, field)

    def _account_refusal(self, account: str, field: str = "account_id") -> MeshError:
        return refuse(
            "ACCOUNT_NOT_ALLOWED",
            f"{field} is {account!r}: {self.name or self.subject} may not use this account here",
            field,
            account=account,
        )


@dataclass(frozen=True, slots=True)
class AcceptedTokens:
    """What a token must say.

    Attributes:
        issuer: Its iss.
        audience: One of its aud.
        life_max_s: Longest time from iat to exp, in seconds.
    """

    issuer: str
    audience: str
    life_max_s: int


class TokenVerifier:
    """Verifies access tokens with a key set that may change while the process runs."""

    def __init__(
        self,
        keys: KeySet | Callable[[], Awaitable[KeySet]],
        rules: AcceptedTokens,
        clock: Clock,
        revoked: Callable[[], Awaitable[Revoked]] | None = None,
    ) -> None:
        """Take keys from a fixed set or from a function that fetches them.

        Args:
            keys: The public keys.
            rules: What a token must say.
            clock: Gives the time.
            revoked: Fetches the list of revoked tokens; None: there is none.
        """
        self._keys = keys if isinstance(keys, KeySet) else KeySet([])
        self._fetch = None if isinstance(keys, KeySet) else keys
        self._rules = rules
        self._clock = clock
        self.revocations = Revocations()
        self._fetch_revoked = revoked
        self._verified: OrderedDict[str, Principal] = OrderedDict()
        self._fetched_at: float | None = None
        self._fetching = asyncio.Lock()

    async def verify(self, token: str) -> Principal:
        """Return the user of a token.

        Raises:
            MeshError: UNAUTHENTICATED or TOKEN_EXPIRED; DEPENDENCY_UNAVAILABLE if
                the keys cannot be fetched.
        """
        principal = self._verified.get(token)
        if principal is None:
            principal = await self._verify_new(token)
        if principal.expires_at_ns <= self._clock.now_ns():
            self._verified.pop(token, None)
            raise refuse("TOKEN_EXPIRED", "the access token has expired: refresh it and repeat")
        if self.revocations.covers(principal):
            raise refuse(
                "TOKEN_EXPIRED",
                "the session of the access token has ended, or the user's roles, accounts or "
                "rights to prices have changed: refresh the token, or log in again",
            )
        return principal

    async def _verify_new(self, token: str) -> Principal:
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise _unverified(f"it is longer than {TOKEN_CHARACTERS_MAX} characters")
        key = await self._key_of(_key_id(token))
        try:
            claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError) as error:
            raise _unverified("its signature is not valid") from error
        principal = self._principal_of(claims)
        self._verified[token] = principal
        if len(self._verified) > VERIFIED_TOKENS_MAX:
            self._verified.popitem(last=False)
        return principal

    def _principal_of(self, claims: dict[str, Any]) -> Principal:
        now_s = self._clock.now_ns() // NS_PER_S
        expiry, audience = claims.get("exp"), claims.get("aud")
        if not _is_time(expiry):
            raise _unverified("it has no exp")
        if claims.get("iss") != self._rules.issuer:
            raise _unverified(f"its iss is not {self._rules.issuer}")
        audiences = audience if isinstance(audience, list) else [audience]
        if self._rules.audience not in audiences:
            raise _unverified(f"its aud is not {self._rules.audience}")
        for claim in ("nbf", "iat"):
            value = claims.get(claim)
            if value is not None and (not _is_time(value) or value > now_s + CLOCK_SKEW_MAX_S):
                raise _unverified(f"its {claim} is in the future")
        issued = claims.get("iat")
        if not _is_time(issued):
            raise _unverified("it has no iat")
        if expiry - issued > self._rules.life_max_s:
            raise _unverified(f"it is valid for more than {self._rules.life_max_s} s")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise _unverified("it has no sub")
        return Principal(
            subject=subject,
            name=str(claims.get("name", "")),
            roles=_texts(claims, "roles"),
            accounts=_texts(claims, "accounts"),
            expires_at_ns=int(expiry * NS_PER_S),
            username=str(claims.get("preferred_username") or claims.get("name", ""))[
                :USERNAME_CHARACTERS_MAX
            ],
            session_id=_text(claims, "sid"),
            user_version=_version(claims),
            price_rights=_texts(claims, "prices"),
        )

    async def _key_of(self, key_id: str) -> ECKey:
        key = self._known_key(key_id)
        if key is None and self._fetch is not None:
            await self._refetch(key_id)
            key = self._known_key(key_id)
        if key is None:
            raise _unverified("it is signed with an unknown key")
        return key

    def _known_key(self, key_id: str) -> ECKey | None:
        for key in self._keys.keys:
            if key.kid == key_id and isinstance(key, ECKey):
                return key
        return None

    async def _refetch(self, key_id: str) -> None:
        """Fetch the keys, at most once per interval, whatever key ids callers send."""
        assert self._fetch is not None
        async with self._fetching:
            now = self._clock.monotonic()
            recent = (
                self._fetched_at is not None
                and now - self._fetched_at < JWKS_REFETCH_INTERVAL_MIN_S
            )
            if recent or self._known_key(key_id) is not None:
                return
            # A failure is not counted as a fetch: the next call may try again at once.
            if not await self._renew():
                raise refuse(
                    "DEPENDENCY_UNAVAILABLE",
                    "the public keys of tokens cannot be fetched now",
                    retry_after_s=1.0,
                    dependency="jwks",
                )
            self._fetched_at = now

    async def keep_keys_fresh(self) -> None:
        """Fetch the keys at intervals once a token has needed them; forget tokens of old keys."""
        while True:
            await asyncio.sleep(JWKS_REFRESH_INTERVAL_S)
            if self._fetched_at is not None:
                await self._renew()

    async def keep_revocations_fresh(self) -> None:
        """Fetch what was revoked at intervals, once a token has been verified.

        While it cannot be fetched the last list counts, and a warning is logged each time.
        """
        while True:
            await asyncio.sleep(REVOCATIONS_INTERVAL_S)
            if self._fetched_at is not None and self._fetch_revoked is not None:
                try:
                    self._take(await self._fetch_revoked())
                except (OSError, ValueError) as error:
                    _log.warning("the list of revoked tokens cannot be fetched", error=str(error))

    def _take(self, revoked: Revoked) -> None:
        _revocations_as_of.set(revoked.as_of_s)
        age_s = self._clock.now_ns() // NS_PER_S - revoked.as_of_s
        if age_s > REVOCATIONS_AGE_MAX_S:
            _log.warning("the list of revoked tokens is old", age_s=age_s)
        self.revocations.put(revoked)

    async def _renew(self) -> bool:
        """Fetch the keys; if that fails, those known stay. Return whether it worked."""
        assert self._fetch is not None
        try:
            keys = await self._fetch()
        except (OSError, ValueError, JoseError) as error:
            _log.warning("the public keys of tokens cannot be fetched", error=str(error))
            return False
        if keys.as_dict() != self._keys.as_dict():
            self._verified.clear()
        self._keys = keys
        return True


def bearer_token(metadata: Sequence[tuple[str, str | bytes]] | None) -> str:
    """Return the token of the authorization header; empty if there is none."""
    for key, value in metadata or ():
        if key == "authorization" and isinstance(value, str):
            scheme, _, token = value.partition(" ")
            return token.strip() if scheme.lower() == "bearer" else ""
    return ""


def _key_id(token: str) -> str:
    try:
        header = extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError) as error:
        raise _unverified("it is not a JWT") from error
    # Checked before the key is looked up, and again by the signature check.
    if header.get("alg") not in ALGORITHMS:
        raise _unverified("it is not signed with ES256")
    key_id = header.get("kid")
    return key_id if isinstance(key_id, str) else ""


def _is_time(value: object) -> TypeGuard[float]:
    """Return whether a claim is a NumericDate; JSON's Infinity and NaN are not."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return 0 <= value < NUMERIC_DATE_S_END


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str):
        raise _unverified(f"its {name} is not a text")
    return value


def _version(claims: dict[str, Any]) -> int:
    value = claims.get("ver", 0)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _unverified("its ver is not a whole number")
    return value


def _texts(claims: dict[str, Any], name: str) -> frozenset[str]:
    values = claims.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _unverified(f"its {name} is not a list of texts")
    return frozenset(values)


def _unverified(cause: str) -> MeshError:
    return refuse("UNAUTHENTICATED", f"the access token is not accepted: {cause}", cause=cause)
