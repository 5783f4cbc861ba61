"""Pages of found instruments, with their listings."""

import asyncio
from typing import Final

from mesh.rpc.page_tokens import page_place, page_token
from ordermesh.marketdata.v1 import instrument_service_pb2 as pb
from svc_marketdata.api.mapping import KINDS
from svc_marketdata.api.reference.mapping import (
    KIND_TO_PROTO,
    enriched_to_proto,
    kind_of,
    reference_only,
)
from svc_marketdata.domain.reference.enrichment import Reference
from svc_marketdata.domain.reference.records import InstrumentRecord, ListingRecord
from svc_marketdata.service.market_data import MarketData
from svc_marketdata.service.reference.ports import ReferenceStore
from svc_marketdata.service.reference.search_index import Hit, SearchIndex
from svc_marketdata.service.reference.view import records_by_isin

PAGE_SIZE_DEFAULT: Final = 20
SEARCHES_MAX: Final = 2
"""Searches at a time, each in a thread of its own; further ones wait."""


class Finder:
    """Searches the index, and puts pages together."""

    def __init__(self, data: MarketData, store: ReferenceStore, index: SearchIndex) -> None:
        self._data = data
        self._store = store
        self._index = index
        self._turns = asyncio.Semaphore(SEARCHES_MAX)

    async def page(self, request: pb.SearchRequest) -> pb.SearchResponse:
        """Return a page of instruments.

        Raises:
            MeshError: INVALID_FIELD if the token is not one of an earlier page.
            StoreUnavailableError: The database is away, and the page needs it.
        """
        size = request.page_size or PAGE_SIZE_DEFAULT
        place = page_place(request, (int,))
        start = place[0] if place else 0
        kinds = frozenset(KINDS[kind] for kind in request.kinds)
        async with self._turns:
            # Milliseconds in 2,000 instruments, but tenths of a second in 100,000: prices go on.
            hits = await asyncio.to_thread(
                self._index.search, request.text, kinds, request.venue_mic, start + size + 1
            )
        page = hits[start : start + size]
        more = len(hits) > start + size
        return pb.SearchResponse(
            instruments=await self._found(page),
            next_page_token=page_token(request, (start + size,)) if more else "",
        )

    async def _found(self, page: list[Hit]) -> list[pb.FoundInstrument]:
        known = [hit.name for hit in page if self._index.in_reference_data(hit.name)]
        records = await self._store.current_of(known, ()) if known else []
        instruments, listings = records_by_isin(records)
        return [
            self._one(hit, instruments.get(hit.name), listings.get(hit.name, [])) for hit in page
        ]

    def _one(
        self, hit: Hit, instrument: InstrumentRecord | None, records: list[ListingRecord]
    ) -> pb.FoundInstrument:
        live = {
            name: enriched_to_proto(entry.listing, entry.reference)
            for name in self._index.listings_of(hit.name)
            if (entry := self._data.listed.get(name)) is not None and entry.listing is not None
        }
        known = {
            record.instrument_id: reference_only(Reference(instrument, record))
            for record in records
            if record.instrument_id not in live
        }
        listings = [listing for _, listing in sorted((live | known).items())]
        first = listings[0] if listings else None
        return pb.FoundInstrument(
            isin=instrument.isin if instrument else first.isin if first else "",
            listings=listings,
            name=instrument.name if instrument else first.name if first else "",
            issuer=instrument.issuer if instrument else "",
            kind=KIND_TO_PROTO[kind_of(instrument)]
            if instrument
            else first.kind
            if first
            else KIND_TO_PROTO[kind_of(None)],
            cfi_code=instrument.cfi if instrument else first.cfi_code if first else "",
            score=hit.score,
        )
