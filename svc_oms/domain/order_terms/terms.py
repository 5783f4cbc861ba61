"""Which terms an order type needs, which times in force it allows, and who works it.

Three tables. TERMS: the terms that a type must have and may have; it must not have others.
TIMES: the times in force that make sense with a type. ONCE_TRIGGERED: the types that the OMS
can work itself where a venue does not offer them, and what the venue gets when they trigger.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NamedTuple

from kernel.decimals import plain
from kernel.nanoseconds import NS_PER_DAY
from svc_oms.domain.model import OrderTerms, OrderType, Peg, TimeInForce, TriggerPriceType
from svc_oms.domain.order_terms.times import utc
from svc_oms.domain.refusal import invalid, unsupported

# The latest expire_time: a year ahead. A later one is taken for a mistake and refused.
EXPIRE_AHEAD_MAX_DAYS: Final = 366
_T, _F = OrderType, TimeInForce


class TermsRule(NamedTuple):
    """Names of OrderTerms fields."""

    needs: frozenset[str]
    may: frozenset[str] = frozenset()


def _rule(*needs: str, may: Iterable[str] = ()) -> TermsRule:
    return TermsRule(frozenset(needs), frozenset(may))


TERMS: Final[Mapping[OrderType, TermsRule]] = {
    _T.MARKET: _rule(),
    _T.LIMIT: _rule("limit_price"),
    # Every type with a stop may name the price that the stop is compared with.
    _T.STOP: _rule("stop_price", may=("trigger_price_type",)),
    _T.STOP_LIMIT: _rule("stop_price", "limit_price", may=("trigger_price_type",)),
    # The venue finds the limit; a replace after that must give it (check_kind).
    _T.MARKET_TO_LIMIT: _rule(),
    _T.ICEBERG: _rule("limit_price", "display_quantity"),
    # A limit bounds how far the peg follows.
    _T.PEGGED: _rule("peg", may=("limit_price",)),
    # The stop price is the start; without it, the last trade and the offset give the start.
    _T.TRAILING_STOP: _rule("trailing_offset", may=("stop_price", "trigger_price_type")),
}
"""quantity and time_in_force belong to every type; expire_time to GTD, of whatever type."""

_KEPT: Final = frozenset({_F.DAY, _F.GTC, _F.GTD})
_AT_ONCE: Final = frozenset({_F.IOC, _F.FOK})
_AUCTION: Final = frozenset({_F.AT_OPEN, _F.AT_CLOSE})

TIMES: Final[Mapping[OrderType, frozenset[TimeInForce]]] = {
    # A market order can wait too: for an auction, or during a halt.
    _T.MARKET: _KEPT | _AT_ONCE | _AUCTION,
    _T.LIMIT: _KEPT | _AT_ONCE | _AUCTION,
    # IOC and FOK apply from the trigger on.
    _T.STOP: _KEPT | _AT_ONCE,
    _T.STOP_LIMIT: _KEPT | _AT_ONCE,
    _T.TRAILING_STOP: _KEPT | _AT_ONCE,
    # IOC and FOK leave nothing to become a limit order, to hide, or to follow a price.
    _T.MARKET_TO_LIMIT: _KEPT,
    _T.ICEBERG: _KEPT,
    _T.PEGGED: _KEPT,
}

ONCE_TRIGGERED: Final[Mapping[OrderType, OrderType]] = {
    _T.STOP: _T.MARKET,
    _T.STOP_LIMIT: _T.LIMIT,
    _T.TRAILING_STOP: _T.MARKET,
}


class Capabilities(NamedTuple):
    """What a venue takes, as its gateway reports."""

    order_types: frozenset[OrderType]
    times_in_force: frozenset[TimeInForce]
    cash_quantity: bool = False
    """It takes CashOrderQty(152)."""


BASIC: Final = Capabilities(
    frozenset({_T.MARKET, _T.LIMIT}), frozenset({_F.DAY, _F.GTC, _F.IOC, _F.FOK})
)
"""Of a venue whose gateway reports nothing."""


class Worker(Enum):
    """Who works an order."""

    NATIVE = "the venue"
    EMULATED = "the OMS, until it triggers"


class HowWorked(NamedTuple):
    """Who works an order, and what is sent to the venue: at once, or when it triggers."""

    worker: Worker
    type: OrderType
    time_in_force: TimeInForce


def how_worked(
    type_: OrderType, time_in_force: TimeInForce, capabilities: Capabilities
) -> HowWorked:
    """Decide who works an order of this type and time in force.

    Whether the pair makes sense is another question (`check_kind`). An emulated order is kept
    here under its own time in force. The market order it becomes does not rest, so a time in
    force that the venue does not offer becomes DAY, or IOC.

    Raises:
        OrderRefused: UNSUPPORTED_ORDER_CHARACTERISTIC, naming what the venue offers.
    """
    types, times = capabilities.order_types, capabilities.times_in_force
    if type_ in types and time_in_force in times:
        return HowWorked(Worker.NATIVE, type_, time_in_force)
    becomes = ONCE_TRIGGERED.get(type_)
    if becomes is None or becomes not in types:
        if type_ not in types:
            unsupported("type", type_.name, _names(types))
    elif time_in_force in times:
        return HowWorked(Worker.EMULATED, becomes, time_in_force)
    elif becomes is _T.MARKET and time_in_force not in _AT_ONCE:
        for instead in (_F.DAY, _F.IOC):
            if instead in times:
                return HowWorked(Worker.EMULATED, becomes, instead)
    return unsupported("terms.time_in_force", time_in_force.name, _names(times))


def require_native(
    type_: OrderType, time_in_force: TimeInForce, capabilities: Capabilities
) -> None:
    """Refuse what the venue does not work itself.

    Raises:
        OrderRefused: UNSUPPORTED_ORDER_CHARACTERISTIC, naming what the venue offers.
    """
    if how_worked(type_, time_in_force, capabilities).worker is not Worker.NATIVE:
        if type_ not in capabilities.order_types:
            unsupported("type", type_.name, _names(capabilities.order_types))
        unsupported("terms.time_in_force", time_in_force.name, _names(capabilities.times_in_force))


def check_kind(
    type_: OrderType, terms: OrderTerms, now_ns: int, standing: OrderTerms | None = None
) -> None:
    """Check that type, time in force and terms go together.

    Args:
        type_: Of the order.
        terms: Asked for.
        now_ns: What expire_time must be after.
        standing: In a replace, the terms as they are.

    Raises:
        OrderRefused: INVALID_FIELD.
    """
    in_force = terms.time_in_force
    if in_force not in TIMES[type_]:
        invalid(
            "terms.time_in_force",
            in_force.name,
            f"one of {_names(TIMES[type_])}, {_because(type_)}",
        )
    needs, may = TERMS[type_]
    if type_ is _T.MARKET_TO_LIMIT and standing is not None and standing.limit_price is not None:
        # It has become a limit order: nobody could guess a price that is left out.
        needs = _RESTING
    for name, what, at in _FIELDS:
        value = terms[at]
        if value is None:
            if name in needs:
                invalid(f"terms.{name}", "", f"{what}, {_because(type_)}")
        elif name not in needs and name not in may:
            invalid(f"terms.{name}", _in_words(value), f"empty, {_because(type_)}")
        elif isinstance(value, Decimal) and value <= 0:
            invalid(f"terms.{name}", _in_words(value), "above 0")
    if terms.expire_time_ns is not None or in_force is _F.GTD:
        _check_expire_time(terms, now_ns)


def _because(type_: OrderType) -> str:
    return f"because the type is {type_.name}"


def _check_expire_time(terms: OrderTerms, now_ns: int) -> None:
    expires_ns, in_force = terms.expire_time_ns, terms.time_in_force
    because = f"because the time in force is {in_force.name}"
    if in_force is not _F.GTD:
        if expires_ns is not None:
            invalid("terms.expire_time", utc(expires_ns), f"empty, {because}")
    elif expires_ns is None:
        invalid("terms.expire_time", "", f"a time, {because}")
    elif expires_ns <= now_ns:
        invalid("terms.expire_time", utc(expires_ns), f"after {utc(now_ns)}, which is now")
    elif expires_ns > now_ns + EXPIRE_AHEAD_MAX_DAYS * NS_PER_DAY:
        invalid(
            "terms.expire_time",
            utc(expires_ns),
            f"at most {EXPIRE_AHEAD_MAX_DAYS} days ahead",
        )


def _in_words(value: Any) -> str:
    if isinstance(value, Peg):
        return f"{PEG_NAMES.get(value.reference, value.reference)} {plain(value.offset)}"
    if isinstance(value, TriggerPriceType):
        return value.name
    return plain(value) if isinstance(value, Decimal) else str(value)


def _names(values: Iterable[OrderType | TimeInForce]) -> str:
    return ", ".join(value.name for value in sorted(values)) or "none"


_place: Final[Callable[[str], int]] = OrderTerms._fields.index
_RESTING: Final = frozenset({"limit_price"})
PEG_NAMES: Final = {1: "PRIMARY", 2: "MIDPOINT", 3: "MARKET"}
# Field, name of what is missing, place of its check.
_FIELDS: Final = (
    ("limit_price", "a price", _place("limit_price")),
    ("stop_price", "a price", _place("stop_price")),
    ("display_quantity", "a quantity", _place("display_quantity")),
    ("trailing_offset", "a distance", _place("trailing_offset")),
    ("peg", "a peg", _place("peg")),
    ("trigger_price_type", "a price", _place("trigger_price_type")),
)
