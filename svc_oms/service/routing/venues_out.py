"""Venues that are out of routing: shown to people, and put back by them."""

from kernel.clock import Clock
from kernel.nanoseconds import to_us
from mesh.errors import refuse
from svc_oms.service.audit.audit_log import AuditLog, action
from svc_oms.service.directory.user_names import Person
from svc_oms.service.ports import OrderStore
from svc_oms.service.ports.rows.routing_rows import RoutingVenueRow
from svc_oms.service.reference.venue_health import VenueHealths


class VenuesOut:
    """Reads what is stored, and changes it; this replica follows at once, others when they read."""

    def __init__(
        self, store: OrderStore, healths: VenueHealths, audit_log: AuditLog, clock: Clock
    ) -> None:
        self._store = store
        self._healths = healths
        self._audit_log = audit_log
        self._clock = clock

    async def rows(self) -> list[RoutingVenueRow]:
        """Return the venues that are or were out, by MIC."""
        return sorted(await self._store.routing().venues())

    async def put_back(self, venue_mic: str, who: Person, reason: str) -> RoutingVenueRow:
        """Put a venue back before its time.

        Raises:
            MeshError: OBJECT_NOT_FOUND: It was never out; OBJECT_STATE: it is not out now.
        """
        now_ns = self._clock.now_ns()
        text = f"venue {venue_mic} gets routed orders again: {reason}"
        entry = action(
            now_ns, who.subject, "RoutingService/PutVenueBack", text, venue_mic=venue_mic
        )
        record = self._audit_log.recorder(entry._replace(actor_name=who.username))
        done = await self._store.routing().put_back(venue_mic, to_us(now_ns), record)
        rows = await self.rows()
        self._healths.read(rows)
        row = next((row for row in rows if row.venue_mic == venue_mic), None)
        if row is None:
            raise refuse(
                "OBJECT_NOT_FOUND",
                f"venue_mic is {venue_mic!r}: this venue was never out of routing",
                "venue_mic",
                venue_mic=venue_mic,
            )
        if not done:
            raise refuse(
                "OBJECT_STATE",
                f"venue_mic is {venue_mic!r}; it should be a venue that is out of routing now",
                "venue_mic",
                venue_mic=venue_mic,
            )
        return row
