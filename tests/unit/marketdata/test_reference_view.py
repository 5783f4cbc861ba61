"""Reference data in memory: what changed while the store is away is read later."""

import asyncio
import datetime as dt

import pytest

from kernel.clock import SystemClock
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.domain.listing import Listing, ListingKind
from svc_marketdata.domain.reference.records import InstrumentRecord
from svc_marketdata.service.errors import StoreUnavailableError
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData
from svc_marketdata.service.reference.view import BATCH_NAMES_MAX, ReferenceView

ISIN = "NL0010273215"
NAMES = [ISIN, *(f"S{n}.SIMB" for n in range(2 * BATCH_NAMES_MAX))]


class Store:
    """A store that may be away."""

    def __init__(self):
        self.away = False
        self.asked = []
        self.newest = 0
        self.life = 1
        self.issuer = "ASML"

    async def current_of(self, _isins, instrument_ids):
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailableError("cannot be reached")
        self.asked.append(len(instrument_ids))
        return [InstrumentRecord(ISIN, "", "SHARE", "ASML Holding N.V.", self.issuer)]

    async def rolled_until(self):
        return dt.date.max

    async def last_change(self, _known_at_ns):
        return self.newest

    async def change_id(self, number):
        return f"{self.life}-{number}" if 0 < number <= self.newest else ""

    async def changed_since(self, _change):
        return set(NAMES)

    async def current(self):
        for record in ():
            yield record

    async def actions_of(self, _isins, _since):
        return []


async def test_what_changed_while_the_store_is_away_is_read_later_in_batches():
    store = Store()
    data = MarketData(Hub(ProtoEncoder(), Limits(), epoch="E"), SystemClock())
    data.put_listing(Listing("ASML.SIMA", "ASML", "SIMA", isin=ISIN, currency="EUR"))
    view = ReferenceView(data, store, SystemClock())
    await view.changed()
    store.newest, store.away = 1, True
    await view.changed()
    with pytest.raises(StoreUnavailableError):
        await view.look()
    assert data.listed["ASML.SIMA"].reference.instrument is None
    store.away = False
    await view.look()
    assert data.listed["ASML.SIMA"].reference.instrument.issuer == "ASML"
    assert max(store.asked) <= BATCH_NAMES_MAX + 1
    # And the live listing: with its ISIN, and as one that is new.
    assert sum(store.asked) == len(NAMES) + 3
    found = view.index.search("holding", frozenset({ListingKind.SHARE}), "SIMA", 1)
    assert [hit.name for hit in found] == [ISIN]


@pytest.mark.parametrize("newest", [3, 5, 8], ids=["shorter", "as long", "longer"])
async def test_a_store_that_was_restored_is_read_again(newest):
    store = Store()
    store.newest = 5
    data = MarketData(Hub(ProtoEncoder(), Limits(), epoch="E"), SystemClock())
    data.put_listing(Listing("ASML.SIMA", "ASML", "SIMA", isin=ISIN, currency="EUR"))
    view = ReferenceView(data, store, SystemClock())
    await view.look()
    view.index.put_record(InstrumentRecord("US0378331005", "", "SHARE", "Apple", "Apple"))
    store.newest, store.life, store.issuer = newest, 2, "of the backup"
    view.heard()
    await view.look()
    await view.look()
    assert data.listed["ASML.SIMA"].reference.instrument.issuer == "of the backup"
    assert not view.index.in_reference_data("US0378331005")
    # Once: what is there now is followed as before.
    asked = len(store.asked)
    view.heard()
    await view.look()
    assert len(store.asked) == asked


async def test_two_tasks_that_follow_at_once_take_no_store_for_restored():
    store = Store()
    store.newest = 1
    data = MarketData(Hub(ProtoEncoder(), Limits(), epoch="E"), SystemClock())
    view = ReferenceView(data, store, SystemClock())
    await view.look()
    view.index.put_record(InstrumentRecord("US0378331005", "", "SHARE", "Apple", "Apple"))
    store.newest = 2
    answers = [asyncio.Event(), asyncio.Event()]
    change_id, asked = store.change_id, iter(answers)

    async def slow(number):
        found = await change_id(number)
        if (answer := next(asked, None)) is not None:
            await answer.wait()
        return found

    store.change_id = slow
    first, second = asyncio.create_task(view.changed()), asyncio.create_task(view.changed())
    await asyncio.sleep(0)
    answers[0].set()
    await first
    answers[1].set()
    await second
    assert view.index.in_reference_data("US0378331005")


async def test_a_record_that_is_read_again_is_found_meanwhile_and_one_that_is_gone_is_not():
    store = Store()
    data = MarketData(Hub(ProtoEncoder(), Limits(), epoch="E"), SystemClock())
    view = ReferenceView(data, store, SystemClock())
    await view.look()
    for isin in (ISIN, "US0378331005"):
        view.index.put_record(InstrumentRecord(isin, "", "SHARE", "a share", "an issuer"))
    current_of, found_meanwhile = store.current_of, []

    async def watched(isins, instrument_ids):
        found_meanwhile.append(view.index.in_reference_data(ISIN))
        return await current_of(isins, instrument_ids)

    async def changed_since(_change):
        return {ISIN, "US0378331005"}

    store.current_of, store.changed_since, store.newest = watched, changed_since, 1
    await view.changed()
    assert found_meanwhile == [True]
    assert view.index.in_reference_data(ISIN)
    assert not view.index.in_reference_data("US0378331005")
