"""Consolidated books: which listings are of one instrument, and when its book changed."""

from collections.abc import Iterable

from svc_marketdata.domain.consolidated import ConsolidatedBook, InstrumentKey, Member, key_of
from svc_marketdata.domain.listing import Listing, Venue
from svc_marketdata.domain.market import InstrumentMarket
from svc_marketdata.service.channels import Channel, Topic
from svc_marketdata.service.hub import Hub


class Consolidated:
    """A consolidated book and its channel."""

    __slots__ = ("book", "channel")

    def __init__(self, hub: Hub, key: InstrumentKey) -> None:
        self.book = ConsolidatedBook(key)
        self.channel: Channel = hub.add_channel(key.text, Topic.CONSOLIDATED_BOOK, "", self.book)


class Consolidation:
    """The consolidated books of this process."""

    def __init__(self, hub: Hub) -> None:
        self.by_key: dict[InstrumentKey, Consolidated] = {}
        self._hub = hub
        self._members: dict[str, tuple[Consolidated, Member]] = {}
        self._currencies: dict[str, list[str]] = {}

    def currencies(self, isin: str) -> list[str]:
        """Return the currencies in which an ISIN is listed, sorted; if in none, those it was."""
        known = self._currencies.get(isin, [])
        listed = [one for one in known if any(self.by_key[InstrumentKey(isin, one)].book.members)]
        return listed or known

    def listings(self, keys: Iterable[InstrumentKey]) -> frozenset[str]:
        """Return the ids of the listings of some instruments."""
        return frozenset(
            member.instrument_id for key in keys for member in self.by_key[key].book.members
        )

    def of_listing(self, instrument_id: str) -> Consolidated | None:
        """Return the consolidated book that a listing is in."""
        found = self._members.get(instrument_id)
        return None if found is None else found[0]

    def place(self, listing: Listing, market: InstrumentMarket, venue: Venue, now_ns: int) -> None:
        """Put a listing, new or changed, into the book of its instrument.

        Listings of more instruments than ``instruments_max`` are in no consolidated book.
        """
        name, key = listing.instrument_id, key_of(listing)
        before = self._members.get(name)
        if before is not None and before[0].book.key == key:
            before[1].listing = listing
            self.status_changed(name, now_ns)
            return
        if before is not None:
            before[0].book.remove(name)
            self._hub.touch(before[0].channel)
        found = self.by_key.get(key)
        if found is None:
            if len(self.by_key) >= self._hub.limits.instruments_max:
                self._members.pop(name, None)
                return
            found = self._make(key)
        member = Member(listing, market, venue, now_ns)
        found.book.put(member)
        self._members[name] = (found, member)
        self._hub.touch(found.channel)

    def _make(self, key: InstrumentKey) -> Consolidated:
        """Make the book of an instrument.

        One whose listings are all of other instruments now stays, without venues, for its readers.
        """
        made = self.by_key[key] = Consolidated(self._hub, key)
        if key.isin:
            self._currencies[key.isin] = sorted([*self._currencies.get(key.isin, []), key.currency])
        return made

    def book_changed(self, instrument_id: str, now_ns: int) -> None:
        """Note that the book of a listing changed, or became stale or current."""
        found = self._members.get(instrument_id)
        if found is not None:
            consolidated, member = found
            member.book_changed(now_ns)
            self._hub.touch(consolidated.channel)

    def status_changed(self, instrument_id: str, now_ns: int) -> None:
        """Note that the status of a listing or of its venue changed."""
        found = self._members.get(instrument_id)
        if found is not None:
            consolidated, member = found
            member.status_changed(now_ns)
            self._hub.touch(consolidated.channel)
