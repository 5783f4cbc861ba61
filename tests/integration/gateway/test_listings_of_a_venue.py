"""Listings whose prices are refused, halts, lists, and odd symbols, with a scripted venue."""

from conformance.scripted_venue import SOH, Fields, body
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from tests.integration.gateway.test_market_session import MD, snapshot, text
from tests.support.gateway_bench import Bench
from tests.support.waiting import until


class Venue:
    """Lists symbols, refuses a request for prices that names a refused one, reports statuses."""

    def __init__(self, bench: Bench, *symbols: str, **keys) -> None:
        self.bench = bench
        self.listed = list(symbols)
        self.refused: set[str] = set()
        self.statuses = dict.fromkeys(symbols, "17")
        self.takes_status_requests = True
        bench.sessions = [bench.market_session(**keys)]
        bench.venue.on("x", self._list)
        bench.venue.on("V", self._prices)
        bench.venue.on("e", self._status)

    def _list(self, request: Fields) -> list[str]:
        entries = [text(f"55={symbol}", f"107={symbol}") for symbol in self.listed]
        head = body("y", t320=request["320"], t322="1", t560="0", t893="Y")
        return [text(head, f"146={len(entries)}", *entries)]

    def _prices(self, request: Fields) -> list[str]:
        symbols = asked(request)
        bad = sorted(self.refused & set(symbols))
        if bad:
            return [body("Y", t262=request["262"], t281="0", t58=f"unknown symbol {bad[0]}")]
        return [snapshot(symbol, request["262"]) for symbol in symbols]

    def _status(self, request: Fields) -> list[str]:
        if not self.takes_status_requests:
            return [body("j", t45=request["34"], t372="e", t380="3", t58="not here")]
        symbol = request["55"]
        return [body("f", t324=request["324"], t55=symbol, t326=self.statuses[symbol])]

    def listing(self, name: str) -> instruments.Instrument:
        return self.bench.market.instruments[f"{name}.TEST"]

    async def until_listed(self, *names: str) -> None:
        ids = {f"{name}.TEST" for name in names}
        await until(lambda: ids <= self.bench.market.instruments.keys(), f"listings {names}")

    async def until_status(self, name: str, status: int) -> None:
        await until(
            lambda: (
                f"{name}.TEST" in self.bench.market.instruments
                and self.listing(name).trading_status == status
            ),
            f"{name} has status {status}",
        )

    def books(self) -> set[str]:
        return {u.instrument_id for u in self.bench.market.updates if u.HasField("book")}


def asked(request: Fields) -> list[str]:
    return [part[3:] for part in request["raw"].split(SOH) if part.startswith("55=")]


def requests(bench: Bench) -> list[list[str]]:
    return [asked(message) for message in bench.venue.of_type("V")]


async def test_one_refused_symbol_takes_no_prices_away_from_others(bench: Bench) -> None:
    symbols = [f"S{number:02}" for number in range(50)]
    venue = Venue(bench, *symbols)
    venue.refused = {"S17", "S42"}
    await bench.start()
    await until(lambda: len(venue.books()) >= 48, "the books of all others", 30)
    assert venue.books() == {f"{one}.TEST" for one in symbols if one not in venue.refused}
    for symbol in venue.refused:
        await until(lambda s=symbol: venue.listing(s).no_prices, "the refusal is reported")
        assert venue.listing(symbol).no_prices == instruments.NO_PRICES_REFUSED
        assert f"unknown symbol {symbol}" in venue.listing(symbol).no_prices_text
    sent = len(requests(bench))
    assert sent <= 1 + 2 * len(venue.refused) * 6
    # svc_marketdata wants everything again: nothing refused is requested again.
    bench.market.updates.clear()
    bench.market.refresh()
    await until(lambda: len(venue.books()) >= 48, "the books again", 30)
    assert not venue.refused & {symbol for one in requests(bench)[sent:] for symbol in one}


async def test_a_venue_that_grants_prices_later_is_believed(bench: Bench) -> None:
    venue = Venue(bench, "A", "B")
    venue.refused = {"B"}
    await bench.start()
    await venue.until_listed("B")
    await until(lambda: venue.listing("B").no_prices, "the refusal is reported")
    venue.refused.clear()
    bench.cable.cut()
    bench.cable.mend()
    await until(lambda: not venue.listing("B").no_prices, "the prices are reported")
    # The listing and its book are sent apart.
    await until(lambda: "B.TEST" in venue.books(), "its book is sent")


async def test_a_refused_symbol_is_requested_again_without_a_logon(
    bench: Bench, monkeypatch
) -> None:
    monkeypatch.setattr("svc_gateway.domain.market.price_retries.RETRY_FIRST_S", 0.0)
    monkeypatch.setattr("svc_gateway.domain.market.price_retries.RETRY_MAX_S", 0.0)
    venue = Venue(bench, "A", "B")
    venue.refused = {"B"}
    await bench.start()
    await venue.until_listed("B")
    await until(lambda: venue.listing("B").no_prices, "the refusal is reported")
    await until(lambda: requests(bench).count(["B"]) > 2, "it is requested again, alone")
    venue.refused.clear()
    await until(lambda: not venue.listing("B").no_prices, "the prices are reported")
    # The listing and its book are sent apart.
    await until(lambda: "B.TEST" in venue.books(), "its book is sent")
    assert len(bench.venue.of_type("x")) == 1  # no other logon


async def test_a_listing_that_the_newest_list_lacks_is_forgotten(bench: Bench) -> None:
    venue = Venue(bench, "A", "B")
    await bench.start()
    await until(lambda: len(venue.books()) == 2, "both books")
    assert bench.market.lists == [{"A.TEST", "B.TEST"}]
    venue.listed.remove("B")
    before = len(requests(bench))
    bench.cable.cut()
    bench.cable.mend()
    await until(lambda: bench.market.lists[-1] == {"A.TEST"}, "the newest list")
    await until(lambda: requests(bench)[before:], "prices are requested")
    assert {symbol for one in requests(bench)[before:] for symbol in one} == {"A"}


async def test_a_list_with_a_part_missing_delists_nothing(bench: Bench) -> None:
    venue = Venue(bench, "A", "B")
    bench.venue.on(
        "x",
        lambda request: [
            text(body("y", t320=request["320"], t560="0", t393="3", t893="Y"), "146=1", "55=A")
        ],
    )
    await bench.start()
    await until(venue.books, "the book of what is known")
    assert bench.market.lists == []


async def test_a_halt_from_before_the_logon_is_known(bench: Bench) -> None:
    venue = Venue(bench, "A", "B", "C")
    venue.statuses["B"] = "2"
    await bench.start()
    await venue.until_status("B", instruments.TRADING_STATUS_HALTED)
    await venue.until_status("C", instruments.TRADING_STATUS_OPEN)
    assert [message["55"] for message in bench.venue.of_type("e")] == ["A", "B", "C"]


async def test_a_halt_survives_svc_marketdata_and_the_venues_list(bench: Bench) -> None:
    venue = Venue(bench, "A")
    await bench.start()
    await venue.until_status("A", instruments.TRADING_STATUS_OPEN)
    venue.statuses["A"] = "2"
    bench.venue.send(body("f", t55="A", t326="2"), MD)
    await venue.until_status("A", instruments.TRADING_STATUS_HALTED)
    # A remark leaves it as it is; a whole new svc_marketdata gets it with the list.
    bench.venue.send(body("f", t55="A", t326="7"), MD)
    bench.market.instruments.clear()
    bench.market.cut()
    await venue.until_listed("A")
    assert venue.listing("A").trading_status == instruments.TRADING_STATUS_HALTED
    bench.market.instruments.clear()
    bench.market.refresh()
    await venue.until_listed("A")
    assert venue.listing("A").trading_status == instruments.TRADING_STATUS_HALTED


async def test_a_halt_survives_a_gateway(bench: Bench) -> None:
    venue = Venue(bench, "A")
    venue.statuses["A"] = "2"
    await bench.start()
    await venue.until_status("A", instruments.TRADING_STATUS_HALTED)
    await bench.stop()
    bench.market.statuses_of.clear()
    await bench.start()
    await until(
        lambda: instruments.TRADING_STATUS_HALTED in bench.market.statuses_of.get("A.TEST", []),
        "the halt is reported again",
    )
    # Before the venue's answer the status is not known, which opens nothing.
    assert instruments.TRADING_STATUS_OPEN not in bench.market.statuses_of["A.TEST"]


async def test_a_venue_without_status_requests_is_asked_once(bench: Bench) -> None:
    venue = Venue(bench, "A", "B", "C")
    venue.takes_status_requests = False
    await bench.start()
    await until(lambda: bench.market.assumed, "the statuses are assumed")
    assert len(bench.venue.of_type("e")) == 1
    await until(lambda: len(venue.books()) == 3, "the prices come all the same")


async def test_odd_symbols_are_named_and_asked_by_their_own_name(bench: Bench) -> None:
    symbols = {"BRK_2EB": "BRK.B", "BF_2FB": "BF/B", "VOLVB": "VOLV B"}
    dialect = {"symbols": {"VOLV B": "VOLVB"}}
    venue = Venue(bench, *symbols.values(), dialect=dialect)
    await bench.start()
    ids = {f"{name}.TEST" for name in symbols}
    await until(lambda: venue.books() >= ids, "the books")
    assert venue.books() == ids
    await venue.until_listed(*symbols)
    assert {name: venue.listing(name).venue_symbol for name in symbols} == symbols
    assert requests(bench) == [list(symbols.values())]
    assert sorted(message["55"] for message in bench.venue.of_type("e")[:1]) == ["BRK.B"]


async def test_a_symbol_without_a_name_is_reported_and_not_asked_about(bench: Bench) -> None:
    venue = Venue(bench, "A", "a very long symbol in lower case")
    await bench.start()
    await until(venue.books, "the book of the other")
    assert venue.books() == {"A.TEST"}
    assert requests(bench) == [["A"]]
    await until(lambda: bench.market.left_out, "the symbol is shown as left out")
    (why,) = bench.market.left_out.values()
    assert "dialect.symbols" in why
    # A new svc_marketdata gets it, too; and it goes with the venue's newest list.
    bench.market.left_out.clear()
    bench.market.refresh()
    await until(lambda: bench.market.left_out, "the symbol is shown again")
    venue.listed.pop()
    bench.cable.cut()
    bench.cable.mend()
    await until(lambda: not bench.market.left_out, "the venue lists it no more")


async def test_a_venue_that_does_not_answer_leaves_the_status_not_known(
    bench: Bench, monkeypatch
) -> None:
    monkeypatch.setattr("svc_gateway.domain.market.status_questions.ANSWER_MAX_S", 0.0)
    venue = Venue(bench, "A", "B")
    bench.venue.on("e", lambda _: [])
    await bench.start()
    await until(lambda: bench.market.assumed, "the statuses are assumed")
    await venue.until_listed("A", "B")
    assert instruments.TRADING_STATUS_OPEN not in bench.market.statuses_of["A.TEST"]
