"""Which venues are out of routing for a while, because they failed too many children.

Failures are rejects, and children that a venue ends by itself soon after they were placed. They are
counted in memory, by each replica for what it commits. That a venue is out is stored with its audit
entry by the next decision, and read by the other replicas.
"""

from collections.abc import Iterable

from kernel.nanoseconds import NS_PER_S, NS_PER_US, to_us
from svc_oms.domain.model import Order
from svc_oms.domain.routing.health import HealthLimits, VenueHealth, after_reject, is_out, put_back
from svc_oms.domain.routing.orders import failed_at_venue
from svc_oms.service.ports.rows.routing_rows import RoutingVenueRow

SEEN_MAX = 10_000
"""Children whose reject is remembered, so that it counts once; the oldest are forgotten."""


class VenueHealths:
    """The venues; see the head of this file."""

    def __init__(self, limits: HealthLimits) -> None:
        self._limits = limits
        self._healths: dict[str, VenueHealth] = {}
        self._seen: dict[str, None] = {}
        """Children whose reject was counted, the newest last."""
        self._unstored: dict[str, RoutingVenueRow] = {}
        self._taken_out: dict[str, RoutingVenueRow] = {}
        """By this replica, and not yet read from the store."""

    def is_out(self, venue_mic: str, now_ns: int) -> bool:
        """Return whether a venue is out of routing now."""
        health = self._healths.get(venue_mic)
        return health is not None and is_out(health, now_ns)

    def learn(self, orders: Iterable[Order]) -> None:
        """Count the failures of venues among orders that a commit changed."""
        for order in orders:
            if order.routed_by and failed_at_venue(order):
                self._count(order)

    def _count(self, order: Order) -> None:
        if order.order_id in self._seen:
            return
        self._seen[order.order_id] = None
        if len(self._seen) > SEEN_MAX:
            del self._seen[next(iter(self._seen))]
        mic, now_ns = order.venue_mic, order.updated_at_ns
        before = self._healths.get(mic, VenueHealth(mic))
        after = self._healths[mic] = after_reject(before, now_ns, self._limits)
        if is_out(after, now_ns) and not is_out(before, now_ns):
            limits = self._limits
            why = (
                f"{limits.rejects_max} routed orders rejected or ended early within "
                f"{limits.window_ns / NS_PER_S:g} s, the last of order {order.order_id}"
            )
            row = RoutingVenueRow(
                mic, to_us(after.out_until_ns), why, to_us(now_ns), limits.rejects_max
            )
            self._unstored[mic] = self._taken_out[mic] = row

    def take_unstored(self) -> list[RoutingVenueRow]:
        """Return venues that went out and are not stored yet; the caller stores them."""
        rows = list(self._unstored.values())
        self._unstored.clear()
        return rows

    def read(self, rows: Iterable[RoutingVenueRow]) -> None:
        """Set what is stored: another replica may have taken a venue out, or put it back.

        What this replica took out and is not stored, because its transaction failed, is to be
        stored again, unless a person has put the venue back since.
        """
        for row in rows:
            mic = row.venue_mic
            known = self._healths.get(mic, VenueHealth(mic))
            since_ns, back_ns = row.out_since_us * NS_PER_US, row.put_back_us * NS_PER_US
            if back_ns:
                known = put_back(known, back_ns)
            if since_ns > max(known.out_since_ns, back_ns):
                known = known._replace(
                    out_until_ns=row.out_until_us * NS_PER_US, out_since_ns=since_ns
                )
            self._healths[mic] = known
            own = self._taken_out.get(mic)
            if own is not None and own.out_since_us <= max(row.out_since_us, row.put_back_us):
                del self._taken_out[mic]
                self._unstored.pop(mic, None)
        self._unstored |= self._taken_out
