"""InstrumentService: listings as the venues report them."""

from collections.abc import AsyncIterator

from mesh.rpc.page_tokens import page_place, page_token
from mesh.rpc.server import Call
from ordermesh.marketdata.v1 import instrument_service_pb2 as pb
from ordermesh.marketdata.v1.instrument_pb2 import LeftOutListing
from svc_marketdata.api.answering import answered
from svc_marketdata.api.calendars import get_calendar
from svc_marketdata.api.reference.finding import Finder
from svc_marketdata.api.reference.mapping import enriched_to_proto
from svc_marketdata.api.streaming import LiveStream
from svc_marketdata.api.subscriptions import instrument_not_found
from svc_marketdata.domain.listing import Listing
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.interest import Interest
from svc_marketdata.service.market_data import MarketData

PAGE_SIZE_DEFAULT = 100


class InstrumentServicer:
    """Serves ``ordermesh.marketdata.v1.InstrumentService``."""

    def __init__(self, data: MarketData, finder: Finder) -> None:
        self._data = data
        self._finder = finder

    async def Get(  # noqa: N802  # rpc names are the contract's
        self,
        request: pb.GetRequest,
        call: Call,  # noqa: ARG002  # handlers have one shape
    ) -> pb.GetResponse:
        """Return one listing."""
        entry = self._data.listed.get(request.instrument_id)
        if entry is None or entry.listing is None:
            raise instrument_not_found(request.instrument_id, "instrument_id")
        return pb.GetResponse(instrument=enriched_to_proto(entry.listing, entry.reference))

    async def List(  # noqa: N802
        self,
        request: pb.ListRequest,
        call: Call,  # noqa: ARG002
    ) -> pb.ListResponse:
        """Return listings by filter, by id, in pages."""
        place = page_place(request, (str,))
        after = place[0] if place else ""
        size = request.page_size or PAGE_SIZE_DEFAULT
        text = request.text.casefold()
        found = [
            listing
            for listing in self._data.listings()
            if listing.instrument_id > after and self._matches(listing, request, text)
        ]
        page = found[:size]
        token = page_token(request, (page[-1].instrument_id,)) if len(found) > size else ""
        instruments = [
            enriched_to_proto(listing, self._data.listed[listing.instrument_id].reference)
            for listing in page
        ]
        return pb.ListResponse(
            instruments=instruments,
            next_page_token=token,
            left_out=[] if token else self._left_out(request, text),
        )

    async def Search(self, request: pb.SearchRequest, _call: Call) -> pb.SearchResponse:  # noqa: N802
        """Find instruments, best first, in pages."""
        return await answered(self._finder.page(request))

    async def GetCalendar(  # noqa: N802
        self,
        request: pb.GetCalendarRequest,
        call: Call,  # noqa: ARG002
    ) -> pb.GetCalendarResponse:
        """Return the calendar of a venue or listing."""
        return get_calendar(self._data, request)

    def _left_out(self, request: pb.ListRequest, text: str) -> list[LeftOutListing]:
        return [
            LeftOutListing(venue_mic=mic, symbol=one.symbol, text=one.text)
            for mic, venue in sorted(self._data.venues.items())
            for one in venue.left_out
            if not request.isin and request.venue_mic in {"", mic} and text in one.symbol.casefold()
        ]

    def Watch(  # noqa: N802
        self, request: pb.InstrumentServiceWatchRequest, call: Call
    ) -> AsyncIterator[bytes]:
        """Send all listings, then changes. The frames have the layout of market data."""
        interest = Interest(topics=frozenset({Topic.LISTING}), venue_mic=request.venue_mic)
        return LiveStream(self._data, call, 0).run(interest, None)

    def _matches(self, listing: Listing, request: pb.ListRequest, text: str) -> bool:
        if request.venue_mic and listing.venue_mic != request.venue_mic:
            return False
        filled = self._data.listed[listing.instrument_id].reference.fill(listing)
        if request.isin and filled.isin != request.isin:
            return False
        return not text or filled.matches_text(text)
