"""A venue that rejects too often is out of routing for a while."""

from svc_oms.domain.routing.health import HealthLimits, VenueHealth, after_reject, is_out, put_back

LIMITS = HealthLimits(rejects_max=3, window_ns=100, out_ns=1_000)


def rejects(*times):
    health = VenueHealth("SIMA")
    for now_ns in times:
        health = after_reject(health, now_ns, LIMITS)
    return health


def test_too_many_rejects_within_the_window_take_a_venue_out():
    assert not is_out(rejects(1, 50), 50)
    health = rejects(1, 50, 100)
    assert (is_out(health, 100), health.out_until_ns) == (True, 1_100)
    assert (is_out(health, 1_099), is_out(health, 1_100)) == (True, False)


def test_rejects_that_are_older_than_the_window_do_not_count():
    assert not is_out(rejects(1, 50, 101, 201), 201)
    assert rejects(1, 50, 101).rejects_at_ns == (50, 101)


def test_rejects_of_orders_sent_before_do_not_prolong_it():
    health = rejects(1, 2, 3)
    assert after_reject(health, 500, LIMITS) == health
    back = after_reject(health, 1_003, LIMITS)
    assert (is_out(back, 1_003), back.rejects_at_ns) == (False, (1_003,))


def test_a_person_puts_it_back():
    assert put_back(rejects(1, 2, 3), 4) == VenueHealth("SIMA")


def test_putting_it_back_forgets_what_was_before_and_nothing_after():
    assert put_back(rejects(1, 5), 3) == rejects(5)
    assert put_back(rejects(1, 2, 30), 20) == rejects(1, 2, 30)
    assert put_back(rejects(30, 40, 50), 20) == rejects(30, 40, 50)
