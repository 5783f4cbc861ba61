"""What makes a limit or a trading state looser, for every kind of limit."""

from decimal import Decimal

import pytest

from svc_oms.domain.controls.limits.limit_values import (
    Limit,
    LimitKind,
    LimitScope,
    PermissionMode,
    Range,
    SelfMatchPolicy,
    TradingState,
    Values,
)
from svc_oms.domain.controls.limits.loosening import (
    Replaced,
    looser,
    looser_state,
    looser_version,
    scopes_around,
    wider_limits,
)

D, K = Decimal, LimitKind
ALLOW, DENY = PermissionMode.ALLOW_LISTED, PermissionMode.DENY_LISTED
V = Values
AB, A = frozenset({"A", "B"}), frozenset({"A"})

# Kind, values, a tighter set of values, a looser one.
PAIRS = [
    (K.MAX_ORDER_QUANTITY, V(D(10)), V(D(9)), V(D(11))),
    (K.MAX_ORDER_VALUE, V(value=D(10)), V(value=D(0)), V(value=D("10.01"))),
    (K.PRICE_COLLAR, V(percent=D(5)), V(percent=D(4)), V(percent=D(6))),
    (
        K.PRICE_COLLAR,
        V(percent=D(5)),
        V(percent=D(5), window_percent=D(2), window_ms=9),
        V(window_percent=D(2), window_ms=9),
    ),
    (
        K.PRICE_COLLAR,
        V(window_percent=D(2), window_ms=9),
        V(window_percent=D(1), window_ms=9),
        V(window_percent=D(2), window_ms=10),
    ),
    (K.VOLUME, V(D(10), window_ms=9), V(D(10), window_ms=10), V(D(10), window_ms=8)),
    (K.VOLUME, V(D(10), window_ms=9), V(D(10), D(5), window_ms=9), V(value=D(5), window_ms=9)),
    (K.OPEN_EXPOSURE, V(value=D(10)), V(value=D(9)), V(value=D(11))),
    (
        K.POSITION,
        V(long_quantity=D(10)),
        V(long_quantity=D(10), short_quantity=D(0)),
        V(short_quantity=D(1)),
    ),
    (
        K.MESSAGE_RATE,
        V(messages=5, window_ms=9),
        V(messages=5, cancels=6, window_ms=9),
        V(messages=6, window_ms=9),
    ),
    (
        K.MESSAGE_RATE,
        V(messages=5, cancels=6, window_ms=9),
        V(messages=4, cancels=6, window_ms=9),
        V(messages=5, window_ms=9),
    ),
    (
        K.REPEATED_EXECUTION,
        V(executions=3, window_ms=9),
        V(executions=2, window_ms=9),
        V(executions=4, window_ms=9),
    ),
    (
        K.INSTRUMENT_PERMISSION,
        V(permission=ALLOW, instruments=AB),
        V(permission=ALLOW, instruments=A),
        V(permission=DENY, instruments=A),
    ),
    (
        K.INSTRUMENT_PERMISSION,
        V(permission=ALLOW, instruments=A),
        V(permission=ALLOW),
        V(permission=ALLOW, instruments=AB),
    ),
    (
        K.INSTRUMENT_PERMISSION,
        V(permission=DENY, instruments=A),
        V(permission=DENY, instruments=AB),
        V(permission=DENY),
    ),
    (K.SHORT_SALE, V(short_sale_allowed=True), V(), None),
    (K.SHORT_SALE, V(), V(), V(short_sale_allowed=True)),
    (K.BUYING_POWER, V(value=D(10)), V(value=D(9)), V(value=D(11))),
    # Every policy keeps own orders apart.
    (
        K.SELF_MATCH,
        V(self_match=SelfMatchPolicy.REJECT_NEW),
        V(self_match=SelfMatchPolicy.CANCEL_RESTING),
        None,
    ),
    (K.DUPLICATE_ORDER, V(window_ms=9), V(window_ms=10), V(window_ms=8)),
]


@pytest.mark.parametrize(("kind", "values", "tighter", "wider"), PAIRS)
def test_values_are_looser_if_any_of_them_is(kind, values, tighter, wider):
    assert looser(kind, values, values) == ""
    assert looser(kind, values, tighter) == ""
    if wider is not None:
        assert looser(kind, values, wider)


def test_every_kind_is_compared():
    assert {kind for kind, *_ in PAIRS} == set(LimitKind)


@pytest.mark.parametrize("before", TradingState)
@pytest.mark.parametrize("after", TradingState)
def test_a_trading_state_is_looser_if_it_takes_more(before, after):
    assert bool(looser_state(before, after)) == (after.value < before.value)


ACCOUNT = Range(LimitScope.ACCOUNT, "ACC")


def limit(version: int, quantity: int, until: int = 0, **fields) -> Limit:
    values = V(D(quantity))
    return Limit("L", version, K.MAX_ORDER_QUANTITY, ACCOUNT, values, 0, until, **fields)


@pytest.mark.parametrize(
    ("replaced", "after", "is_looser"),
    [
        (Replaced(None), limit(1, 10), False),
        (Replaced(limit(1, 10)), limit(2, 10), False),
        (Replaced(limit(1, 10)), limit(2, 11), True),
        # It ends, and the one before would not, or later.
        (Replaced(limit(1, 10)), limit(2, 5, until=99), True),
        (Replaced(limit(1, 10, until=100)), limit(2, 5, until=99), True),
        (Replaced(limit(1, 10, until=99)), limit(2, 5, until=99), False),
        # A version that was to come, and now never counts.
        (Replaced(limit(1, 10), [limit(2, 5)]), limit(3, 10), True),
        (Replaced(limit(1, 10), [limit(2, 5)]), limit(3, 5), False),
        (Replaced(None, [limit(2, 5, ended=True)]), limit(3, 50), False),
    ],
)
def test_a_version_is_looser_than_what_it_replaces(replaced, after, is_looser):
    assert bool(looser_version(replaced, after)) is is_looser


FIRM, DESK = Range(LimitScope.FIRM, "DEMO"), Range(LimitScope.DESK, "DEMO/CASH")


def of(range_: Range) -> Limit:
    return Limit(str(range_), 1, K.MAX_ORDER_QUANTITY, range_, V(D(1)))


@pytest.mark.parametrize(
    ("range_", "candidates", "taken"),
    [
        # The desk's limit covers all of the account's orders, so the firm's does not count.
        (ACCOUNT, [FIRM, DESK], [DESK]),
        (ACCOUNT, [FIRM], [FIRM]),
        (DESK, [ACCOUNT, FIRM], [FIRM]),
        (FIRM, [ACCOUNT, DESK], []),
        # What covers a part of them counts for that part, and what is wider for the rest.
        (ACCOUNT, [DESK._replace(venue_mic="SIMA"), FIRM], [DESK._replace(venue_mic="SIMA"), FIRM]),
        (
            ACCOUNT._replace(instrument_id="ASML.SIMA"),
            [ACCOUNT._replace(venue_mic="SIMA"), FIRM],
            [ACCOUNT._replace(venue_mic="SIMA")],
        ),
        # Other accounts, venues and currencies are not touched.
        (ACCOUNT, [Range(LimitScope.ACCOUNT, "OTHER"), Range(LimitScope.FIRM, "ELSE")], []),
        (ACCOUNT._replace(venue_mic="SIMA"), [ACCOUNT._replace(venue_mic="SIMB")], []),
        (
            ACCOUNT._replace(venue_mic="SIMB"),
            [ACCOUNT._replace(currency="EUR")],
            [ACCOUNT._replace(currency="EUR")],
        ),
    ],
)
def test_a_new_limit_takes_the_place_of_wider_ones(range_, candidates, taken):
    scopes = scopes_around(range_, "DEMO", "DEMO/CASH")
    found = wider_limits(range_, [of(each) for each in candidates], scopes)
    assert [each.range for each in found] == taken
