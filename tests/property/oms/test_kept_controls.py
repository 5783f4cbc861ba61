"""What is kept of an account's controls between orders is what would be made anew."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from svc_oms.domain.controls.limits.controls import Controls
from svc_oms.domain.controls.limits.limit_values import (
    Applied,
    Limit,
    LimitKind,
    LimitScope,
    Override,
    OverrideState,
    Range,
    Values,
)
from svc_oms.domain.controls.state import AccountState, Collar, read_state, state_text
from svc_oms.domain.controls.windows import Window

KINDS = (LimitKind.MAX_ORDER_QUANTITY, LimitKind.VOLUME)
LISTINGS = (
    ("ASML.SIMA", "SIMA", "EUR"),
    ("ASML.SIMB", "SIMB", "EUR"),
    ("PHIA.SIMA", "SIMA", "USD"),
)
INSTANTS = st.integers(0, 6)
RANGES = st.sampled_from(
    [
        Range(LimitScope.ACCOUNT, "A"),
        Range(LimitScope.ACCOUNT, "A", instrument_id="ASML.SIMA"),
        Range(LimitScope.FIRM, "F", venue_mic="SIMB"),
        Range(LimitScope.FIRM, "F", currency="USD"),
    ]
)


@st.composite
def controls(draw):
    limits, overrides = [], []
    for number in range(draw(st.integers(0, 4))):
        kind, range_ = draw(st.sampled_from(KINDS)), draw(RANGES)
        for version in range(1, draw(st.integers(1, 2)) + 1):
            times = draw(INSTANTS), draw(INSTANTS)
            ended = draw(st.booleans())
            limits.append(
                Limit(f"L{number}", version, kind, range_, Values(Decimal(version)), *times, ended)
            )
        until = draw(INSTANTS)
        values = Values(Decimal(99))
        overrides.append(
            Override(f"O{number}", f"L{number}", "A", values, until, OverrideState.APPROVED)
        )
    return Controls(1, limits, overrides, {})


@given(controls(), st.lists(st.tuples(st.sampled_from(LISTINGS), INSTANTS), max_size=20))
def test_limits_kept_by_listing_are_those_in_force(made, asked):
    limits = made.of_account("A", "F", "")
    limit = Limit("default", 0, KINDS[0], Range(LimitScope.FIRM, ""), Values(Decimal(7)))
    defaults = {KINDS[0]: Applied(limit, limit.values)}
    for listing, now_ns in asked:
        expected = dict(defaults)
        for kind in KINDS:
            found = limits.find(kind, *listing, now_ns)
            if found is not None:
                expected[kind] = found
        assert limits.applied_at(listing, now_ns, defaults) == expected


CHANGES = st.one_of(
    st.tuples(st.just("collar"), st.sampled_from("abc"), st.integers(1, 9)),
    st.tuples(st.just("no collar"), st.sampled_from("abc")),
    st.tuples(st.just("count"), st.sampled_from("xy"), st.integers(1, 9)),
    st.tuples(st.just("remember"), st.text(alphabet='ab"\\é', max_size=3)),
    st.tuples(st.just("write")),
)


@given(st.lists(CHANGES, max_size=30))
def test_a_text_written_in_parts_says_the_whole_state(changes):
    state, now_ns = AccountState("7-ab"), 0
    for kind, *rest in changes:
        now_ns += 10**7
        match kind:
            case "collar":
                name, value = rest
                state.collars[name] = Collar(now_ns, *(Decimal(value) for _ in range(3)))
            case "no collar":
                state.collars.pop(rest[0], None)
            case "count":
                name, value = rest
                window = state.windows.get(name, Window(100))
                state.windows[name] = window.counted(now_ns, Decimal(value))
            case "remember":
                state.remember(now_ns, rest[0], 10**9)
            case "write":
                text = state_text(state, now_ns)
                assert read_state(text) == state
                assert state_text(read_state(text), now_ns) == text
