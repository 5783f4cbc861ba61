"""Finds instruments by the beginning of a code or name, by a part of it, or by something like it.

The index takes about 1.3 KiB of memory for an instrument with one listing.
"""

import itertools
from typing import Final, NamedTuple

from rapidfuzz import fuzz, process

from svc_marketdata.domain.listing import Listing, ListingKind
from svc_marketdata.domain.reference.records import (
    KINDS,
    InstrumentRecord,
    ListingRecord,
    Record,
)

ENTRIES_MAX: Final = 200_000
"""Instruments that are indexed; further ones are counted and not found by search."""
EXACT: Final = 100
BEGINNING: Final = 90
WORD: Final = 85
PART: Final = 75
SIMILAR_MIN: Final = 70
"""Least similarity, 0 to 100, of a part of the text: one wrong letter in five is found."""
SIMILAR_CHARACTERS_MIN: Final = 3
"""A shorter text is like too many."""
COMPARED_AT_A_TIME: Final = 500
"""Texts compared without a pause, about a millisecond."""
MARK: Final = "\x1f"
"""Stands before and after each code and name."""

VENUE: Final = "venue "
"""How the source of what a venue reports of a listing begins."""


class Hit(NamedTuple):
    """A found instrument: its ISIN, or the id of a listing of which nobody says the ISIN."""

    score: int
    name: str


class _Entry:
    """What is known of one instrument, by who says it."""

    __slots__ = ("sources",)

    def __init__(self) -> None:
        self.sources: dict[str, tuple[tuple[str, ...], ListingKind | None, str]] = {}

    def text(self) -> str:
        words = dict.fromkeys(word for texts, _, _ in self.sources.values() for word in texts)
        return MARK + MARK.join(words) + MARK


class SearchIndex:
    """Instruments by their codes and names; changed in one thread, searched in any."""

    def __init__(self) -> None:
        self.left_out = 0
        self._entries: dict[str, _Entry] = {}
        self._texts: dict[str, str] = {}
        self._of_source: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def put_record(self, record: Record) -> None:
        """Index what the reference data say."""
        if isinstance(record, InstrumentRecord):
            words = (record.isin, record.name, record.issuer)
            kind = KINDS.get(record.type)
            self._put(f"record {record.isin}", record.isin, words, kind, "")
        else:
            self.put_reference_listing(record)

    def put_reference_listing(self, record: ListingRecord) -> None:
        """Index a listing of the reference data."""
        symbol, _, mic = record.instrument_id.rpartition(".")
        words = (symbol, record.instrument_id)
        self._put(f"record {record.instrument_id}", record.isin, words, None, mic)

    def put_listing(self, listing: Listing) -> None:
        """Index a listing that a venue reports."""
        words = (
            listing.symbol, listing.instrument_id, listing.venue_symbol, listing.name, listing.isin,
        )  # fmt: skip
        name = listing.isin or listing.instrument_id
        kind = listing.kind if listing.kind is not ListingKind.UNSPECIFIED else None
        self._put(f"{VENUE}{listing.instrument_id}", name, words, kind, listing.venue_mic)

    def remove_record(self, key: str) -> None:
        """Forget what the reference data said of an ISIN or a listing."""
        self._remove(f"record {key}")

    def forget_records(self) -> None:
        """Forget all that the reference data said."""
        for source in [one for one in self._of_source if not one.startswith(VENUE)]:
            self._remove(source)

    def listings_of(self, name: str) -> list[str]:
        """Return the ids of the listings of an instrument that venues report."""
        entry = self._entries.get(name)
        sources = () if entry is None else entry.sources
        return [one.removeprefix(VENUE) for one in sources if one.startswith(VENUE)]

    def in_reference_data(self, name: str) -> bool:
        """Return whether the reference data know an instrument."""
        entry = self._entries.get(name)
        return entry is not None and any(one.startswith("record") for one in entry.sources)

    def search(
        self, text: str, kinds: frozenset[ListingKind], venue_mic: str, wanted: int
    ) -> list[Hit]:
        """Find instruments, best first, then by name; similar ones only if fewer are found.

        Args:
            text: What a person typed.
            kinds: Only these kinds, if not empty.
            venue_mic: Only what is listed there, if not empty.
            wanted: How many are needed; without similar ones there may be fewer.
        """
        query = _folded(text)
        texts = dict(self._texts)
        hits = [
            Hit(_score(query, found), name)
            for name, found in texts.items()
            if query in found and self._fits(name, kinds, venue_mic)
        ]
        if len(hits) < wanted and len(query) >= SIMILAR_CHARACTERS_MIN:
            hits += self._similar(query, texts, kinds, venue_mic, {hit.name for hit in hits})
        return sorted(hits, key=lambda hit: (-hit.score, hit.name))

    def _similar(
        self, query: str, texts: dict[str, str], kinds: frozenset[ListingKind], venue_mic: str,
        found: set[str],
    ) -> list[Hit]:  # fmt: skip
        rest = iter(texts.items())
        hits: list[Hit] = []
        # A part at a time: the thread of the prices gets its turn between two.
        while part := dict(itertools.islice(rest, COMPARED_AT_A_TIME)):
            hits += [
                Hit(min(int(score), PART - 1), name)
                for _, score, name in process.extract(
                    query, part, scorer=fuzz.partial_ratio, score_cutoff=SIMILAR_MIN, limit=None
                )
                if name not in found and self._fits(name, kinds, venue_mic)
            ]
        return hits

    def _fits(self, name: str, kinds: frozenset[ListingKind], venue_mic: str) -> bool:
        entry = self._entries.get(name)
        if entry is None:
            return False
        # A copy: other threads may change it meanwhile.
        sources = tuple(entry.sources.values())
        if kinds and not any(kind in kinds for _, kind, _ in sources):
            return False
        return not venue_mic or any(mic == venue_mic for _, _, mic in sources)

    def _put(
        self, source: str, name: str, words: tuple[str, ...], kind: ListingKind | None, mic: str
    ) -> None:
        if self._of_source.get(source, name) != name:
            self._remove(source)
        entry = self._entries.get(name)
        if entry is None:
            if len(self._entries) >= ENTRIES_MAX:
                self.left_out += 1
                return
            entry = self._entries[name] = _Entry()
        self._of_source[source] = name
        entry.sources[source] = (tuple(_folded(word) for word in words if word), kind, mic)
        self._texts[name] = entry.text()

    def _remove(self, source: str) -> None:
        name = self._of_source.pop(source, None)
        if name is None:
            return
        entry = self._entries[name]
        del entry.sources[source]
        if entry.sources:
            self._texts[name] = entry.text()
        else:
            del self._entries[name], self._texts[name]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _score(query: str, text: str) -> int:
    if f"{MARK}{query}{MARK}" in text:
        return EXACT
    if f"{MARK}{query}" in text:
        return BEGINNING
    return WORD if f" {query}" in text else PART
