"""Which venues are taken out of routing: a venue that rejects too often, for a while."""

from typing import NamedTuple

from kernel.nanoseconds import NS_PER_S


class HealthLimits(NamedTuple):
    """When a venue is taken out, and for how long."""

    rejects_max: int = 5
    """Rejects of routed children within the window that take a venue out."""
    window_ns: int = 60 * NS_PER_S
    out_ns: int = 300 * NS_PER_S


class VenueHealth(NamedTuple):
    """What is remembered of one venue; a new venue has the defaults."""

    mic: str
    rejects_at_ns: tuple[int, ...] = ()
    """Times of the rejects in the window, oldest first."""
    out_until_ns: int = 0
    """0: never taken out, or a person has put it back."""
    out_since_ns: int = 0
    """When it was taken out; 0 as above."""


def after_reject(health: VenueHealth, now_ns: int, limits: HealthLimits) -> VenueHealth:
    """Count a reject of the venue itself, not of our controls.

    The venue is taken out if `is_out` is true of the result and was not before: that change is
    what is audited. A reject of a venue that is out, of an order sent before, changes nothing.
    """
    if is_out(health, now_ns):
        return health
    since_ns = now_ns - limits.window_ns
    rejects = (*(at_ns for at_ns in health.rejects_at_ns if at_ns > since_ns), now_ns)
    if len(rejects) < limits.rejects_max:
        return health._replace(rejects_at_ns=rejects)
    return VenueHealth(health.mic, (), now_ns + limits.out_ns, now_ns)


def is_out(health: VenueHealth, now_ns: int) -> bool:
    """Return whether the venue is out of routing now; it is back by itself at `out_until_ns`."""
    return now_ns < health.out_until_ns


def put_back(health: VenueHealth, at_ns: int) -> VenueHealth:
    """Put a venue back, as a person has done at this time: what was before is forgotten.

    A venue that was taken out later stays out, so the same may be applied again and again.
    """
    if health.out_since_ns > at_ns:
        return health
    rejects = tuple(each_ns for each_ns in health.rejects_at_ns if each_ns > at_ns)
    return VenueHealth(health.mic, rejects)
