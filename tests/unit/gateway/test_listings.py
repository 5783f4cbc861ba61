"""Which listings a gateway has, whose prices are refused, and what svc_marketdata gets of it."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.scripted_venue import SOH, body
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as pb
from svc_gateway.adapters.fix.market.market_dialect import FixMarketDialect
from svc_gateway.domain.market.price_requests import PriceRequests
from svc_gateway.service.market.listings import LEFT_OUT_MAX, Listings
from svc_gateway.service.ports import ListPart
from tests.unit.gateway.test_market_text import NOW, config


def listing(symbol: str, status: int = pb.TRADING_STATUS_UNSPECIFIED) -> pb.Instrument:
    return pb.Instrument(
        instrument_id=f"{symbol}.TEST", symbol=symbol, venue_mic="TEST", trading_status=status
    )


def part(*symbols: str, request_id: str = "list-1", **fields) -> ListPart:
    made = ListPart(request_id, [listing(symbol) for symbol in symbols], entries=len(symbols))
    made.named = {f"{symbol}.TEST" for symbol in symbols}
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def frames(listings: Listings) -> list[feed.FeedRequest]:
    made = [feed.FeedRequest()]
    while listings.fill(made[-1]):
        made.append(feed.FeedRequest())
    return made[:-1]


def listed(*parts: ListPart) -> Listings:
    listings = Listings()
    listings.list_asked("list-1")
    for one in parts:
        listings.take_part(one)
    return listings


def test_the_newest_whole_list_replaces_the_one_before() -> None:
    listings = listed(part("A", more=True), part("B"))
    assert listings.symbols == ["A", "B"]
    frames(listings)
    listings.list_asked("list-2")
    listings.take_part(part("B", "C", request_id="list-2"))
    assert sorted(listings.symbols) == ["B", "C"]
    (frame,) = frames(listings)
    assert frame.list_begins
    assert frame.list_complete
    assert [item.symbol for item in frame.instruments] == ["B", "C"]


@pytest.mark.parametrize(
    "second",
    [
        part("B", request_id="nobody asked"),
        part("B", more=True),
        part("B", total=3),
        part("B", refused=True),
        part(),
        # An entry that cannot be read is still listed.
        part("B", entries=2, named={"A.TEST", "B.TEST"}),
    ],
)
def test_what_is_no_whole_list_delists_nothing(second) -> None:
    listings = listed(part("A", "B"))
    frames(listings)
    listings.list_asked("list-1")
    listings.take_part(second)
    assert sorted(listings.symbols) == ["A", "B"]
    if not second.named >= {"A.TEST"}:
        assert not any(frame.list_complete for frame in frames(listings))


def test_a_list_longer_than_a_frame_is_marked_at_both_ends(monkeypatch) -> None:
    monkeypatch.setattr("svc_gateway.service.market.listings.LISTINGS_PER_FRAME_MAX", 2)
    sent = frames(listed(part("A", "B", "C", "D", "E")))
    assert [(len(f.instruments), f.list_begins, f.list_complete) for f in sent] == [
        (2, True, False), (2, False, False), (1, False, True),
    ]  # fmt: skip


def test_before_a_whole_list_everything_known_is_sent_without_a_claim() -> None:
    listings = Listings()
    listings.take_part(part("A", request_id=""))
    listings.send_all()
    (frame,) = frames(listings)
    assert [item.symbol for item in frame.instruments] == ["A"]
    assert not frame.list_begins
    assert not frame.list_complete


def test_the_file_is_a_whole_list() -> None:
    listings = Listings([listing("A")])
    listings.send_all()
    (frame,) = frames(listings)
    assert frame.list_complete


def test_a_status_stays_across_lists_and_breaks_of_the_feed() -> None:
    listings = listed(part("A", "B"))
    listings.take_status("A.TEST", pb.TRADING_STATUS_HALTED, NOW)
    frames(listings)
    # svc_marketdata is new and asks for everything.
    listings.send_all()
    (frame,) = frames(listings)
    assert [item.trading_status for item in frame.instruments] == [
        pb.TRADING_STATUS_HALTED, pb.TRADING_STATUS_UNSPECIFIED,
    ]  # fmt: skip
    # The venue sends its list again, without a status.
    listings.list_asked("list-1")
    listings.take_part(part("A", "B"))
    (frame,) = frames(listings)
    assert frame.instruments[0].trading_status == pb.TRADING_STATUS_HALTED
    # A remark changes nothing.
    listings.take_status("A.TEST", pb.TRADING_STATUS_UNSPECIFIED, NOW)
    assert not listings.due
    listings.take_status("A.TEST", pb.TRADING_STATUS_OPEN, NOW)
    (frame,) = frames(listings)
    assert frame.instruments[0].trading_status == pb.TRADING_STATUS_OPEN


def test_a_status_before_the_list_counts() -> None:
    listings = Listings()
    listings.take_status("A.TEST", pb.TRADING_STATUS_HALTED, NOW)
    listings.list_asked("list-1")
    listings.take_part(part("A"))
    (frame,) = frames(listings)
    assert frame.instruments[0].trading_status == pb.TRADING_STATUS_HALTED


def test_statuses_are_assumed_with_every_list_until_the_next_logon() -> None:
    listings = listed(part("A"))
    listings.assume_statuses()
    assert [frame.statuses_assumed for frame in frames(listings)] == [True]
    listings.send_all()
    assert [frame.statuses_assumed for frame in frames(listings)] == [True]
    listings.await_statuses()
    listings.send_all()
    assert [frame.statuses_assumed for frame in frames(listings)] == [False]


def test_what_is_left_out_is_passed_on_until_the_next_list() -> None:
    listings = listed(part("A", more=True, left_out={"x y": "no name"}), part("B"))
    (frame,) = frames(listings)
    assert [(one.symbol, one.text) for one in frame.left_out.listings] == [("x y", "no name")]
    listings.take_part(part("C", request_id="", left_out={"z": "too long"}))  # nobody asked
    (frame,) = frames(listings)
    assert [one.symbol for one in frame.left_out.listings] == ["x y", "z"]
    # The same list changes nothing; another one does.
    listings.list_asked("list-2")
    listings.take_part(part("A", "B", "C", request_id="list-2", left_out={"z": "too long"}))
    (frame,) = frames(listings)
    assert [one.symbol for one in frame.left_out.listings] == ["z"]
    listings.send([])
    assert frames(listings) == []


def test_of_many_that_are_left_out_the_first_are_passed_on() -> None:
    many = {str(number): "no name" for number in range(LEFT_OUT_MAX + 5)}
    (frame,) = frames(listed(part("A", left_out=many)))
    assert len(frame.left_out.listings) == LEFT_OUT_MAX


def test_refused_prices_are_told_until_they_come() -> None:
    listings = listed(part("A", "B"))
    frames(listings)
    listings.refuse_prices({"B": "unknown symbol"})
    (frame,) = frames(listings)
    (told,) = frame.instruments
    assert (told.symbol, told.no_prices) == ("B", pb.NO_PRICES_REFUSED)
    assert told.no_prices_text == "unknown symbol"
    assert listings.priced_symbols == ["A"]
    # The same reason after the next list.
    listings.list_asked("list-1")
    listings.take_part(part("A", "B"))
    (frame,) = frames(listings)
    assert frame.instruments[1].no_prices_text == "unknown symbol"
    listings.has_prices("B.TEST")
    (frame,) = frames(listings)
    assert frame.instruments[0].no_prices == pb.NO_PRICES_UNSPECIFIED
    assert listings.priced_symbols == ["A", "B"]


@given(st.integers(1, 60), st.data())
def test_only_refused_symbols_are_without_prices_after_halving(count, data) -> None:
    """A venue that refuses a whole request for one symbol in it."""
    symbols = [f"S{number}" for number in range(count)]
    refused = set(data.draw(st.lists(st.sampled_from(symbols), max_size=5)))
    requests, ids = PriceRequests(), iter(range(10_000))
    waiting = deque([symbols])
    priced, without, sent = [], [], 0
    while waiting:
        asked = waiting.popleft()
        request_id = str(next(ids))
        requests.note(request_id, asked, "1")
        sent += 1
        if not refused & set(asked):
            priced += asked
            continue
        parts = requests.refused(request_id)
        if len(parts) == 1:
            without += asked
        waiting.extend(list(each.symbols) for each in parts if len(parts) > 1)
    assert sorted(priced + without) == sorted(symbols)
    assert set(without) == refused
    assert sent <= 1 + 2 * len(refused) * count.bit_length()


def test_a_second_refusal_of_a_request_changes_nothing() -> None:
    requests = PriceRequests()
    requests.note("1", ["A", "B"], "0")
    first, second = requests.refused("1")
    assert (first.symbols, second.symbols, first.kind) == (("A",), ("B",), "0")
    assert requests.refused("1") == requests.refused("never sent") == []


def test_the_oldest_request_is_forgotten(monkeypatch) -> None:
    monkeypatch.setattr("svc_gateway.domain.market.price_requests.REQUESTS_REMEMBERED_MAX", 2)
    requests = PriceRequests()
    for number in range(3):
        requests.note(str(number), ["A", "B"], "1")
    assert requests.refused("0") == []
    assert len(requests.refused("1")) == 2


def refusal(kind: str, **tags: str) -> str:
    return f"8=FIX.4.4{SOH}9=1{SOH}{body(kind, **tags)}{SOH}"


def sent_before(dialect: FixMarketDialect) -> str:
    requests = dialect.subscriptions(["A", "BRK_2EB"])
    return requests[0][0]


@pytest.mark.parametrize(
    "message",
    [
        refusal("Y", t262="md-1", t281="0", t58="no BRK.B here"),
        refusal("j", t45="7", t372="V", t380="2", t58="no BRK.B here"),
        refusal("j", t45="7", t372="V", t379="md-1", t380="0", t58="no BRK.B here"),
        refusal("3", t45="7", t372="V", t373="5", t58="no BRK.B here"),
    ],
)
def test_a_refused_request_is_halved_whichever_message_refuses_it(message) -> None:
    sent = []
    dialect = FixMarketDialect(config(), lambda number: {7: sent[0]}.get(number, ""))
    sent.append(f"8=FIX.4.4{SOH}{sent_before(dialect)}{SOH}")
    reading = dialect.read(message, NOW)
    assert [groups[1][2] for _, groups in reading.requests] == [["55=A"], ["55=BRK.B"]]
    assert reading.faults == []


def test_a_refused_single_symbol_has_the_venues_reason() -> None:
    dialect = FixMarketDialect(config())
    sent_before(dialect)
    dialect.read(refusal("Y", t262="md-1", t281="0"), NOW)
    reading = dialect.read(refusal("Y", t262="md-3", t281="0", t58="no such symbol"), NOW)
    assert reading.requests == []
    assert reading.refused == {
        "BRK_2EB": "MarketDataRequestReject(Y), MDReqRejReason(281)=0 (unknown symbol): "
        "no such symbol"
    }
    assert reading.faults == [f"BRK_2EB: {reading.refused['BRK_2EB']}"]


def test_a_refused_status_request_ends_the_questions_or_is_an_answer() -> None:
    sent = f"8=FIX.4.4{SOH}35=e{SOH}324=trading-1{SOH}55=A{SOH}263=1{SOH}"
    dialect = FixMarketDialect(config(), lambda _: sent)
    assert dialect.read(refusal("j", t45="3", t372="e", t380="3"), NOW).statuses_refused
    reading = dialect.read(refusal("j", t45="3", t372="e", t380="2"), NOW)
    assert not reading.statuses_refused
    assert reading.statuses == {"A.TEST": pb.TRADING_STATUS_UNSPECIFIED}


def test_a_refused_list_request_is_known_as_such() -> None:
    dialect = FixMarketDialect(config(), lambda _: f"35=x{SOH}320=list-1{SOH}")
    assert dialect.read(refusal("j", t45="3", t372="x", t380="3"), NOW).list_refused


def test_a_book_that_is_to_be_asked_again_is_named_as_the_listing() -> None:
    dialect = FixMarketDialect(config(dialect={"symbol_suffix": ".AS"}))
    unknown = SOH.join([body("X"), "268=1", "279=2", "269=0", "278=gone", "55=BF/B.AS"])
    reading = dialect.read(f"8=FIX.4.4{SOH}{unknown}{SOH}", NOW)
    assert reading.refresh == {"BF_2FB"}
    _, groups = dialect.snapshots(sorted(reading.refresh))[0]
    assert groups[1][2] == ["55=BF/B.AS"]
