"""Books whose entries have ids: what each message makes of the levels."""

import pytest

from svc_gateway.domain.market import book_entries
from svc_gateway.domain.market.book_entries import BookEntries, BookEntry, UnknownEntryError

NEW, CHANGE, DELETE = "0", "1", "2"


def entry(text: str) -> BookEntry:
    """An entry from a text such as "bid x 10 5": side, id, price and size; "-" is left out."""
    side, entry_id, price, size = ("" if part == "-" else part for part in text.split())
    return BookEntry({"bid": "0", "offer": "1"}.get(side, ""), entry_id, price, size)


def whole(entries: BookEntries, *texts: str) -> tuple[list[str], list[str]]:
    bids, offers = entries.replace("A", [entry(text) for text in texts])
    return [f"{b.price}x{b.size}" for b in bids], [f"{o.price}x{o.size}" for o in offers]


def change(entries: BookEntries, action: str, text: str, ref_id: str = "") -> list[str]:
    levels = entries.apply("A", action, entry(text), ref_id)
    return [f"{'bid' if one.side == '0' else 'offer'} {one.price}x{one.size}" for one in levels]


def test_entries_at_one_price_of_a_whole_book_add_up() -> None:
    book = whole(
        BookEntries(0), "bid a 10 5", "bid b 10 7", "bid c 9.5 1", "offer d 11 2", "offer e 11 0.5",
        "offer f 12 0",
    )  # fmt: skip
    assert book == (["10x12", "9.5x1"], ["11x2.5"])


@pytest.mark.parametrize(
    ("action", "text", "ref_id", "levels"),
    [
        (NEW, "bid n 10 4", "", ["bid 10x16"]),
        (NEW, "bid n 8 4", "", ["bid 8x4"]),
        (CHANGE, "bid a 10 1", "", ["bid 10x8"]),
        (CHANGE, "- a - 1", "", ["bid 10x8"]),
        (CHANGE, "bid a 9 5", "", ["bid 10x7", "bid 9x6"]),
        (CHANGE, "bid a 10 0", "", ["bid 10x7"]),
        (CHANGE, "bid new 10 1", "a", ["bid 10x8"]),
        (DELETE, "bid a 10 -", "", ["bid 10x7"]),
        (DELETE, "- a - -", "", ["bid 10x7"]),
        (DELETE, "bid c - -", "", ["bid 9x0"]),
        # An entry without id is the whole level.
        (CHANGE, "bid - 10 3", "", ["bid 10x3"]),
        (DELETE, "bid - 10 -", "", ["bid 10x0"]),
    ],
)
def test_changes_of_a_book_with_ids(action: str, text: str, ref_id: str, levels: list[str]) -> None:
    entries = BookEntries(0)
    whole(entries, "bid a 10 5", "bid b 10 7", "bid c 9 1")
    assert change(entries, action, text, ref_id) == levels


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (DELETE, "bid lost 10 -"), (DELETE, "- lost - -"), (CHANGE, "bid lost 10 1"),
        (NEW, "bid n - 1"), (NEW, "bid n 10 -"), (NEW, "- n 10 1"), (CHANGE, "bid a 10 -"),
    ],
)  # fmt: skip
def test_a_change_that_does_not_fit_is_a_sign_of_a_lost_message(action: str, text: str) -> None:
    entries = BookEntries(10)
    whole(entries, "bid a 10 5", "bid b 10 7")
    with pytest.raises(UnknownEntryError):
        change(entries, action, text)


def test_a_venue_that_names_entries_in_changes_only() -> None:
    entries = BookEntries(10)
    whole(entries, "bid - 10 5", "bid - 9 5")
    assert change(entries, CHANGE, "bid a 10 3") == ["bid 10x3"]
    assert change(entries, CHANGE, "bid b 9 1") == ["bid 9x1"]
    assert change(entries, DELETE, "bid c 8 -") == ["bid 8x0"]


def test_what_a_message_pushes_out_of_the_book_is_forgotten_after_the_message() -> None:
    entries = BookEntries(2)
    assert whole(entries, "bid a 10 1", "bid b 9 1", "bid c 8 1") == (["10x1", "9x1"], [])
    change(entries, NEW, "bid d 11 1")
    change(entries, DELETE, "bid a 10 -")
    entries.end_message()
    # In the middle of the message b was the third level; it is the second one again.
    assert change(entries, CHANGE, "bid b 9 4") == ["bid 9x4"]
    change(entries, NEW, "bid e 10 1")
    entries.end_message()
    # The level comes back into view: only what the venue sends now counts.
    assert change(entries, NEW, "bid f 9 2") == ["bid 9x2"]
    # A venue that deletes what was pushed out nevertheless.
    assert change(entries, DELETE, "bid gone - -") == []


def test_a_price_of_both_sides_and_one_id_of_both_sides() -> None:
    entries = BookEntries(10)
    whole(entries, "bid 1 10 5", "offer 1 10 7")
    assert change(entries, CHANGE, "offer 1 11 7") == ["offer 10x0", "offer 11x7"]
    assert change(entries, DELETE, "bid 1 - -") == ["bid 10x0"]


def test_a_book_beyond_the_bound_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_entries, "ENTRIES_MAX", 2)
    entries = BookEntries(0)
    whole(entries, "bid a 10 1")
    assert whole(entries, "bid a 10 1", "bid b 10 1", "bid c 10 1") == (["10x3"], [])
    assert not entries.names("A")
    with pytest.raises(UnknownEntryError):
        change(entries, DELETE, "- a - -")


def test_an_id_that_comes_twice_names_its_last_entry() -> None:
    entries = BookEntries(0)
    whole(entries, "bid a 10 1", "bid a 9 1")
    assert change(entries, DELETE, "- a - -") == ["bid 9x0"]
    assert change(entries, DELETE, "bid - 10 -") == ["bid 10x0"]
