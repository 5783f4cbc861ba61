from pathlib import Path

import pytest

from sim_exchange.domain.lobster import (
    RecordingError,
    book_row,
    format_book_row,
    read_messages,
)
from sim_exchange.domain.order import Order, Side
from sim_exchange.instruments import isin_is_valid
from sim_exchange.service.orders import ClientOrder, Terms
from sim_exchange.service.recorded_flow import RecordedFlow, open_recording, replay_instrument
from sim_exchange.service.venue import Venue
from tests.support.lobster import record

NS = 10**9
ROWS = """\
100.0,1,1,100,1000000,1
100.5,1,2,100,990000,1
101.0,4,1,60,1000000,1
103.0,3,2,100,990000,1
"""


@pytest.fixture
def flow_of(tmp_path):
    made = []

    def make(rows=ROWS, speed=1.0) -> tuple[RecordedFlow, Venue]:
        path = tmp_path / "SAP_message.csv"
        path.write_text(rows)
        flow = open_recording(str(path), "", speed)
        made.append(flow)
        venue = Venue("SIMA", [flow.instrument])
        flow.attach(venue.markets["SAP"], venue)
        return flow, venue

    yield make
    for flow in made:
        flow.close()


def rest_client(venue: Venue, name: str, price: int, quantity: int) -> ClientOrder:
    terms = Terms("A", "SAP", "", Side.BUY, None, None, price, quantity)
    owner = ClientOrder("C", name, name, terms)
    venue.markets["SAP"].book.submit(Order(name, Side.BUY, price, quantity, owner=owner), 1)
    return owner


def test_rows_come_at_the_recorded_pace(flow_of) -> None:
    flow, venue = flow_of(speed=2.0)
    book = venue.markets["SAP"].book
    flow.step(50 * NS)
    assert len(book) == 1
    flow.step(50 * NS + NS // 4)
    assert len(book) == 2
    flow.step(51 * NS)
    assert (book.get(1).leaves, flow.finished) == (40, False)
    flow.step(52 * NS)
    assert (len(book), flow.finished) == (1, True)
    flow.step(53 * NS)
    assert flow.playback.counts.messages == 4


def test_as_fast_as_possible(flow_of) -> None:
    flow, _ = flow_of(speed=0)
    flow.step(NS)
    assert flow.finished


def test_clients_with_priority_are_filled_and_the_recording_stays(flow_of) -> None:
    flow, venue = flow_of()
    better = rest_client(venue, "better", 1_000_100, 30)
    earlier = rest_client(venue, "earlier", 1_000_000, 50)
    flow.step(10 * NS)
    later = rest_client(venue, "later", 1_000_000, 50)
    flow.step(12 * NS)
    assert [order.cum for order in (better, earlier, later)] == [30, 30, 0]
    assert venue.markets["SAP"].book.get(1).leaves == 40


def test_what_a_client_took_is_missing_later(flow_of) -> None:
    flow, venue = flow_of()
    flow.step(10 * NS)
    venue.markets["SAP"].book.submit(Order("x", Side.SELL, 1_000_000, 70), 1)
    flow.step(12 * NS)
    assert flow.playback.counts.short == 1


def test_halts_are_reported(flow_of) -> None:
    flow, venue = flow_of("100.0,7,0,0,-1,-1\n100.1,7,0,0,1,-1\n", speed=0)
    halts = []
    venue.on_state.append(lambda market, _: halts.append(market.book.halted))
    flow.step(NS)
    assert halts == [True, False]


def test_a_bad_row_is_refused_at_the_start_and_ends_a_playback(flow_of) -> None:
    with pytest.raises(RecordingError, match="line 2, column 2"):
        flow_of("100.0,1,1,100,1000000,1\nx\n", speed=0)
    flow, _ = flow_of(speed=0)
    # The file was changed after it was opened.
    Path(flow.name).write_text(ROWS.replace("101.0,4", "101.0,9"))
    with pytest.raises(RecordingError, match="line 3, column 2"):
        flow.step(NS)
    assert flow.finished
    flow.step(2 * NS)


def test_listing_of_a_recording() -> None:
    assert replay_instrument("SAP").isin == "DE0007164600"
    made_up = replay_instrument("AAPL")
    assert made_up.isin.startswith("XX")
    assert isin_is_valid(made_up.isin)
    assert (made_up.ticks.tick_at(5_000), made_up.ticks.tick_at(5_000_000)) == (1, 100)
    for symbol in ("", "A B", "TOOLONGSYMBOL", "Ä"):
        with pytest.raises(RecordingError, match="--replay-symbol"):
            replay_instrument(symbol)


def test_step_before_attach_is_a_fault_of_ours(tmp_path) -> None:
    path = tmp_path / "SAP_m.csv"
    path.write_text(ROWS)
    flow = open_recording(str(path), "SAP", 0)
    with pytest.raises(RuntimeError, match="attach"):
        flow.step(1)
    flow.close()
    with pytest.raises(RecordingError, match="No such file"):
        open_recording(str(tmp_path / "none"), "SAP", 0)


MESSAGE_NAME, BOOK_NAME = "SAP_2026-01-02_0_0_message_2.csv", "SAP_2026-01-02_0_0_orderbook_2.csv"


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("header", [False, True])
def test_every_book_is_the_row_of_the_file_beside(tmp_path, depth, seed, header) -> None:
    messages, books = record(seed, depth, rows=300)
    titles = ["time,type,order id,size,price,direction"] if header else []
    columns = [f"{what}{n}" for n in range(depth) for what in ("ap", "as", "bp", "bs")]
    (tmp_path / MESSAGE_NAME).write_text("\n".join([*titles, *messages]))
    (tmp_path / BOOK_NAME).write_text("\n".join([*([",".join(columns)] if header else []), *books]))
    flow = open_recording(str(tmp_path / MESSAGE_NAME), "", 1.0)
    venue = Venue("SIMA", [flow.instrument])
    market = venue.markets["SAP"]
    flow.attach(market, venue)
    times = [message.time_ns for message in read_messages(messages, "made up")]
    for time_ns, row in zip(times, books, strict=True):
        flow.step(NS + time_ns - times[0])
        assert format_book_row(book_row(market.book, depth)) == row
    flow.step(2 * NS + times[-1] - times[0])
    assert flow.finished
    assert "different=0" in flow.books.summary()
    assert "rows=300" in flow.books.summary()


def test_orders_of_clients_stay_when_a_level_comes_into_view(tmp_path) -> None:
    # The bid at 99 comes into view when the one at 100 is gone.
    (tmp_path / MESSAGE_NAME).write_text("1.0,1,1,5,1000000,1\n2.0,3,1,5,1000000,1\n")
    (tmp_path / BOOK_NAME).write_text("1010000,7,1000000,5\n1010000,7,990000,9\n")
    flow = open_recording(str(tmp_path / MESSAGE_NAME), "", 1.0)
    venue = Venue("SIMA", [flow.instrument])
    flow.attach(venue.markets["SAP"], venue)
    flow.step(NS)
    rest_client(venue, "client", 990_000, 30)
    flow.step(3 * NS)
    level = venue.markets["SAP"].book.level(Side.BUY, 990_000)
    assert level.quantity == 39
    assert level.orders["client"].leaves == 30


GOOD_BOOK = "1010000,7,1000000,5\n1010000,7,990000,9\n"
GOOD = "1.0,1,1,5,1000000,1\n2.0,3,1,5,1000000,1\n"
BAD_FILES = {
    "a time before the one above": (
        "2.0,1,1,5,1000000,1\n1.0,3,1,5,1000000,1\n", GOOD_BOOK,
        "message_2.csv, line 2, column 1 (time): 1.0 is before the time of the row above",
    ),
    "a message cut in the middle": (
        "1.0,1,1,5,1000000,1\n2.0,3,1,5", GOOD_BOOK,
        "message_2.csv, line 2, column 5 (price): missing",
    ),
    "a book cut in a level": (
        GOOD, "1010000,7,1000000,5\n1010000,7,99",
        "orderbook_2.csv, line 2, column 3 (last): 3 columns are not four for each level",
    ),
    "a book cut after a level": (
        GOOD, "1010000,7,1000000,5,1020000,7,990000,5\n1010000,7,990000,9",
        "orderbook_2.csv, line 2, column 4 (last): 1 levels, and the first row has 2",
    ),
    "fewer books than messages": (GOOD, "1010000,7,1000000,5\n", "has 1 rows and"),
    "more books than messages": (GOOD, GOOD_BOOK * 2, "has 4 rows and"),
    "a header in the middle": (
        GOOD + "time,type,order id,size,price,direction\n", GOOD_BOOK,
        "message_2.csv, line 3, column 1 (time): 'time' is not seconds",
    ),
    "nothing but a header": ("time,type,order id,size,price,direction\n", GOOD_BOOK, "no messages"),
    "nothing": ("", GOOD_BOOK, "no messages"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_that_is_cut_or_out_of_order_is_refused_by_line(tmp_path, case) -> None:
    messages, books, text = BAD_FILES[case]
    (tmp_path / MESSAGE_NAME).write_text(messages)
    (tmp_path / BOOK_NAME).write_text(books)
    with pytest.raises(RecordingError) as caught:
        open_recording(str(tmp_path / MESSAGE_NAME), "", 1.0)
    assert text in str(caught.value)


def test_without_the_file_beside_it_is_said(tmp_path, capsys) -> None:
    (tmp_path / MESSAGE_NAME).write_text(GOOD)
    flow = open_recording(str(tmp_path / MESSAGE_NAME), "", 1.0)
    assert flow.books is None
    flow.close()
    said = "".join(capsys.readouterr())
    assert "no orderbook file beside the recording" in said
    assert "not exact" in said
