import pytest

from kernel.ticks import TickBand
from sim_exchange.domain.prices import (
    NumberTextError,
    TickTable,
    format_average,
    format_price,
    parse_price,
    parse_quantity,
    rts11_table,
)


@pytest.mark.parametrize(
    ("text", "units"),
    [("150.25", 1_502_500), ("7", 70_000), ("0.0001", 1), ("1.50000", 15_000), (".5", 5_000)],
)
def test_price_text_is_read_exactly(text: str, units: int) -> None:
    assert parse_price(text) == units


@pytest.mark.parametrize(
    "text",
    ["", ".", "-1", "1e3", "1,5", "0", "0.00", "1.00001", "٣", "nan", "1" * 30, "9" * 10, "1.2.3"],
)
def test_bad_price_text_is_refused_and_named(text: str) -> None:
    with pytest.raises(NumberTextError, match="price"):
        parse_price(text)


@pytest.mark.parametrize("units", [1, 10, 5_000, 70_000, 1_502_500, 10**12])
def test_written_price_reads_back(units: int) -> None:
    assert parse_price(format_price(units)) == units


def test_written_price_is_canonical() -> None:
    assert [format_price(units) for units in (70_000, 1_502_500, 5)] == ["7", "150.25", "0.0005"]


def test_quantity_text() -> None:
    assert parse_quantity("100") == 100
    assert parse_quantity("100.00") == 100
    for text in ("0", "-1", "1.5", "", "x", "1" * 40):
        with pytest.raises(NumberTextError, match="quantity"):
            parse_quantity(text)


def test_average_is_rounded_to_eight_places() -> None:
    assert format_average(0, 0) == "0"
    assert format_average(100 * 1_000_000 + 50 * 1_000_300, 150) == "100.01"
    assert format_average(2 * 10_000 + 1 * 20_000, 3) == "1.33333333"
    assert format_average(1 * 10_000 + 2 * 20_000, 3) == "1.66666667"


# Rows of the Annex to Delegated Regulation (EU) 2017/588: price, tick in each of the six columns.
@pytest.mark.parametrize(
    ("price", "ticks"),
    [
        ("0.05", ["0.0005", "0.0002", "0.0001", "0.0001", "0.0001", "0.0001"]),
        ("0.2", ["0.002", "0.001", "0.0005", "0.0002", "0.0001", "0.0001"]),
        ("0.9999", ["0.005", "0.002", "0.001", "0.0005", "0.0002", "0.0001"]),
        ("1", ["0.01", "0.005", "0.002", "0.001", "0.0005", "0.0002"]),
        ("15", ["0.1", "0.05", "0.02", "0.01", "0.005", "0.002"]),
        ("100", ["1", "0.5", "0.2", "0.1", "0.05", "0.02"]),
        ("700", ["5", "2", "1", "0.5", "0.2", "0.1"]),
        ("60000", ["500", "200", "100", "50", "20", "10"]),
    ],
)
def test_tick_sizes_are_those_of_the_regulation(price: str, ticks: list[str]) -> None:
    units = parse_price(price)
    assert [format_price(rts11_table(band).tick_at(units)) for band in range(1, 7)] == ticks


def test_liquidity_band_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 6"):
        rts11_table(7)


def test_steps_cross_bands_both_ways() -> None:
    table = TickTable((TickBand(0, 2), TickBand(100, 5)))
    assert table.steps(98, 2) == 105
    assert table.steps(105, -2) == 98
    assert table.steps(2, -5) == 2
    assert table.round_down(104) == 100
    assert table.round_down(1) == 2
    assert table.is_on_tick(98)
    assert not table.is_on_tick(99)


@pytest.mark.parametrize("liquidity_band", range(1, 7))
def test_a_coarser_table_has_prices_of_the_regulation_only(liquidity_band: int) -> None:
    table = rts11_table(liquidity_band)
    coarse = table.coarser(2)
    price = 98
    for _ in range(2_000):
        price = coarse.steps(coarse.round_up(price), 1)
        assert coarse.is_on_tick(price)
        assert table.is_on_tick(price)
    assert coarse.tick_at(price) == 2 * table.tick_at(price)


def test_table_must_begin_at_zero_and_rise() -> None:
    for bands in ((), (TickBand(5, 1),), (TickBand(0, 1), TickBand(0, 2))):
        with pytest.raises(ValueError, match="rise"):
            TickTable(bands)
