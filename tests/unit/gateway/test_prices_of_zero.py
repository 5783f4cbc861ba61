"""MDEntryPx(270)=0: an order for a share has a price, so no level of a book is at 0."""

import pytest

from conformance.scripted_venue import SOH, body
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from svc_gateway.adapters.fix.market.market_in import MarketReader
from tests.unit.gateway.test_market_text import NOW, incremental, levels, text

SIDE = {"0": feed.BOOK_SIDE_BID, "1": feed.BOOK_SIDE_ASK}


def read(reader: MarketReader, entry: str):
    return reader.incremental(incremental(entry.replace("|", SOH)), NOW)


# Each side with each MDUpdateAction(279), of books without ids and with ids; and what is flagged.
CHANGES = [
    (side, action, ids, action != "2")
    for side in ("0", "1")
    for action in ("0", "1", "2")
    for ids in ("", "|278=x")
]


@pytest.mark.parametrize(("side", "action", "ids", "flagged"), CHANGES)
def test_a_change_to_a_price_of_zero_makes_no_level(side, action, ids, flagged) -> None:
    reader = MarketReader("TEST")
    found = levels(reader, f"279=0|269={side}{ids}|55=A|270=10|271=5")
    assert found == [(SIDE[side], "10", "5")]
    reading = read(reader, f"279={action}|269={side}{ids}|55=A|270=0|271=7")
    assert bool(reading.faults) is flagged
    assert all(f"MDEntryType(269)={side} of 'A': MDEntryPx(270) is 0" in f for f in reading.faults)
    # An entry with an id leaves the level that it was in.
    gone = [(SIDE[side], "10", "0")] if ids else []
    assert [(u.level.side, u.level.price, u.level.size) for u in reading.updates] == gone
    assert not reading.refresh


@pytest.mark.parametrize("side", ["0", "1"])
def test_an_entry_of_price_zero_is_known_by_its_id(side) -> None:
    reader = MarketReader("TEST")
    whole = text(body("W", t55="A"), "268=1", f"269={side}", "278=x", "270=0", "271=5")
    assert not reader.snapshot(whole, NOW).updates[0].book.bids
    # It gets a price, loses it, and goes: nothing of that is a sign of a lost message.
    assert levels(reader, f"279=1|269={side}|278=x|55=A|270=10|271=5") == [(SIDE[side], "10", "5")]
    assert levels(reader, f"279=1|269={side}|278=x|55=A|270=0|271=5") == [(SIDE[side], "10", "0")]
    assert levels(reader, f"279=2|269={side}|278=x|55=A") == []


@pytest.mark.parametrize("ids", [False, True])
def test_a_whole_book_is_shown_without_what_has_no_price(ids) -> None:
    entries = [
        part
        for number, (side, price) in enumerate([("0", "9"), ("0", "0"), ("1", "0"), ("1", "11")])
        for part in (f"269={side}", *([f"278=id{number}"] if ids else []), f"270={price}", "271=5")
    ]
    raw = text(body("W", t55="A"), "268=4", *entries)
    reading = MarketReader("TEST", depth=1).snapshot(raw, NOW)
    book = reading.updates[0].book
    assert [level.price for level in book.bids] == ["9"]
    assert [level.price for level in book.asks] == ["11"]
    assert len(reading.faults) == 2


@pytest.mark.parametrize("kind", ["4", "5", "7", "8"])
def test_a_figure_of_zero_is_none(kind) -> None:
    reader = MarketReader("TEST")
    assert not read(reader, f"279=0|269={kind}|55=A|270=0").updates
