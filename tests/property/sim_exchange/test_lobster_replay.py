from hypothesis import given, settings
from hypothesis import strategies as st

from sim_exchange.domain.book import OrderBook
from sim_exchange.domain.lobster import format_book_row, parse_book_row, read_messages
from sim_exchange.domain.playback import Playback
from sim_exchange.replay import replay
from tests.support.lobster import record, write_recording


@given(seed=st.integers(0, 10**6), depth=st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_played_book_is_the_recorded_book(tmp_path_factory, seed, depth) -> None:
    folder = tmp_path_factory.mktemp("lobster")
    messages, books = write_recording(folder, seed, depth, rows=120)
    written = folder / "played.csv"
    result = replay(messages, levels=depth, orderbook=written, compare=books)
    assert result.compared is not None
    assert result.compared.first_difference == ""
    assert (result.compared.rows, result.compared.different) == (120, 0)
    assert written.read_text() == books.read_text()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_a_changed_row_is_found(tmp_path_factory, seed) -> None:
    folder = tmp_path_factory.mktemp("lobster")
    messages, books = write_recording(folder, seed, 3, rows=60)
    rows = books.read_text().splitlines()
    cells = rows[40].split(",")
    cells[1] = str(int(cells[1]) + 1)
    rows[40] = ",".join(cells)
    books.write_text("\n".join(rows) + "\n")
    compared = replay(messages, compare=books).compared
    assert compared is not None
    assert compared.different >= 1
    assert "line 41: column 2 (ask size of level 1)" in compared.first_difference


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_playing_without_the_first_book_never_fails_and_counts_what_is_unknown(seed) -> None:
    messages, _ = record(seed, depth=4, rows=100)
    playback = Playback(OrderBook())
    for message in read_messages(messages, "made up"):
        playback.apply(message, message.time_ns)
    counts = playback.counts
    assert counts.messages == 100
    assert counts.from_initial == counts.repeated_ids == 0
    assert counts.unknown_cancels + counts.unknown_executions > 0


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_book_rows_read_back(seed) -> None:
    _, books = record(seed, depth=3, rows=5)
    for row in books:
        assert format_book_row(parse_book_row(row, "made up", 1)) == row
