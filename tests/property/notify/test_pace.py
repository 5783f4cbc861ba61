"""Whatever comes, no hour has more messages than the rule allows, and none waits for ever."""

from datetime import time
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from kernel.nanoseconds import NS_PER_S
from svc_notify.domain.rules import HOUR_NS, Pace, QuietHours, Rule, when_due

START_NS = 1_796_000_000 * NS_PER_S
TIMES = st.times().map(lambda one: one.replace(second=0, microsecond=0, tzinfo=None))
QUIET = st.one_of(
    st.none(),
    st.builds(
        lambda begin, end, zone: None if begin == end else QuietHours(begin, end, ZoneInfo(zone)),
        TIMES, TIMES, st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    ),
)  # fmt: skip
STEPS = st.lists(st.tuples(st.integers(0, 2 * 3_600), st.booleans()), max_size=60)


@given(STEPS, QUIET, st.integers(0, 7_200), st.integers(1, 5))
def test_the_bound_of_an_hour_holds(steps, quiet, digest_s, most):
    rule = Rule(
        "R", "alice", firm=False, quiet=quiet, digest_ns=digest_s * NS_PER_S,
        messages_per_hour_max=most,
    )  # fmt: skip
    now_ns, paces, waiting = START_NS, {}, {}
    hours = {True: {}, False: {}}
    for wait_s, urgent in steps:
        now_ns += wait_s * NS_PER_S
        if now_ns < waiting.get(urgent, 0):
            continue  # it is added to the message that waits
        due_ns, pace = when_due(rule, now_ns, paces.get(urgent, Pace()), urgent=urgent)
        waiting[urgent], paces[urgent] = due_ns, pace
        hours[urgent].setdefault(pace.hour_ns, []).append(due_ns)
        assert due_ns >= now_ns
        assert not urgent or due_ns <= now_ns + HOUR_NS
        if quiet is not None and not urgent:
            assert quiet.end_after(due_ns) == due_ns
    for found in hours.values():
        begins = list(found)
        assert all(b - a >= HOUR_NS for a, b in pairwise(begins))
        for begin, messages in found.items():
            assert len(messages) <= most
            assert all(begin <= due_ns < begin + HOUR_NS for due_ns in messages)


@given(TIMES, TIMES, st.integers(0, 400 * 86_400), st.sampled_from(["UTC", "Europe/Berlin"]))
def test_quiet_hours_end_within_a_day_and_an_hour(begin, end, after_s, zone):
    if begin == end:
        end = time((begin.hour + 1) % 24)
    quiet = QuietHours(begin, end, ZoneInfo(zone))
    at_ns = START_NS + after_s * NS_PER_S
    ended_ns = quiet.end_after(at_ns)
    assert at_ns <= ended_ns <= at_ns + 25 * HOUR_NS
