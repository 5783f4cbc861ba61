"""RoutingService: the venues that are out of routing."""

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_US
from mesh.auth.access import Access, user
from mesh.rpc.call import Call
from ordermesh.oms.v1 import routing_service_pb2 as pb
from svc_oms.service.codec.values import timestamp
from svc_oms.service.directory.user_names import person_of
from svc_oms.service.ports.rows.routing_rows import RoutingVenueRow
from svc_oms.service.readiness import Readiness
from svc_oms.service.routing.venues_out import VenuesOut

SERVICE = "ordermesh.oms.v1.RoutingService"
ACCESS: dict[str, Access] = {
    # The reasons name orders of any account.
    "ListVenues": user("OPERATOR", "RISK", "AUDITOR"),
    "PutVenueBack": user("OPERATOR"),
}


class RoutingServicer:
    """See the comments in routing_service.proto."""

    def __init__(self, readiness: Readiness, venues: VenuesOut, clock: Clock) -> None:
        self._readiness = readiness
        self._venues = venues
        self._clock = clock

    async def ListVenues(  # noqa: N802
        self, request: pb.ListVenuesRequest, call: Call
    ) -> pb.ListVenuesResponse:
        """Return the venues that are or were out."""
        del request, call
        with self._readiness.reaching():
            rows = await self._venues.rows()
        return pb.ListVenuesResponse(venues=map(self._message, rows))

    async def PutVenueBack(  # noqa: N802
        self, request: pb.PutVenueBackRequest, call: Call
    ) -> pb.PutVenueBackResponse:
        """Put a venue back before its time."""
        who = person_of(call.user)
        with self._readiness.reaching():
            row = await self._venues.put_back(request.venue_mic, who, request.reason)
        return pb.PutVenueBackResponse(venue=self._message(row))

    def _message(self, row: RoutingVenueRow) -> pb.RoutingVenue:
        message = pb.RoutingVenue(
            venue_mic=row.venue_mic,
            out=self._clock.now_ns() < row.out_until_us * NS_PER_US,
            since=timestamp(row.out_since_us * NS_PER_US),
            until=timestamp(row.out_until_us * NS_PER_US),
            reason=row.text,
            rejects=row.rejects,
        )
        if row.put_back_us >= row.out_since_us:
            message.put_back_at.CopyFrom(timestamp(row.put_back_us * NS_PER_US))
        return message
