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
from mesh.tasks import is_set_within
from svc_marketdata.domain.listing import Listing
from svc_marketdata.domain.reference.actions import SHOWN_DAYS, CorporateAction
from svc_marketdata.domain.reference.enrichment import Reference
from svc_marketdata.domain.reference.records import InstrumentRecord, ListingRecord, Record
from svc_marketdata.service.errors import StoreUnavailableError
from svc_marketdata.service.market_data import MarketData
from svc_marketdata.service.reference.actions import settle
from svc_marketdata.service.reference.ports import NEWEST, ReferenceStore
from svc_marketdata.service.reference.search_index import SearchIndex

PAUSE_S: Final = 1.0
"""Seconds between looks for listings that are new, and for a new day."""
FOLLOW_PAUSE_S: Final = 60.0
"""Seconds between looks for what other replicas changed, should a notice of it be lost."""
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
        self._loading = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._loaded = False
        self._rolled = dt.date.min
        """The day up to which records are in force here."""
        self._followed = 0
        """Number of the last change that is read, or is in `_unread`."""
        self._followed_id = ""
        """Its id: a store that was restored may give its number to another change."""
        self._follow_due_s = 0.0
        self._woken = asyncio.Event()

    def today(self) -> dt.date:
        """The present day, UTC."""
        return dt.datetime.fromtimestamp(self._clock.now_ns() // NS_PER_S, dt.UTC).date()

    async def run(self) -> None:
        """Keep up with venues and with days, for ever; while the store is away, try again."""
        while True:
            self._woken.clear()
            try:
                await self.look()
            except StoreUnavailableError as error:
                _log.debug("reference data not read", cause=str(error))
            await is_set_within(self._woken, PAUSE_S)

    async def listen(self) -> None:
        """Take notice of what other replicas change, for ever."""
        await self._store.hear(self.heard)

    async def look(self) -> None:
        """Read what is new; what could not be read is wanted again at the next look.

        Raises:
            StoreUnavailableError: The store is away.
        """
        wanted = self._index_listings()
        try:
            await self._load()
            if self.today() > self._rolled:
                await self.roll()
            if self._clock.monotonic() >= self._follow_due_s:
                self._follow_due_s = self._clock.monotonic() + FOLLOW_PAUSE_S
                await self._follow()
            await self._catch_up()
            for batch in _batches(wanted):
                async with self._reading:
                    await self._enrich(batch)
        except BaseException:
            for instrument_id in wanted:
                self._seen.pop(instrument_id, None)
            raise

    def heard(self) -> None:
        """Note that a replica may have changed something."""
        self._follow_due_s = 0.0
        self._woken.set()

    async def changed(self) -> None:
        """Follow what this process has just recorded.

        A change of up to `BATCH_NAMES_MAX` ISINs and listings is in the index, and sent to readers,
        when this returns; a larger one within seconds. If the store is away, it is read later.
        """
        try:
            await self._follow()
            if len(self._unread) <= BATCH_NAMES_MAX:
                await self._catch_up()
        except StoreUnavailableError as error:
            _log.warning("changed reference data are read later", cause=str(error))
        self.heard()

    async def roll(self) -> None:
        """Let what was recorded for a later day come into force on that day."""
        today = self.today()
        await self._load()
        async with self._store.writing() as writing:
            await writing.roll(today)
            actions = await settle(writing, today)
        # Another replica may have brought the store up to this day before.
        self._unread.update(dict.fromkeys(await self._store.came(self._rolled, today)))
        self._rolled = today
        for action in actions:
            _log.warning(
                "corporate action is effective", action=action.action_id, kind=action.kind.name,
                isin=action.isin, listing=action.instrument_id,
            )  # fmt: skip
        await self._follow()

    async def _follow(self) -> None:
        """Note which changes any replica recorded since the last time, so that they are read."""
        await self._load()
        # Both as they are now: another task may follow while this one waits for the store.
        number, known = self._followed, self._followed_id
        if await self._store.change_id(number) != known:
            _log.warning("the reference data were restored to an earlier state: read again")
            async with self._loading:
                self.index.forget_records()
                await self._read_all()
            # The records of live listings are read at the next look.
            self._seen.clear()
            self._woken.set()
            return
        newest = await self._store.last_change(NEWEST)
        if newest > self._followed:
            names = await self._store.changed_since(self._followed)
            self._unread.update(dict.fromkeys(names))
            await self._place(newest)

    async def _place(self, number: int) -> None:
        self._followed_id = await self._store.change_id(number)
        self._followed = number

    async def _catch_up(self) -> None:
        """Read what changed, a batch at a time; what another task reads is published by the end."""
        while True:
            async with self._reading:
                if not self._unread:
                    return
                await self._read_batch()

    async def _read_batch(self) -> None:
        unread = self._unread
        batch = [unread.popitem()[0] for _ in range(min(len(unread), BATCH_NAMES_MAX))]
        try:
            await self._enrich(batch)
        except BaseException:
            unread.update(dict.fromkeys(batch))
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
        """Read everything, the first time."""
        async with self._loading:
            if not self._loaded:
                await self._read_all()

    async def _read_all(self) -> None:
        # What is recorded meanwhile is read once more.
        self._rolled = await self._store.rolled_until()
        await self._place(await self._store.last_change(NEWEST))
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
        # A record stays in the index until this: a search meanwhile finds it.
        for name in wanted.difference(instruments, listings):
            self.index.remove_record(name)
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
