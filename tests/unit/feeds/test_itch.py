"""Files of ITCH 5.0: messages have their lengths, levels are sums of orders, faults are named."""

import gzip

import pytest

from feeds.itch.books import Books, Trade
from feeds.itch.messages import LENGTHS, ItchError, parse, read_messages
from tests.support.itch import OPEN_NS, STOCKS, RandomDay, directory, file_of, message

# Nasdaq TotalView-ITCH 5.0, lengths of whole messages.
SPECIFIED = {
    "S": 12, "R": 39, "H": 25, "A": 36, "F": 40, "E": 31, "C": 36, "X": 23, "D": 19, "U": 35,
    "P": 44, "Q": 40, "B": 19,
}  # fmt: skip
ADDED = message("A", OPEN_NS, "QcI8sI", 1, "B", 100, "AAPL", 1_500_000)


def read(tmp_path, *messages, name="day.itch"):
    file = tmp_path / name
    data = file_of(list(messages))
    file.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    return list(read_messages(file))


def test_messages_have_the_lengths_of_the_specification():
    assert {kind.decode(): length for kind, length in LENGTHS.items()} == SPECIFIED


@pytest.mark.parametrize("name", ["day.itch", "day.itch.gz"])
def test_a_file_is_read_packed_or_not(tmp_path, name):
    first, second = read(tmp_path, directory("AAPL"), ADDED, name=name)
    assert (first.kind, first.fields[0]) == (b"R", b"AAPL    ")
    assert (second.at_ns, second.fields) == (OPEN_NS, (1, b"B", 100, b"AAPL    ", 1_500_000))


def test_types_that_say_nothing_of_prices_are_passed_over(tmp_path):
    short_sale = message("Y", 0, "8sc", "AAPL", "0")
    of_a_later_revision = message("z", 0, "I", 7)
    assert [one.number for one in read(tmp_path, short_sale, of_a_later_revision, ADDED)] == [3]


FAULTS = {
    "cut": (file_of([ADDED])[:-3], r"message 1 at byte 0 is cut: 36 bytes announced, 33 there"),
    "cut in a length": (file_of([ADDED]) + b"\0", r"message 2 at byte 38 is cut"),
    "wrong length": (file_of([ADDED + b"\0"]), r"has 37 bytes; type 'A' has 36"),
    "no ITCH": (file_of([b"8=FIX.4.4\0019=5"]), r"is no message of ITCH 5\.0: it begins with 38"),
    "out of order": (
        file_of([ADDED, message("D", OPEN_NS - 1, "Q", 1)]),
        r"message 2 at byte 38 is out of order",
    ),
    "no time of a day": (file_of([message("D", 86_400 * 10**9, "Q", 1)]), r"beyond a day"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_the_message_its_place_and_what_is_wrong(tmp_path, fault):
    data, text = FAULTS[fault]
    file = tmp_path / "day.itch"
    file.write_bytes(data)
    with pytest.raises(ItchError, match=text):
        list(read_messages(file))


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(file_of([ADDED]))[:-9], gzip.compress(file_of([ADDED]))[:10] + b"\xff" * 20],
    ids=["cut", "damaged"],
)
def test_a_packed_file_that_is_cut_or_damaged_is_a_fault_of_the_file(tmp_path, packed):
    file = tmp_path / "day.itch.gz"
    file.write_bytes(packed)
    with pytest.raises(ItchError, match=r"day\.itch\.gz cannot be unpacked further"):
        list(read_messages(file))


UNKNOWN = {
    "executed": message("E", OPEN_NS, "QIQ", 9, 1, 1),
    "reduced": message("X", OPEN_NS, "QI", 9, 1),
    "deleted": message("D", OPEN_NS, "Q", 9),
    "replaced": message("U", OPEN_NS, "QQII", 9, 10, 1, 1),
}


@pytest.mark.parametrize("way", UNKNOWN)
def test_an_order_that_is_not_in_the_book_is_named(tmp_path, way):
    (found,) = read(tmp_path, UNKNOWN[way])
    with pytest.raises(ItchError, match=r"message 1 of type .*: order 9 is not in the book"):
        Books().apply(found)


def test_more_shares_than_an_order_has_are_refused(tmp_path):
    books = Books()
    added, executed = read(tmp_path, ADDED, message("E", OPEN_NS, "QIQ", 1, 101, 1))
    books.apply(added)
    with pytest.raises(ItchError, match="order 1 has 100 shares, not 101"):
        books.apply(executed)


@pytest.mark.parametrize("seed", range(5))
def test_the_levels_are_the_sum_of_the_orders_after_every_message(seed):
    day, books, traded = RandomDay(seed), Books(), dict.fromkeys(STOCKS, 0)
    for _ in range(400):
        for change in books.apply(parse(day.step(), 1, "")):
            if isinstance(change, Trade):
                traded[change.stock] += change.shares
        for stock in STOCKS:
            for side in "BS":
                levels = books.of(stock).levels(stock, side.encode())
                rows = [(one.price, one.shares, one.orders) for one in levels]
                assert rows == day.levels(stock, side)
    assert traded == {stock: day.traded[stock] for stock in STOCKS}


def test_a_broken_trade_is_withdrawn_with_its_price_and_size(tmp_path):
    books = Books()
    crossed = message("Q", OPEN_NS, "Q8sIQc", 500, "AAPL", 1_501_234, 77, "O")
    broken = message("B", OPEN_NS, "Q", 77)
    changes = [books.apply(one) for one in read(tmp_path, crossed, broken, broken)]
    trade = Trade("AAPL", 77, 1_501_234, 500, b"")
    assert changes == [[trade], [trade._replace(withdrawn=True)], []]
