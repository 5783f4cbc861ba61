"""The book of all venues on a terminal and in a pipe."""

import io

from rich.console import Console

from meshctl.commands.ladder import Ladder, book_words, right_words
from ordermesh.marketdata.v1 import instrument_pb2
from ordermesh.marketdata.v1 import market_data_pb2 as pb
from ordermesh.type.v1 import stream_pb2

NAME = "NL0010273215/EUR"
OPEN, HALTED = instrument_pb2.TRADING_STATUS_OPEN, instrument_pb2.TRADING_STATUS_HALTED


def level(price, **sizes):
    shares = [{"instrument_id": f"ASML.{mic}", "size": size} for mic, size in sizes.items()]
    total = str(sum(int(size) for size in sizes.values()))
    return pb.ConsolidatedLevel(price=price, size=total, shares=shares)


def venue(mic, *, status=OPEN, **fields):
    name = f"ASML.{mic}"
    made = pb.ConsolidatedVenue(instrument_id=name, venue_mic=mic, trading_status=status, **fields)
    made.received_at.FromNanoseconds(10 * 10**9)
    return made


BOOK = pb.ConsolidatedBook(
    isin="NL0010273215",
    currency="EUR",
    bids=[level("10.5", SIMA="300", SIMB="200"), level("10.4", SIMB="7")],
    asks=[level("10.5", SIMB="4")],
    venues=[
        venue("SIMA", bid_levels=1, ask_levels=2),
        venue("SIMB", bid_levels=2, ask_levels=1),
        venue(
            "SIMC", status=HALTED, left_out=pb.LEFT_OUT_HALTED, left_out_text="the halt of today"
        ),
    ],
    flags=[pb.PRICE_FLAG_LOCKED],
    crossing_bids=["ASML.SIMA", "ASML.SIMB"],
    crossing_asks=["ASML.SIMB"],
    kept_depth=10,
)


def drawn(ladder):
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(ladder)
    return console.export_text()


def test_levels_shares_ages_and_states_are_shown():
    now_ns = [12_500_000_000]
    ladder = Ladder(lambda: now_ns[0])
    assert "no book yet" in drawn(ladder)
    ladder.name, ladder.book = NAME, BOOK
    text = drawn(ladder)
    for part in (
        "NL0010273215/EUR  10.5 / 10.5  2 of 3 venues count  LOCKED: SIMA, SIMB bid, SIMB offer",
        "at most 10 levels",
        "SIMA 300 + SIMB 200",
        "HALTED",
        "no: the halt of today",
        "2.5 s",
        "1 / 2",
    ):
        assert part in text, text
    now_ns[0] = 200 * 10**9
    assert "190 s" in drawn(ladder), "the age goes on while nothing changes"
    ladder.gap = stream_pb2.Gap(kind=stream_pb2.GAP_KIND_LINK_DOWN, channel="SIMB", text="cut")
    assert "SIMB is down: cut" in drawn(ladder)
    ladder.gap = stream_pb2.Gap(kind=stream_pb2.GAP_KIND_LINK_UP, channel="SIMB")
    assert "SIMB is" not in drawn(ladder)


def test_a_line_says_the_same_for_a_pipe():
    assert book_words(NAME, BOOK) == (
        "NL0010273215/EUR  10.5 / 10.5  2 of 3 venues count"
        "  LOCKED: SIMA, SIMB bid, SIMB offer  at most 10 levels of a venue are kept"
        "  500 (SIMA 300 + SIMB 200) / 4 (SIMB 4)  without ASML.SIMC: the halt of today"
    )
    assert book_words(NAME, pb.ConsolidatedBook()) == (
        "NL0010273215/EUR  - / -  0 of 0 venues count  - () / - ()"
    )


def test_missing_rights_are_said():
    for right, words in (
        (pb.PRICE_RIGHT_NONE, "you have no right to prices of SIMB"),
        (pb.PRICE_RIGHT_DELAYED, "you have a right to delayed prices of SIMB only"),
        (pb.PRICE_RIGHT_REAL_TIME, ""),
    ):
        status = pb.VenueStatus(venue_mic="SIMB", price_right=right)
        assert right_words(pb.MarketDataItem(venue_status=status)) == words
    assert right_words(pb.MarketDataItem()) == ""
