"""Limits as values: the kinds, what each needs, which limit applies to an order.

Every limit has versions. A version replaces all earlier ones from its valid_from on: at any
instant the highest version whose time has begun counts. If that version was ended or has
expired, the limit does not apply.
"""

import re
from collections.abc import Mapping
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
