"""The clock of the tests keeps the promises of a clock."""

from tests.support.clock import ManualClock


def test_manual_clock_rings_in_order_and_only_what_is_due():
    clock = ManualClock(now_ns=10**18)
    rung = []
    clock.call_later(2, lambda: rung.append(("two", clock.monotonic())))
    clock.call_later(1, lambda: rung.append(("one", clock.monotonic())))
    clock.call_later(1.5, lambda: rung.append(("never", 0.0))).cancel()
    clock.call_later(9, lambda: rung.append(("late", 0.0)))
    clock.advance(3)
    assert rung == [("one", 1.0), ("two", 2.0)]
    assert clock.now_ns() == 10**18 + 3 * 10**9
