"""Auction indications, MDEntryType(269)=Q and A: read, changed, deleted; wrong ones left out."""

import re

import pytest

from conformance.scripted_venue import SOH, body
from ordermesh.marketdata.v1 import market_data_pb2 as md
from svc_gateway.adapters.fix.market.market_in import MarketReader
from svc_gateway.adapters.fix.market.market_out import market_data_request
from svc_gateway.venues import DialectConfig

NOW = 1_767_323_045 * 10**9
SENT = "20260102-03:04:05"
PRICE = "269=Q|270=10.50|271=400"
MORE = "269=A|271=50|277=P"


@pytest.fixture
def reader():
    return MarketReader("TEST", auction_prices=True)


def message(kind, entries, **fields):
    texts = [body(kind, t52=SENT, **fields), f"268={len(entries)}", *entries]
    return SOH.join(text.replace("|", SOH) for text in texts)


def snapshot(reader, *entries):
    return reader.snapshot(message("W", entries, t55="A"), NOW)


def changes(reader, *entries):
    return reader.incremental(message("X", entries), NOW)


def said(reading):
    return [update.auction for update in reading.updates if update.HasField("auction")]


def test_a_snapshot_with_price_and_imbalance(reader):
    (found,) = said(snapshot(reader, PRICE, MORE))
    assert found == md.AuctionIndication(
        price="10.5", size="400", imbalance_size="50", imbalance_side=md.IMBALANCE_SIDE_BUY
    )


def test_a_snapshot_without_them_ends_what_was_said_once(reader):
    assert said(snapshot(reader, PRICE))
    assert said(snapshot(reader, "269=0|270=10|271=5")) == [md.AuctionIndication()]
    assert said(snapshot(reader, "269=0|270=10|271=5")) == []


def test_changes_add_up_until_they_are_deleted(reader):
    first, second = said(changes(reader, f"279=0|55=A|{PRICE}", f"279=0|55=A|{MORE}"))
    assert (first.price, first.imbalance_size) == ("10.5", "")
    assert (second.price, second.imbalance_size) == ("10.5", "50")
    (third,) = said(changes(reader, "279=1|55=A|269=A|271=7|277=Q"))
    assert (third.imbalance_size, third.imbalance_side) == ("7", md.IMBALANCE_SIDE_SELL)
    (fourth,) = said(changes(reader, "279=2|55=A|269=Q"))
    assert (fourth.price, fourth.size, fourth.imbalance_size) == ("", "", "7")


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("269=Q|270=-1|271=4", r"MDEntryType\(269\)=Q of 'A': MDEntryPx\(270\)"),
        ("269=Q|270=x|271=4", r"MDEntryPx\(270\)"),
        ("269=Q|270=10|271=-4", r"MDEntrySize\(271\)"),
        ("269=A|271=1e999", r"MDEntryType\(269\)=A of 'A': MDEntrySize\(271\)"),
        ("269=Q|270=NaN|271=4", r"MDEntryPx\(270\)"),
    ],
)
def test_a_value_that_cannot_be_used_is_left_out_and_flagged(reader, entry, text):
    changes(reader, f"279=0|55=A|{PRICE}", f"279=0|55=A|{MORE}")
    reading = changes(reader, f"279=1|55=A|{entry}")
    (found,) = said(reading)
    assert found.faulty
    assert "" in {found.price, found.imbalance_size}
    (fault,) = reading.faults
    assert re.search(text, fault)
    # The book of the listing has lost nothing.
    assert reading.refresh == set()
    (later,) = said(changes(reader, f"279=1|55=A|{PRICE}"))
    assert not later.faulty


@pytest.mark.parametrize("entry", ["269=A|271=5", "269=A|271=5|277=P Q", "269=A|271=5|277=R"])
def test_an_imbalance_without_one_side(reader, entry):
    (found,) = said(changes(reader, f"279=0|55=A|{entry}"))
    assert (found.imbalance_size, found.imbalance_side) == ("5", md.IMBALANCE_SIDE_UNSPECIFIED)


def test_a_price_of_0_is_none(reader):
    (found,) = said(changes(reader, "279=0|55=A|269=Q|270=0|271=0"))
    assert (found.price, found.size, found.faulty) == ("", "", False)


def test_a_venue_that_is_not_asked_says_nothing():
    reader = MarketReader("TEST")
    assert said(snapshot(reader, PRICE)) == []
    assert said(changes(reader, f"279=0|55=A|{PRICE}")) == []


@pytest.mark.parametrize("asks", [True, False])
def test_what_is_asked_for(asks):
    _, groups = market_data_request("r", ["A"], DialectConfig(auction_prices=asks), "1")
    assert ("269=Q" in groups[0][2], "269=A" in groups[0][2]) == (asks, asks)
