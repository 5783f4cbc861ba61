"""Numbers that are missing on a price session: no book looks right that may be wrong."""

from collections.abc import AsyncIterator, Callable

import pytest

from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from tests.support.gateway_bench import Bench
from tests.support.raw_venue import RawVenue
from tests.support.waiting import until

LISTED = ("ASML", "SAP")
IDS = {f"{symbol}.TEST" for symbol in LISTED}


def whole_book(symbol: str, price: str) -> tuple[str, bytes]:
    return "W", f"55={symbol}\x01268=1\x01269=0\x01270={price}\x01271=5\x01".encode()


def bid(price: str) -> bytes:
    return f"268=1\x01279=0\x01269=0\x0155=ASML\x01270={price}\x01271=7\x01".encode()


def answers(request: dict[str, str]) -> list[tuple[str, bytes]]:
    """Answer MarketDataRequest(V): 10 to a subscription, 20 to a question for a whole book."""
    symbols = [symbol for symbol in LISTED if f"\x0155={symbol}\x01" in request["raw"]]
    if request["35"] != "V":
        return []
    price = "10" if request["263"] == "1" else "20"
    return [whole_book(symbol, price) for symbol in symbols]


@pytest.fixture
async def venue(bench: Bench) -> AsyncIterator[RawVenue]:
    made = RawVenue("ORDERMESH-MD")
    made.answer = answers
    await made.start()
    listed = [{"symbol": symbol, "currency": "EUR"} for symbol in LISTED]
    bench.sessions = [
        bench.market_session(
            port=made.port, instruments=listed,
            dialect={"security_list": False, "trading_session_status": True},
        )
    ]  # fmt: skip
    yield made
    await bench.stop()
    made.stop()


def skipped(venue: RawVenue) -> None:
    """Two messages are lost; the venue fills their numbers when it is asked for them."""
    begin = venue.number
    venue.number += 2
    venue.resend = lambda number: [
        venue.made("4", number, f"123=Y\x0136={begin + 2}\x01".encode(), t43="Y"),
        venue.made("X", begin + 2, bid("11"), t43="Y"),
    ]
    venue.send("X", bid("11"))


def resent(venue: RawVenue) -> None:
    """A message is lost, and sent again when it is asked for."""
    lost = venue.number
    venue.number += 1
    venue.resend = lambda _: [
        venue.made("X", lost, bid("12"), t43="Y"), venue.made("X", lost + 1, bid("11"), t43="Y"),
    ]  # fmt: skip
    venue.send("X", bid("11"))


def filled_unasked(venue: RawVenue) -> None:
    """The venue steps over numbers by itself."""
    begin = venue.number
    venue.send("4", f"123=Y\x0136={begin + 5}\x01".encode())
    venue.number = begin + 5
    venue.send("X", bid("11"))


def reset(venue: RawVenue) -> None:
    """The venue begins at other numbers."""
    begin = venue.number
    venue.send("4", f"123=N\x0136={begin + 5}\x01".encode())
    venue.number = begin + 5
    venue.send("X", bid("11"))


def prices_of(updates: list[feed.FeedUpdate]) -> list[str]:
    """The price of each update of the first listing, or its status."""
    found = []
    for one in updates:
        if one.instrument_id == "ASML.TEST" and one.HasField("book"):
            found.append(f"book {one.book.bids[0].price}")
        elif one.instrument_id == "ASML.TEST" and one.book_incomplete:
            found.append("incomplete")
        elif one.HasField("level"):
            found.append(f"level {one.level.price}")
    return found


@pytest.mark.parametrize(
    ("lose", "never_come"),
    [(skipped, True), (resent, False), (filled_unasked, True), (reset, True)],
)
async def test_books_are_stale_and_asked_for_anew(
    bench: Bench, venue: RawVenue, lose: Callable[[RawVenue], None], never_come: bool
) -> None:
    await bench.start()
    await until(lambda: {u.instrument_id for u in bench.market.updates} == IDS, "the books")
    bench.market.updates.clear()
    lose(venue)
    await until(
        lambda: (
            {u.instrument_id for u in bench.market.updates if u.book_incomplete} == IDS
            and {u.instrument_id for u in bench.market.updates if u.HasField("book")} == IDS
        ),
        "the whole books",
    )
    words = prices_of(bench.market.updates)
    # The mark comes before everything that the venue sent after the hole; the book comes last.
    assert words[0] == "incomplete"
    assert "level 11" in words
    await until(lambda: prices_of(bench.market.updates)[-1] == "book 20", "the book is right")
    # A change of the trading session may be among what never comes.
    questions = 2 if never_come else 1
    await until(
        lambda: [one["35"] for one in venue.received].count("g") == questions, "the trading status"
    )


async def test_a_hole_in_the_list_of_instruments(bench: Bench, venue: RawVenue) -> None:
    bench.sessions = [bench.market_session(port=venue.port)]
    asked: list[str] = []

    def listing(request: dict[str, str]) -> list[tuple[str, bytes]]:
        if request["35"] != "x":
            return answers(request)
        asked.append(request["320"])
        part = f"320={request['320']}\x01322=1\x01560=0\x01893=%s\x01146=1\x0155=%s\x01"
        first, last = (part % ("N", "ASML")).encode(), (part % ("Y", "SAP")).encode()
        if len(asked) > 1:
            return [("y", first), ("y", last)]
        begin = venue.number
        venue.number += 1  # the last part is lost
        venue.resend = lambda number: [
            venue.made("4", number, f"123=Y\x0136={begin + 2}\x01".encode(), t43="Y")
        ]
        return [("0", b"")]

    venue.answer = listing
    await bench.start()
    await until(lambda: {u.instrument_id for u in bench.market.updates} == IDS, "the books")
    assert len(asked) == 2
