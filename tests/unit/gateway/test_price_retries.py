"""When the prices of refused listings are requested again."""

from hypothesis import given
from hypothesis import strategies as st

from svc_gateway.domain.market.price_retries import RETRY_FIRST_S, RETRY_MAX_S, PriceRetries


def test_a_refused_listing_is_requested_again_after_longer_and_longer_waits() -> None:
    retries, now_s, waits = PriceRetries(0.0), 0.0, []
    for _ in range(6):
        retries.refused(["A.TEST"], now_s)
        wait_s = next(s for s in range(int(RETRY_MAX_S) + 2) if retries.take({"A.TEST"}, now_s + s))
        waits.append(wait_s)
        now_s += wait_s
    assert waits == [RETRY_FIRST_S, 600, 1200, 2400, RETRY_MAX_S, RETRY_MAX_S]


def test_a_listing_is_requested_once_for_each_refusal() -> None:
    retries = PriceRetries(0.0)
    retries.refused(["A.TEST", "A.TEST"], 0.0)
    assert retries.take({"A.TEST"}, RETRY_FIRST_S) == "A.TEST"
    assert retries.take({"A.TEST"}, 10 * RETRY_MAX_S) == ""


def test_what_was_granted_or_is_not_listed_any_more_is_not_requested() -> None:
    retries = PriceRetries(0.0)
    retries.refused(["A.TEST", "B.TEST"], 0.0)
    retries.granted("A.TEST")
    assert retries.take({"A.TEST"}, RETRY_FIRST_S) == ""
    # Refused again later: it begins with the first wait.
    retries.refused(["A.TEST"], 1000.0)
    assert retries.take({"A.TEST"}, 1000.0 + RETRY_FIRST_S) == "A.TEST"
    retries.refused(["A.TEST"], 2000.0)
    retries.forget()
    assert retries.take({"A.TEST"}, 2000.0 + RETRY_MAX_S) == ""


@given(st.integers(1, 40))
def test_many_refused_listings_are_requested_one_in_a_second(count) -> None:
    retries, names = PriceRetries(0.0), {f"S{number}.TEST" for number in range(count)}
    retries.refused(sorted(names), 0.0)
    begin_s, asked = RETRY_FIRST_S, []
    for quarter in range(4 * count + 4):
        if name := retries.take(names, begin_s + quarter / 4):
            asked.append(name)
        assert len(asked) <= 1 + quarter / 4
    assert sorted(asked) == sorted(names)
