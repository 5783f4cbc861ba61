"""What a replica makes of what is stored about venues that are out of routing."""

import pytest

from kernel.nanoseconds import NS_PER_US
from svc_oms.domain.lifecycle import OrderState
from svc_oms.domain.model import Link, LinkKind
from svc_oms.domain.routing.health import HealthLimits
from svc_oms.service.ports.rows.routing_rows import RoutingVenueRow
from svc_oms.service.reference.venue_health import VenueHealths
from tests.support.order_events import ORDER

# Times are in microseconds: (taken out here at, rows read one after the other, out at 150). A row
# is (out since, out until, put back at).
CASES = {
    "nothing known": (0, [], False),
    "another replica took it out": (0, [(100, 200, 0)], True),
    "it has been back by itself": (0, [(40, 140, 0)], False),
    "taken out here, not stored yet": (100, [], True),
    "taken out here, stored": (100, [(100, 200, 0)], True),
    "taken out here, an older one stored": (100, [(10, 110, 0)], True),
    "taken out here, another replica a little later": (100, [(101, 201, 0)], True),
    "another replica put it back": (100, [(100, 200, 0), (100, 120, 120)], False),
    "put back, though this replica took it out later than was stored": (
        110,
        [(100, 120, 120)],
        False,
    ),
    "taken out again after it was put back": (130, [(100, 120, 120)], True),
    "taken out again elsewhere after it was put back": (100, [(130, 230, 120)], True),
    "put back before it was taken out, read again and again": (
        130,
        [(100, 120, 120), (100, 120, 120)],
        True,
    ),
}


def rejected(at_us):
    """A child that its venue rejected."""
    return ORDER._replace(
        order_id=f"CHILD-{at_us}",
        venue_mic="SIMA",
        link=Link(LinkKind.ROUTED, "PARENT", "PARENT"),
        state=OrderState.REJECTED,
        updated_at_ns=at_us * NS_PER_US,
        rejection=None,
    )


def row(since, until, back):
    return RoutingVenueRow("SIMA", until, "why", since, 1, back)


@pytest.mark.parametrize(("here", "rows", "out"), CASES.values(), ids=CASES)
def test_whether_a_venue_is_out(here, rows, out) -> None:
    healths = VenueHealths(HealthLimits(rejects_max=1, out_ns=100 * NS_PER_US))
    if here:
        healths.learn([rejected(here)])
    for one in rows:
        healths.read([row(*one)])
    assert healths.is_out("SIMA", 150 * NS_PER_US) is out
