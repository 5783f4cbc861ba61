"""Which thresholds a price reaches, compared with a look at all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.decimals import NANO
from svc_marketdata.domain.alerts.alert import Condition, changed_by
from svc_marketdata.domain.alerts.thresholds import Thresholds

LEVELS = st.integers(-20, 20)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(Condition), LEVELS),
        st.tuples(st.just("remove"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("price"), st.just(0), LEVELS),
    ),
    max_size=60,
)


@given(STEPS)
def test_a_price_takes_out_all_it_reaches_and_nothing_else(steps) -> None:
    thresholds = Thresholds()
    kept: dict[str, tuple[Condition, int]] = {}
    for number, (what, first, level) in enumerate(steps):
        if what == "add":
            kept[f"A{number}"] = (first, level)
            thresholds.add(first, level, f"A{number}")
        elif what == "remove":
            name = f"A{first}"
            condition, of = kept.pop(name, (Condition.ABOVE, 0))
            thresholds.remove(condition, of, name)
        else:
            reached = {
                name
                for name, (condition, of) in kept.items()
                if (level >= of if condition is Condition.ABOVE else level <= of)
            }
            assert thresholds.reaches(level) == bool(reached)
            taken = thresholds.take(level)
            assert len(taken) == len(set(taken))
            assert set(taken) == reached
            for name in taken:
                del kept[name]
        assert len(thresholds) == len(kept)


@pytest.mark.parametrize(
    ("reference", "percent", "threshold"),
    [
        (100 * NANO, 5 * NANO, 105 * NANO),
        (100 * NANO, -5 * NANO, 95 * NANO),
        (3, 10 * NANO, 4),
        (3, -10 * NANO, 2),
        (7, -99 * NANO, 0),
    ],
)
def test_a_change_by_percent_is_rounded_away_from_the_reference(
    reference, percent, threshold
) -> None:
    assert changed_by(reference, percent) == threshold


@given(st.integers(1, 10**15), st.integers(-100 * NANO + 1, 1_000 * NANO).filter(bool))
def test_no_price_nearer_than_the_threshold_has_changed_by_so_much(reference, percent) -> None:
    threshold = changed_by(reference, percent)
    exact = reference * (100 * NANO + percent)
    nearer = threshold - 1 if percent > 0 else threshold + 1
    if percent > 0:
        assert threshold * 100 * NANO >= exact > nearer * 100 * NANO
    else:
        assert threshold * 100 * NANO <= exact < nearer * 100 * NANO
