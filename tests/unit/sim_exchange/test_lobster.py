from pathlib import Path

import pytest

from sim_exchange.domain.book import OrderBook
from sim_exchange.domain.lobster import (
    BookRow,
    Event,
    Message,
    RecordingError,
    parse_book_row,
    parse_message,
    read_messages,
)
from sim_exchange.domain.order import Side
from sim_exchange.domain.playback import Playback
from sim_exchange.replay import main

DATA = Path(__file__).parents[2] / "data" / "lobster"
MESSAGES = DATA / "SIMX_2026-01-02_34200000_57600000_message_5.csv"
BOOKS = DATA / "SIMX_2026-01-02_34200000_57600000_orderbook_5.csv"


def test_a_row_is_read_exactly() -> None:
    message = parse_message("34200.017459617,1,16113575,18,5853300,-1\n", "f.csv", 1)
    assert message == Message(34_200_017_459_617, Event.NEW, 16113575, 18, 5_853_300, Side.SELL)


def test_more_digits_than_nanoseconds_are_cut() -> None:
    assert parse_message("34200.0174596171234,3,1,1,1,1", "f", 1).time_ns == 34_200_017_459_617


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("x,1,1,1,1,1", r"f.csv, line 7, column 1 \(time\): 'x' is not seconds"),
        ("1.x,1,1,1,1,1", r"column 1 \(time\)"),
        ("1.0,9,1,1,1,1", r"column 2 \(type\): 9 is not from 1 to 7"),
        ("1.0,one,1,1,1,1", r"column 2 \(type\): 'one' is not a whole number"),
        ("1.0,1,1.5,1,1,1", r"column 3 \(order id\)"),
        ("1.0,1,1,0,1,1", r"column 4 \(size\): 0 is not greater"),
        ("1.0,1,1,1,-5,1", r"column 5 \(price\): -5 is not greater"),
        ("1.0,7,0,0,5,-1", r"column 5 \(price\): 5 of a halt"),
        ("1.0,1,1,1,1,2", r"column 6 \(direction\): 2 is not 1"),
        ("1.0,1,1,1,1", r"column 6 \(direction\): missing"),
        ("1.0,1,1,1,1,1,1", r"column 7 \(extra\)"),
        ("1.0,1," + "9" * 30 + ",1,1,1", r"column 3"),
    ],
)
def test_bad_rows_name_file_line_and_column(row: str, problem: str) -> None:
    with pytest.raises(RecordingError, match=problem):
        parse_message(row, "f.csv", 7)


def test_empty_lines_are_left_out() -> None:
    assert len(list(read_messages(["\n", "1.0,1,1,1,1,1\n", "  \n"], "f"))) == 1


def test_endless_row_is_refused() -> None:
    with pytest.raises(RecordingError, match="65536 characters"):
        list(read_messages(["1" * 70_000], "f"))


def test_bad_book_rows() -> None:
    with pytest.raises(RecordingError, match="four for each level"):
        parse_book_row("1,2,3", "f", 1)
    with pytest.raises(RecordingError, match=r"column 2 \(size\)"):
        parse_book_row("1,x,3,4", "f", 1)
    assert parse_book_row("9999999999,0,-9999999999,0", "f", 1) == BookRow((), (), 1)


def play(*rows: str) -> Playback:
    playback = Playback(OrderBook())
    for message in read_messages(rows, "f"):
        playback.apply(message, message.time_ns)
    return playback


def test_halts_rest_orders_and_resumption_trades_them() -> None:
    playback = play(
        "1.0,1,1,5,1000000,-1",
        "2.0,7,0,0,-1,-1",
        "3.0,1,2,5,1000000,1",
        "4.0,7,0,0,0,-1",
        "5.0,7,0,0,1,-1",
    )
    assert playback.counts.halts == 3
    assert len(playback.book) == 0


def test_repeated_ids_short_and_cross_rows_are_counted() -> None:
    playback = play(
        "1.0,1,1,5,1000000,-1",
        "1.0,1,1,5,1000000,-1",
        "2.0,4,1,9,1000000,-1",
        "3.0,6,0,0,0,-1",
        "3.0,5,0,7,1000050,-1",
        "4.0,4,77,1,1000000,1",
    )
    counts = playback.counts
    assert (counts.repeated_ids, counts.short, counts.hidden) == (1, 1, 2)
    assert counts.unknown_executions == 1


def test_command_compares_the_sample(capsys, tmp_path) -> None:
    out = tmp_path / "book.csv"
    arguments = [str(MESSAGES), "--compare", str(BOOKS), "--levels", "5", "--orderbook", str(out)]
    assert main(arguments) == 0
    assert out.read_text() == BOOKS.read_text()
    assert "different  0" in capsys.readouterr().out


def test_command_seeds_without_comparing(capsys) -> None:
    assert main([str(MESSAGES), "--initial-book", str(BOOKS)]) == 0
    assert "rows" not in capsys.readouterr().out


def test_command_names_the_first_difference(capsys, tmp_path) -> None:
    changed = tmp_path / "books.csv"
    rows = BOOKS.read_text().splitlines()
    for number in (9, 11):
        cells = rows[number].split(",")
        rows[number] = ",".join([*cells[:3], str(int(cells[3]) + 1), *cells[4:]])
    changed.write_text("\n".join(rows) + "\n")
    assert main([str(MESSAGES), "--compare", str(changed)]) == 1
    assert "line 10: column 4 (bid size of level 1)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "problem"), [(499, "ends before message 500"), (501, "more rows"), (0, "has no rows")]
)
def test_files_of_different_length_are_reported(capsys, tmp_path, rows, problem) -> None:
    changed = tmp_path / "books.csv"
    lines = BOOKS.read_text().splitlines()
    changed.write_text("".join(f"{line}\n" for line in [*lines, lines[-1]][:rows]))
    assert main([str(MESSAGES), "--compare", str(changed)]) == 2
    assert problem in capsys.readouterr().err


def test_missing_file_is_reported(capsys) -> None:
    assert main(["no-such-file.csv"]) == 2
    assert "no-such-file.csv: No such file" in capsys.readouterr().err
