"""What the reference data say of the listings that venues report here, in memory.

Only what is needed: the records of live listings, and the index of the search. Everything is read
from the store and kept by one task; prices and listings never wait for it.
"""

import asyncio
import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_S
from mesh.log import get_logger
from svc_marketdata.domain.listing import Listing
from svc_marketdata.domain.reference.actions import SHOWN_DAYS, CorporateAction
from svc_marketdata.domain.reference.changes import Key
from svc_marketdata.domain.reference.enrichment import Reference
from svc_marketdata.domain.reference.records import InstrumentRecord, ListingRecord, Record
from svc_marketdata.service.errors import StoreUnavailableError
from svc_marketdata.service.market_data import MarketData
from svc_marketdata.service.reference.actions import settle
from svc_marketdata.service.reference.ports import ReferenceStore
from svc_marketdata.service.reference.search_index import SearchIndex

PAUSE_S: Final = 1.0
"""Seconds between looks for listings that are new, and for a new day."""
BATCH_NAMES_MAX: Final = 1_000
"""ISINs and listings whose records are read in one statement."""
INDEXED_AT_A_TIME: Final = 500
"""Records indexed before other work of the process gets its turn."""

_log = get_logger(__name__)


class ReferenceView:
    """Reference data of live listings, and the index."""

    def __init__(self, data: MarketData, store: ReferenceStore, clock: Clock) -> None:
        self._data = data
        self._store = store
        self._clock = clock
        self.index = SearchIndex()
        self._seen: dict[str, Listing] = {}
        """The listing of each id, as it was indexed."""
        self._unread: dict[str, None] = {}
        """ISINs and listings that changed in the store and are not read yet."""
        self._loaded = False
        self._rolled = dt.date.min

    def today(self) -> dt.date:
        """The present day, UTC."""
        return dt.datetime.fromtimestamp(self._clock.now_ns() // NS_PER_S, dt.UTC).date()

    async def run(self) -> None:
        """Keep up with venues and with days, for ever; while the store is away, try again."""
        while True:
            wanted = self._index_listings()
            try:
                if not self._loaded:
                    await self._load()
                if self.today() > self._rolled:
                    await self.roll()
                await self._catch_up()
                for batch in _batches(wanted):
                    await self._enrich(batch)
            except StoreUnavailableError as error:
                # What could not be read is wanted again at the next look.
                for instrument_id in wanted:
                    self._seen.pop(instrument_id, None)
                _log.debug("reference data not read", cause=str(error))
            await asyncio.sleep(PAUSE_S)

    async def changed(self, keys: Iterable[Key]) -> None:
        """Follow a change of the store: index it, and send the listings that it changes."""
        await self.refresh(key for _, key in keys)

    async def refresh(self, names: Iterable[str]) -> None:
        """Read the ISINs and listings anew, and send the listings that change.

        What changed is recorded by now: if the store is away, it is read later.
        """
        self._unread.update(dict.fromkeys(names))
        try:
            await self._catch_up()
        except StoreUnavailableError as error:
            _log.warning("changed reference data are read later", cause=str(error))

    async def roll(self) -> None:
        """Let what was recorded for a later day come into force on that day."""
        today = self.today()
        # Until it is done, it is due.
        self._rolled = dt.date.min
        async with self._store.writing() as writing:
            keys = await writing.roll(today)
            actions = await settle(writing, today)
        self._rolled = today
        names = [key for _, key in keys]
        for action in actions:
            names += [action.isin, action.instrument_id]
            _log.warning(
                "corporate action is effective", action=action.action_id, kind=action.kind.name,
                isin=action.isin, listing=action.instrument_id,
            )  # fmt: skip
        self._unread.update(dict.fromkeys(names))
        await self._catch_up()

    async def _catch_up(self) -> None:
        while unread := self._unread:
            batch = [unread.popitem()[0] for _ in range(min(len(unread), BATCH_NAMES_MAX))]
            for name in batch:
                self.index.remove_record(name)
            try:
                await self._enrich(batch)
            except BaseException:
                self._unread.update(dict.fromkeys(batch))
                raise

    def _index_listings(self) -> list[str]:
        """Index the listings that venues changed; return those whose records are not read yet."""
        wanted = []
        for instrument_id, entry in self._data.listed.items():
            listing, seen = entry.listing, self._seen.get(instrument_id)
            if listing is None or listing is seen:
                continue
            if seen is None:
                wanted.append(instrument_id)
            self._seen[instrument_id] = listing
            self.index.put_listing(entry.reference.fill(listing))
        return wanted

    async def _load(self) -> None:
        count = 0
        async for record in self._store.current():
            self.index.put_record(record)
            count += 1
            if count % INDEXED_AT_A_TIME == 0:
                await asyncio.sleep(0)
        self._loaded = True
        _log.info("reference data indexed", records=count, left_out=self.index.left_out)

    async def _enrich(self, names: list[str]) -> None:
        """Read what is current of ISINs and listings, and publish the listings that change."""
        wanted = frozenset(names)
        live = {
            name: entry.listing.isin
            for name, entry in self._data.listed.items()
            if entry.listing is not None
            and not wanted.isdisjoint((name, entry.listing.isin, _isin_of(entry.reference)))
        }
        isins = {name for name in [*names, *live.values()] if name}
        records = await self._store.current_of(isins, [*names, *live])
        instruments = {one.isin: one for one in records if isinstance(one, InstrumentRecord)}
        listings = {one.instrument_id: one for one in records if isinstance(one, ListingRecord)}
        since = self.today() - dt.timedelta(days=SHOWN_DAYS)
        actions = await self._store.actions_of(isins | set(instruments), since)
        for count, record in enumerate(records, 1):
            self.index.put_record(record)
            if count % INDEXED_AT_A_TIME == 0:
                await asyncio.sleep(0)
        for name, isin in live.items():
            listing = listings.get(name)
            instrument = instruments.get(listing.isin if listing else isin)
            shown = self._shown(actions, name, instrument.isin if instrument else isin)
            self._publish(name, Reference(instrument, listing, shown))
        self._data.hub.flush()

    def _shown(
        self, actions: list[CorporateAction], name: str, isin: str
    ) -> tuple[CorporateAction, ...]:
        today = self.today()
        return tuple(one for one in actions if one.concerns(name, isin) and one.is_shown(today))

    def _publish(self, name: str, reference: Reference) -> None:
        entry = self._data.listed.get(name)
        if entry is None or entry.listing is None or entry.reference == reference:
            return
        entry.reference = reference
        entry.use_calendar()
        self.index.put_listing(reference.fill(entry.listing))
        self._data.hub.touch(entry.listing_channel)


def _batches(names: list[str]) -> Iterator[list[str]]:
    """Divide names: between two batches prices go on."""
    for start in range(0, len(names), BATCH_NAMES_MAX):
        yield names[start : start + BATCH_NAMES_MAX]


def _isin_of(reference: Reference) -> str:
    return reference.listing.isin if reference.listing is not None else ""


def records_by_isin(
    records: Iterable[Record],
) -> tuple[dict[str, InstrumentRecord], dict[str, list[ListingRecord]]]:
    """Sort records: instruments, and listings, by ISIN."""
    instruments: dict[str, InstrumentRecord] = {}
    listings: dict[str, list[ListingRecord]] = {}
    for record in records:
        if isinstance(record, InstrumentRecord):
            instruments[record.isin] = record
        else:
            listings.setdefault(record.isin, []).append(record)
    return instruments, listings
