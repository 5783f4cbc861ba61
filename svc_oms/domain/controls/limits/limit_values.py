"""Limits as values: the kinds, what each needs, which limit applies to an order.

Every limit has versions. A version replaces all earlier ones from its valid_from on: at any
instant the highest version whose time has begun counts. If that version was ended or has
expired, the limit does not apply.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import IntEnum
from typing import Final, NamedTuple

from kernel.decimals import plain
from svc_oms.domain.refusal import invalid


class LimitKind(IntEnum):
    """Numbers of ordermesh.oms.v1.LimitKind."""

    MAX_ORDER_QUANTITY = 1
    MAX_ORDER_VALUE = 2
    PRICE_COLLAR = 3
    VOLUME = 4
    OPEN_EXPOSURE = 5
    POSITION = 6
    MESSAGE_RATE = 7
    REPEATED_EXECUTION = 8
    INSTRUMENT_PERMISSION = 9
    SHORT_SALE = 10
    BUYING_POWER = 11
    SELF_MATCH = 12
    DUPLICATE_ORDER = 13


class LimitScope(IntEnum):
    """Numbers of ordermesh.oms.v1.LimitScope; the higher one is the more specific."""

    FIRM = 1
    DESK = 2
    ACCOUNT = 3


class PermissionMode(IntEnum):
    """Numbers of ordermesh.oms.v1.PermissionMode."""

    ALLOW_LISTED = 1
    DENY_LISTED = 2


class SelfMatchPolicy(IntEnum):
    """Numbers of ordermesh.oms.v1.SelfMatchPolicy."""

    REJECT_NEW = 1
    CANCEL_RESTING = 2
    CANCEL_BOTH = 3


class TradingState(IntEnum):
    """Numbers of ordermesh.oms.v1.AccountStatus; the higher one is the stricter."""

    ACTIVE = 1
    REDUCE_ONLY = 2
    HALTED = 3


class StatusTarget(IntEnum):
    """Numbers of ordermesh.oms.v1.TradingStatusTarget."""

    ACCOUNT = 1
    INSTRUMENT = 2
    VENUE = 3
    FIRM = 4


class OverrideState(IntEnum):
    """Numbers of ordermesh.oms.v1.OverrideState."""

    PROPOSED = 1
    APPROVED = 2
    REJECTED = 3


class ProposedChangeState(IntEnum):
    """Numbers of ordermesh.oms.v1.ProposedChangeState."""

    PROPOSED = 1
    CONFIRMED = 2
    REJECTED = 3


class Values(NamedTuple):
    """The values of a limit; each kind uses some of them, see NEEDS. None: not given."""

    quantity: Decimal | None = None
    value: Decimal | None = None
    percent: Decimal | None = None
    window_percent: Decimal | None = None
    long_quantity: Decimal | None = None
    short_quantity: Decimal | None = None
    messages: int = 0
    cancels: int = 0
    executions: int = 0
    permission: PermissionMode | None = None
    instruments: frozenset[str] = frozenset()
    self_match: SelfMatchPolicy | None = None
    short_sale_allowed: bool = False
    window_ms: int = 0


class Range(NamedTuple):
    """To whom and what a limit applies; range and kind name the limit."""

    scope: LimitScope
    scope_id: str
    instrument_id: str = ""
    venue_mic: str = ""
    currency: str = ""

    @property
    def rank(self) -> tuple[int, bool, bool, bool]:
        """Return the order of specificity: the higher one is the more specific."""
        return (
            self.scope.value,
            bool(self.instrument_id),
            bool(self.venue_mic),
            bool(self.currency),
        )

    def words(self) -> str:
        """Describe the range: `account ACC-ALICE, ASML.SIMA`; "" for the service's settings."""
        if not self.scope_id:
            return ""
        narrowed = [text for text in (self.instrument_id, self.venue_mic, self.currency) if text]
        return ", ".join([f"{self.scope.name.lower()} {self.scope_id}", *narrowed])

    def covers(self, instrument_id: str, venue_mic: str, currency: str) -> bool:
        """Return whether a listing is within the range."""
        return (
            self.instrument_id in {"", instrument_id}
            and self.venue_mic in {"", venue_mic}
            and self.currency in {"", currency}
        )


class Limit(NamedTuple):
    """One version of a limit."""

    limit_id: str
    version: int
    kind: LimitKind
    range: Range
    values: Values
    valid_from_ns: int = 0
    valid_until_ns: int = 0
    """0: until further notice."""
    ended: bool = False


class Override(NamedTuple):
    """Other values for one account, for a limited time."""

    override_id: str
    limit_id: str
    account_id: str
    values: Values
    valid_until_ns: int
    state: OverrideState
    limit_version: int = 0
    """The version of the limit it was made for; 0: any, in records older than this field."""

    def applies(self, limit: Limit, now_ns: int) -> bool:
        """Return whether its values count for a limit in force; it ends with its version."""
        return self.valid_until_ns > now_ns and self.limit_version in {0, limit.version}


class Applied(NamedTuple):
    """The limit that applies to an order, with the values that count now."""

    limit: Limit
    values: Values
    override_id: str = ""

    @property
    def name(self) -> str:
        """Limit, version and range, and the override if there is one."""
        of = self.limit.range.words() or "the service's settings"
        text = f"limit {self.limit.limit_id} version {self.limit.version} of {of}"
        return f"{text} (override {self.override_id})" if self.override_id else text


# The limits of the settings, which apply where no other is set.
DEFAULT_ID: Final = "default"

# For each kind: fields of which at least one is needed, and fields that may be added.
NEEDS: Final[Mapping[LimitKind, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    LimitKind.MAX_ORDER_QUANTITY: (("quantity",), ()),
    LimitKind.MAX_ORDER_VALUE: (("value",), ()),
    LimitKind.PRICE_COLLAR: (("percent", "window_percent"), ("window_ms",)),
    LimitKind.VOLUME: (("quantity", "value"), ("window_ms",)),
    LimitKind.OPEN_EXPOSURE: (("value",), ()),
    LimitKind.POSITION: (("long_quantity", "short_quantity"), ()),
    LimitKind.MESSAGE_RATE: (("messages",), ("cancels", "window_ms")),
    LimitKind.REPEATED_EXECUTION: (("executions",), ("window_ms",)),
    LimitKind.INSTRUMENT_PERMISSION: (("permission",), ("instruments",)),
    LimitKind.SHORT_SALE: ((), ("short_sale_allowed",)),
    LimitKind.BUYING_POWER: (("value",), ()),
    LimitKind.SELF_MATCH: (("self_match",), ()),
    LimitKind.DUPLICATE_ORDER: (("window_ms",), ()),
}
_WINDOWED = frozenset({LimitKind.VOLUME, LimitKind.MESSAGE_RATE, LimitKind.REPEATED_EXECUTION})


def _given(values: Values, name: str) -> bool:
    value = getattr(values, name)
    return value is not None if name in _MAY_BE_ZERO else bool(value)


_MAY_BE_ZERO = frozenset({"quantity", "value", "long_quantity", "short_quantity", "percent"})


def check_values(kind: LimitKind, range_: Range, values: Values) -> None:
    """Raise OrderRefused (INVALID_FIELD) unless a limit of this kind can have these values."""
    needed, optional = NEEDS[kind]
    for name in Values._fields:
        if _given(values, name) and name not in needed + optional:
            invalid(f"values.{name}", "set", f"left out, because the kind is {kind.name}")
    if needed and not any(_given(values, name) for name in needed):
        invalid(f"values.{needed[0]}", "", f"given ({' or '.join(needed)})")
    windowed = kind in _WINDOWED or values.window_percent is not None
    if windowed and not values.window_ms:
        invalid("values.window_ms", "", "given, because something is counted over it")
    if values.window_ms and kind is LimitKind.PRICE_COLLAR and values.window_percent is None:
        invalid("values.window_percent", "", "given, because there is a window_ms")
    if values.cancels and values.cancels < values.messages:
        invalid(
            "values.cancels", str(values.cancels), f"at least messages, which is {values.messages}"
        )
    narrowed = bool(range_.instrument_id or range_.venue_mic)
    if kind is LimitKind.BUYING_POWER and (narrowed or not range_.currency):
        invalid("range.currency", range_.currency, "given, and nothing else: cash has a currency")
    if range_.instrument_id and range_.venue_mic:
        invalid("range.venue_mic", range_.venue_mic, "left out, because there is an instrument_id")


def check_target(target: StatusTarget, target_id: str) -> None:
    """Raise OrderRefused (INVALID_FIELD) unless a target of this kind can have this name.

    Only the form is checked; whether the target exists is checked elsewhere.
    """
    form = _TARGET_FORMS.get(target)
    if form is not None and not form[0].fullmatch(target_id):
        invalid("target_id", target_id, f"{form[1]}, because the target is {target.name}")


_TARGET_FORMS: Final[Mapping[StatusTarget, tuple[re.Pattern[str], str]]] = {
    StatusTarget.INSTRUMENT: (
        re.compile(r"[A-Z0-9_-]+\.[A-Z0-9]{4}"),
        "SYMBOL.MIC, as in ASML.SIMA",
    ),
    StatusTarget.VENUE: (re.compile(r"[A-Z0-9]{4}"), "a MIC, 4 upper-case letters or digits"),
}


def in_force(versions: Iterable[Limit], now_ns: int) -> Limit | None:
    """Return the version of one limit that counts at an instant; see the head of this file."""
    begun = [each for each in versions if each.valid_from_ns <= now_ns]
    newest = max(begun, key=lambda each: each.version, default=None)
    if newest is None or newest.ended or 0 < newest.valid_until_ns <= now_ns:
        return None
    return newest


class AccountLimits:
    """The limits of one account, the most specific first within each kind."""

    __slots__ = ("_by_kind", "_overrides")

    def __init__(
        self, by_kind: Mapping[LimitKind, list[list[Limit]]], overrides: Mapping[str, Override]
    ) -> None:
        self._by_kind = by_kind
        self._overrides = overrides

    def kinds(self) -> frozenset[LimitKind]:
        """Return the kinds of which there is one, in force or to come."""
        return frozenset(self._by_kind)

    def find(
        self, kind: LimitKind, instrument_id: str, venue_mic: str, currency: str, now_ns: int
    ) -> Applied | None:
        """Return the most specific limit of a kind for an order in this listing."""
        for versions in self._by_kind.get(kind, ()):
            if versions[0].range.covers(instrument_id, venue_mic, currency):
                limit = in_force(versions, now_ns)
                if limit is not None:
                    return self._applied(limit, now_ns)
        return None

    def all(self, now_ns: int) -> list[Applied]:
        """Return every limit in force, the most specific first within each kind."""
        found = (in_force(v, now_ns) for _, kind in sorted(self._by_kind.items()) for v in kind)
        return [self._applied(limit, now_ns) for limit in found if limit is not None]

    def _applied(self, limit: Limit, now_ns: int) -> Applied:
        override = self._overrides.get(limit.limit_id)
        if override is None or not override.applies(limit, now_ns):
            return Applied(limit, limit.values)
        return Applied(limit, override.values, override.override_id)


class Controls:
    """All limits, overrides and trading states at one version of the controls.

    What begins or ends by itself is decided when it is looked up, so an object is valid until the
    version changes.
    """

    def __init__(
        self,
        version: int,
        limits: Iterable[Limit],
        overrides: Iterable[Override],
        states: Mapping[tuple[StatusTarget, str], TradingState],
    ) -> None:
        self.version = version
        self._by_scope: dict[tuple[LimitScope, str], dict[str, list[Limit]]] = {}
        for limit in limits:
            scope = self._by_scope.setdefault((limit.range.scope, limit.range.scope_id), {})
            scope.setdefault(limit.limit_id, []).append(limit)
        self._overrides: dict[str, dict[str, Override]] = {}
        for override in overrides:
            if override.state is OverrideState.APPROVED:
                known = self._overrides.setdefault(override.account_id, {})
                # Of several the newest one counts: ids are in the order of their times.
                other = known.get(override.limit_id)
                if other is None or other.override_id < override.override_id:
                    known[override.limit_id] = override
        self._states = {key: state for key, state in states.items() if state > TradingState.ACTIVE}
        self._accounts: dict[tuple[str, str, str], AccountLimits] = {}

    @property
    def reduce_only_somewhere(self) -> bool:
        """Some instrument, venue or firm is reduce-only."""
        return TradingState.REDUCE_ONLY in self._states.values()

    def state(
        self, own: TradingState, firm_id: str, instrument_id: str, venue_mic: str
    ) -> tuple[TradingState, str]:
        """Return the strictest trading state that applies to an order, and whose state it is."""
        if not self._states:
            return own, "the account"
        found = [(own, "the account")]
        for target, name in (
            (StatusTarget.FIRM, firm_id),
            (StatusTarget.VENUE, venue_mic),
            (StatusTarget.INSTRUMENT, instrument_id),
        ):
            state = self._states.get((target, name))
            if state is not None:
                found.append((state, f"{target.name.lower()} {name}"))
        return max(found, key=lambda each: each[0])

    def of_account(self, account_id: str, firm_id: str, desk_id: str) -> AccountLimits:
        """Return the limits of an account."""
        key = (account_id, firm_id, desk_id)
        made = self._accounts.get(key)
        if made is None:
            made = self._accounts[key] = self._make(*key)
        return made

    def _make(self, account_id: str, firm_id: str, desk_id: str) -> AccountLimits:
        by_kind: dict[LimitKind, list[list[Limit]]] = {}
        for scope in (
            (LimitScope.ACCOUNT, account_id),
            (LimitScope.DESK, desk_name(firm_id, desk_id)),
            (LimitScope.FIRM, firm_id),
        ):
            for versions in self._by_scope.get(scope, {}).values():
                by_kind.setdefault(versions[0].kind, []).append(versions)
        for found in by_kind.values():
            found.sort(key=lambda versions: versions[0].range.rank, reverse=True)
        return AccountLimits(by_kind, self._overrides.get(account_id, {}))


def desk_name(firm_id: str, desk_id: str) -> str:
    """Return the scope_id of a desk; empty for accounts without one, which none can name."""
    return f"{firm_id}/{desk_id}" if desk_id else ""


def values_text(values: Values) -> str:
    """Return the values as text, for refusals and lists."""
    parts = []
    for name, value in zip(Values._fields, values, strict=True):
        if value is None or value is False or (value == 0 and name not in _MAY_BE_ZERO):
            continue
        if isinstance(value, frozenset):
            parts += [f"{name} {len(value)}"] if value else []
        else:
            text = plain(value) if isinstance(value, Decimal) else getattr(value, "name", value)
            parts.append(f"{name} {text}")
    return ", ".join(parts) or "no"


NO_CONTROLS: Final = Controls(0, (), (), {})
