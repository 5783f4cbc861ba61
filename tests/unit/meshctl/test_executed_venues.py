"""The fold of executions to the top venues of each class, as tables of input and output."""

from decimal import Decimal

import pytest

from kernel.decimals import plain
from meshctl.commands.orders.executed_venues import (
    OTHER,
    Executed,
    class_of,
    tables,
)
from ordermesh.marketdata.v1 import instrument_pb2 as pb

# Executions as "MIC order quantity@price", then "+" if they added liquidity, "-" if they removed
# it, and "d" if the order is directed. Lines as "MIC value orders", then the percentages: of
# value, of orders, passive, aggressive, directed.
CASES = {
    "nothing": ("", []),
    "one order": ("A 1 100@10 -d", ["A 1000 1 100.00 100.00 0.00 100.00 100.00"]),
    "parts of an order at a venue are one order": (
        "A 1 100@10 -;A 1 50@10.5 -",
        ["A 1525 1 100.00 100.00 0.00 100.00 0.00"],
    ),
    "a routed order counts once at each of its venues": (
        "A 1 100@10 -;B 1 300@10 -;A 1 100@10 -",
        ["B 3000 1 60.00 100.00 0.00 100.00 0.00", "A 2000 1 40.00 100.00 0.00 100.00 0.00"],
    ),
    "passive and aggressive go by value": (
        "A 1 100@10 +;A 1 99@10 -;A 2 1@10 +;A 2 1@10 -",
        ["A 2010 2 100.00 100.00 50.00 50.00 0.00"],
    ),
    "neither without LastLiquidityInd(851), or by an auction": (
        "A 1 1@10;A 2 1@10 a",
        ["A 20 2 100.00 100.00 0.00 0.00 0.00"],
    ),
    "thirds are rounded half even to two places": (
        "A 1 1@1 d;A 2 1@1;A 3 1@1;B 4 6@1",
        ["B 6 1 66.67 25.00 0.00 0.00 0.00", "A 3 3 33.33 75.00 0.00 0.00 33.33"],
    ),
    "ties go by MIC, and five venues are shown of a whole of six": (
        ";".join(f"{mic} {mic} 1@5" for mic in "FEDCBA"),
        [f"{mic} 5 1 16.67 16.67 0.00 0.00 0.00" for mic in "ABCDE"],
    ),
    "long numbers stay exact": (
        f"A 1 {'9' * 18}.{'9' * 18}@{'9' * 18}.{'9' * 60};B 2 0.{'0' * 17}1@0.{'0' * 59}1",
        None,
    ),
    "a negative price counts by its amount": (
        "A 1 10@-5;B 2 10@15",
        ["B 150 1 75.00 50.00 0.00 0.00 0.00", "A 50 1 25.00 50.00 0.00 0.00 0.00"],
    ),
    "a price of nothing has no share": ("A 1 1@0", ["A 0 1 0.00 100.00 0.00 0.00 0.00"]),
}
LIQUIDITY = {"+": 1, "-": 2, "a": 4}


def executed(text, class_name="C", currency="EUR"):
    for each in filter(None, text.split(";")):
        mic, order, traded, *marks = each.split(" ")
        quantity, price = map(Decimal, traded.split("@"))
        mark = "".join(marks)
        yield Executed(
            class_name, currency, mic, order, quantity, price,
            LIQUIDITY.get(mark[:1], 0), "d" in mark,
        )  # fmt: skip


def lines(table):
    return [" ".join((one[0], plain(one[1]), *map(str, one[2:]))) for one in table.venues]


@pytest.mark.parametrize(("given", "wanted"), CASES.values(), ids=CASES)
def test_the_fold(given, wanted) -> None:
    found = tables(executed(given))
    if wanted is None:
        big, small = (line.value for line in found[0].venues)
        nines = 10**36 - 1, 10**78 - 1
        assert big.as_tuple().digits == tuple(map(int, str(nines[0] * nines[1])))
        assert small == Decimal("1e-78")
        assert found[0].value.as_tuple().digits[-1] == 2
    else:
        assert [line for table in found for line in lines(table)] == wanted


def test_the_whole_of_a_class_counts_venues_that_are_not_shown() -> None:
    (found,) = tables(
        executed(CASES["ties go by MIC, and five venues are shown of a whole of six"][0])
    )
    assert (found.value, found.orders) == (30, 6)


def test_a_routed_order_counts_once_in_the_total_of_its_class() -> None:
    (found,) = tables(executed("A 1 1@1;B 1 1@1;B 2 1@1"))
    assert found.orders == 2
    assert [(one.orders, str(one.orders_percent)) for one in found.venues] == [
        (2, "100.00"), (1, "50.00"),
    ]  # fmt: skip


def test_classes_and_currencies_are_never_added() -> None:
    given = [
        *executed("A 1 1@1", "Z"),
        *executed("A 1 2@1", "C", "USD"),
        *executed("A 1 3@1"),
    ]
    found = [(one.class_name, one.currency, one.value) for one in tables(given)]
    assert found == [("C", "EUR", 3), ("C", "USD", 2), ("Z", "EUR", 1)]


@pytest.mark.parametrize(
    ("cfi_code", "kind", "letter"),
    [
        ("ESVUFR", 0, "(a)"),
        ("EDSXFR", 0, "(a)"),
        ("DBFTFB", 0, "(b) Debt instruments: bonds"),
        ("DYFTXB", 0, "(b) Debt instruments: money"),
        ("CEOGES", 0, "(k)"),
        ("CIOGES", 0, "(m)"),
        ("RWSTCE", 0, "(h)"),
        ("FFSPSX", 0, "(g)"),
        ("FFNCSX", 0, "(c)"),
        ("FFCCSX", 0, "(e)"),
        ("FCAPSX", 0, "(i)"),
        ("FFICSX", 0, "Not known"),
        ("", pb.INSTRUMENT_KIND_SHARE, "(a)"),
        ("", pb.INSTRUMENT_KIND_ETF, "(k)"),
        ("", pb.INSTRUMENT_KIND_BOND, "(b)"),
        ("", pb.INSTRUMENT_KIND_FUND, "(m)"),
        ("", pb.INSTRUMENT_KIND_CRYPTO, "(m)"),
        ("", pb.INSTRUMENT_KIND_FUTURE, "Not known"),
        ("", 0, OTHER),
    ],
)
def test_the_class_goes_by_the_cfi_code_and_else_by_the_kind(cfi_code, kind, letter) -> None:
    assert class_of(pb.Instrument(cfi_code=cfi_code, kind=kind)).startswith(letter)
