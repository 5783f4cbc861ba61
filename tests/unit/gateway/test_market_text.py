import pytest

from conformance.scripted_venue import SOH, body
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from svc_gateway.adapters.fix.market.market_dialect import FixMarketDialect
from svc_gateway.adapters.fix.market.market_in import MarketReader
from svc_gateway.adapters.fix.market.security_list import read_security_list
from svc_gateway.domain.market.symbols import SymbolNames
from svc_gateway.venues import SessionConfig

NOW = 1_767_323_045_678_912_345


def config(**changes) -> SessionConfig:
    base = {
        "session_id": "md", "venue_mic": "TEST", "role": "market_data", "sender_comp_id": "US",
        "target_comp_id": "THEM", "host": "h", "port": 1,
    }  # fmt: skip
    return SessionConfig.model_validate(base | changes)


def text(*parts: str) -> str:
    return SOH.join(parts)


def incremental(*entries: str) -> str:
    return text(body("X", t52="20260102-03:04:05.1"), f"268={len(entries)}", *entries)


def levels(reader: MarketReader, *entries: str) -> list[tuple[int, str, str]]:
    reading = reader.incremental(incremental(*(e.replace("|", SOH) for e in entries)), NOW)
    return [(u.level.side, u.level.price, u.level.size) for u in reading.updates]


BID, ASK = feed.BOOK_SIDE_BID, feed.BOOK_SIDE_ASK


def test_levels_by_price() -> None:
    assert levels(
        MarketReader("TEST"), "279=0|269=0|55=A|270=1.50|271=10", "279=1|269=1|270=2|271=5",
        "279=2|269=0|55=A|270=1.5",
    ) == [(BID, "1.5", "10"), (ASK, "2", "5"), (BID, "1.5", "0")]  # fmt: skip


def test_levels_by_id_move_and_go() -> None:
    reader = MarketReader("TEST")
    assert levels(reader, "279=0|269=0|278=x|55=A|270=1|271=10") == [(BID, "1", "10")]
    assert levels(reader, "279=1|269=0|278=x|55=A|270=2|271=7") == [
        (BID, "1", "0"), (BID, "2", "7"),
    ]  # fmt: skip
    assert levels(reader, "279=2|278=x|55=A") == [(BID, "2", "0")]


def test_a_change_of_an_unknown_level_asks_for_the_book() -> None:
    reader = MarketReader("TEST")
    entry = text("279=2", "269=0", "278=never sent", "55=A")
    reading = reader.incremental(incremental(entry), NOW)
    assert [one.book_incomplete for one in reading.updates] == [True]
    assert reading.refresh == {"A"}
    reader.snapshot(text(body("W", t55="A"), "268=1", "269=0", "278=y", "270=1", "271=2"), NOW)
    reader.forget()
    assert reader.incremental(incremental(text("279=2", "278=y", "269=0", "55=A")), NOW).refresh


LOST = {
    "an entry without Symbol(55)": (incremental(text("279=0", "269=0", "270=1", "271=1")), None),
    "no MDUpdateAction(279)": (text(body("X", t55="A"), "268=1", "269=0", "270=1"), {"A"}),
    "an MDUpdateAction(279) beyond FIX 4.4": (
        incremental(text("279=3", "269=0", "55=A", "270=1", "271=1")), {"A"},
    ),
    "a level without size": (incremental(text("279=0", "269=0", "55=A", "270=1")), {"A"}),
    "a price that is no number": (
        incremental(text("279=0", "269=0", "55=A", "270=x", "271=1")), {"A"},
    ),
    "a whole book with a price that is no number": (
        text(body("W", t55="A"), "268=1", "269=0", "270=x", "271=1"), {"A"},
    ),
    "a whole book without Symbol(55)": (
        text(body("W"), "268=1", "269=0", "270=1", "271=1"), None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "symbols"), LOST.values(), ids=LOST)
def test_what_cannot_be_read_leaves_no_wrong_book_that_looks_right(raw, symbols) -> None:
    dialect = FixMarketDialect(config(dialect={"symbol_suffix": ".X"}))
    reading = dialect.read(f"8=FIX.4.4{SOH}9=1{SOH}{raw.replace('55=A', '55=A.X')}", NOW)
    assert reading.faults or reading.refresh
    assert reading.refresh == (symbols or set())
    assert reading.lost is (symbols is None)
    assert [u.instrument_id for u in reading.updates if u.book_incomplete] == [
        f"{symbol}.TEST" for symbol in symbols or ()
    ]


@pytest.mark.parametrize(
    ("depth", "kind", "field"),
    [(10, "1", "547=Y"), (10, "0", ""), (0, "1", "")],
)
def test_a_subscription_says_who_cuts_the_book(depth, kind, field) -> None:
    dialect = FixMarketDialect(config(dialect={"md_depth": depth}))
    asked = dialect.subscriptions(["A"]) if kind == "1" else dialect.snapshots(["A"])
    parts = asked[0][0].split(SOH)
    assert f"263={kind}" in parts
    assert [part for part in parts if part.startswith("547=")] == ([field] if field else [])


def test_a_whole_book_is_cut_to_the_depth_that_was_asked_for() -> None:
    raw = text(
        body("W", t55="A"), "268=3", "269=0", "270=1", "271=1", "269=0", "270=3", "271=1",
        "269=0", "270=2", "271=1",
    )  # fmt: skip
    book = MarketReader("TEST", depth=2).snapshot(raw, NOW).updates[0].book
    assert [bid.price for bid in book.bids] == ["3", "2"]


def test_an_empty_book() -> None:
    reader = MarketReader("TEST")
    levels(reader, "279=0|269=0|278=x|55=A|270=1|271=10")
    emptied = reader.incremental(incremental(text("279=0", "269=J", "55=A")), NOW)
    assert [u.HasField("book") and not u.book.bids for u in emptied.updates] == [True]
    assert levels(reader, "279=0|269=0|278=y|55=A|270=1|271=4") == [(BID, "1", "4")]
    whole = reader.snapshot(text(body("W", t55="A"), "268=1", "269=J"), NOW)
    assert whole.updates[0].HasField("book")
    assert not whole.updates[0].book.bids


def test_two_entries_at_one_price_add_up() -> None:
    reader = MarketReader("TEST")
    assert levels(
        reader,
        "279=0|269=0|278=x|55=A|270=1|271=10|346=1",
        "279=0|269=0|278=y|55=A|270=1|271=5",
        "279=2|278=x|55=A",
        "279=1|269=0|278=z|280=y|55=A|270=2|271=5",
    ) == [(BID, "1", "10"), (BID, "1", "15"), (BID, "1", "5"), (BID, "1", "0"), (BID, "2", "5")]


def test_a_snapshot_sorts_its_book_and_reports_its_last_trade_once() -> None:
    reader = MarketReader("TEST")
    raw = text(
        body("W", t55="A"), "268=5", "269=0", "270=1", "271=1", "269=0", "270=10", "271=1",
        "269=1", "270=12", "271=1", "269=1", "270=11", "271=1", "269=2", "270=10.5", "271=3",
    )  # fmt: skip
    first = reader.snapshot(raw, NOW)
    assert [b.price for b in first.updates[0].book.bids] == ["10", "1"]
    assert [a.price for a in first.updates[0].book.asks] == ["11", "12"]
    assert [u.trade.price for u in first.updates if u.HasField("trade")] == ["10.5"]
    again = reader.snapshot(raw, NOW)
    assert not [u for u in again.updates if u.HasField("trade")]


def test_a_symbol_suffix_stays_outside() -> None:
    dialect = FixMarketDialect(config(dialect={"symbol_suffix": ".AS"}))
    _, groups = dialect.subscriptions(["A"])[0]
    assert groups[1][2] == ["55=A.AS"]
    reading = dialect.read(
        text("8=FIX.4.4", body("W", t55="A.AS"), "268=1", "269=0", "270=1", "271=1"), NOW
    )
    assert reading.updates[0].instrument_id == "A.TEST"


def test_subscriptions_come_in_batches() -> None:
    dialect = FixMarketDialect(config(dialect={"md_batch_instruments": 2}))
    assert [groups[1][2] for _, groups in dialect.subscriptions(["A", "B", "C"])] == [
        ["55=A", "55=B"], ["55=C"],
    ]  # fmt: skip


def security_list(*entries: str, last: str = "Y"):
    raw = text(body("y", t320="1", t893=last), f"146={len(entries)}", *entries)
    part, faults = read_security_list(raw, config(), SymbolNames(), NOW)
    return part.instruments, part.more, faults


def test_security_lists() -> None:
    listed, more, faults = security_list(
        text("55=A", "48=NL0010273215", "22=4", "561=10", "1205=1", "1206=5", "1208=0.5"),
        text("55=B", "561=ten"), text("55=C", "326=2", "461=CEOGES"), last="N",
    )  # fmt: skip
    assert more
    assert [i.instrument_id for i in listed] == ["A.TEST", "C.TEST"]
    assert [(b.from_price, b.tick_size) for b in listed[0].tick_table] == [("0", "0.5")]
    assert listed[1].trading_status == instruments.TRADING_STATUS_HALTED
    assert listed[1].kind == instruments.INSTRUMENT_KIND_ETF
    assert (listed[1].lot_size, listed[1].tick_table[0].tick_size) == ("1", "0.01")
    assert "instrument 'B': RoundLot(561) 'ten'" in faults[0]


@pytest.mark.parametrize(
    ("field", "default", "currency"),
    [
        ("15=USD", "", "USD"),
        ("15=USD", "SEK", "USD"),
        ("107=no currency", "SEK", "SEK"),
        ("107=no currency", "", ""),
        ("15=", "SEK", "SEK"),
        ("15=usd", "", ""),
        ("15=USDOLLAR", "", ""),
    ],
)
def test_a_missing_currency_is_not_the_euro(field: str, default: str, currency: str) -> None:
    raw = text(body("y", t320="1", t560="0"), "146=1", "55=A", field)
    part, faults = read_security_list(raw, config(default_currency=default), SymbolNames(), NOW)
    (listed,) = part.instruments
    assert listed.currency == currency
    assert bool(faults) is (not currency)


def test_a_refused_security_list_says_so() -> None:
    raw = body("y", t320="1", t560="2")
    part, faults = read_security_list(raw, config(), SymbolNames(), NOW)
    assert (part.instruments, part.more, part.refused) == ([], False, True)
    assert faults == ["SecurityList(y) has SecurityRequestResult(560)=2"]


@pytest.mark.parametrize(
    "raw", ["", "\x01\x01", "35=X", "nonsense", body("X", t268="1"), body("W")]
)
def test_no_text_ends_the_feed(raw) -> None:
    reading = FixMarketDialect(config()).read(raw, NOW)
    assert reading.updates == []


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (body("Y", t262="1", t281="0", t58="no such symbol"), "no such symbol"),
        (body("j", t45="1", t380="3", t58="not here"), "not here"),
        (body("8", t11="A"), "is not expected"),
    ],
)
def test_refusals_are_reported_in_words(raw, said) -> None:
    full = f"8=FIX.4.4{SOH}9=1{SOH}{raw}"
    assert said in FixMarketDialect(config()).read(full, NOW).faults[0]
