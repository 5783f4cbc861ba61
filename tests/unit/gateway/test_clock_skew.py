"""The clock of a venue, seen from one side only."""

from hypothesis import given
from hypothesis import strategies as st

from svc_gateway.domain.sessions.clock_skew import AGREEING_MIN, WINDOW_S, SkewWatch

MS, S = 1_000_000, 1_000_000_000
START = 1_700_000_000 * S
DELAY_MAX_US = 20_000


def watch(tolerance_us: int = 1000) -> SkewWatch:
    return SkewWatch(tolerance_us, DELAY_MAX_US)


def heard(clock: SkewWatch, skew_ns: int, delays_ns: list[int], every_s: int = 5) -> None:
    """Messages of a clock that is so much later than ours, each on its way for so long."""
    for place, delay_ns in enumerate(delays_ns):
        received = START + place * every_s * S
        clock.note(received - delay_ns - skew_ns, received, 1)


def test_a_clock_that_is_right_gives_no_alarm_and_its_delay_is_read():
    clock = watch()
    heard(clock, 0, [3 * MS, 2 * MS, 5 * MS])
    reading = clock.reading()
    assert (reading.least_us, reading.samples, reading.alarm) == (2000, 3, False)


def test_one_late_message_is_no_alarm_in_any_place():
    for place in range(6):
        clock = watch()
        delays = [2 * MS] * 6
        delays[place] = 3600 * S
        heard(clock, 0, delays)
        assert not clock.reading().alarm


def test_one_message_with_a_time_to_come_is_no_alarm():
    clock = watch()
    heard(clock, 0, [2 * MS, -3600 * S, 2 * MS, 2 * MS])
    assert not clock.reading().alarm


def test_a_clock_ahead_is_sure_beyond_the_tolerance():
    """Ahead by 3 ms, 1 ms on the way: what came was sent 2 ms from now."""
    clock = watch()
    heard(clock, -3 * MS, [MS] * AGREEING_MIN)
    assert clock.reading().alarm
    voice = watch(1_000_000)
    heard(voice, -3 * MS, [MS] * AGREEING_MIN)
    assert not voice.reading().alarm


def test_a_late_clock_is_reported_beyond_tolerance_and_delay():
    clock = watch()
    heard(clock, 20 * MS, [MS] * AGREEING_MIN)
    assert not clock.reading().alarm
    clock = watch()
    heard(clock, 21 * MS, [MS] * AGREEING_MIN)
    assert clock.reading().alarm


def test_an_alarm_ends_when_the_window_has_left_what_made_it():
    clock = watch()
    heard(clock, -50 * MS, [MS] * 4)
    assert clock.reading().alarm
    again = START + (WINDOW_S + 20) * S
    moved = [clock.note(again + i * S - MS, again + i * S, 1) for i in range(AGREEING_MIN)]
    assert moved[-1]
    assert not clock.reading().alarm


def test_a_time_of_seconds_is_no_late_clock():
    clock = watch()
    for place in range(6):
        received = START + place * 5 * S + 999 * MS
        clock.note(START + place * 5 * S, received, S)
    assert not clock.reading().alarm


@given(
    st.integers(-900_000, 900_000),
    st.lists(st.integers(0, DELAY_MAX_US * 1000), min_size=AGREEING_MIN, max_size=40),
)
def test_within_tolerance_and_delay_there_is_never_an_alarm(skew_ns, delays_ns):
    clock = watch()
    heard(clock, skew_ns, delays_ns, every_s=1)
    assert not clock.reading().alarm
