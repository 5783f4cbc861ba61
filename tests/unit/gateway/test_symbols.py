import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.names.symbol_names import NAME_CHARACTERS_MAX, NAME_PATTERN
from svc_gateway.adapters.fix.orders.orders_in import OrderReader
from svc_gateway.adapters.fix.orders.orders_out import OrderWriter
from svc_gateway.adapters.fix.orders.requests_sent import SentReader
from svc_gateway.domain.market.symbols import SymbolNames
from svc_gateway.venues import DialectConfig
from tests.support.gateway_bench import command

NOW = 1_767_323_045_678_912_345


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("ASML", "ASML"),
        ("A-B", "A-B"),
        ("A_B", "A_B"),
        ("BRK.B", "BRK_2EB"),
        ("BF/B", "BF_2FB"),
        ("VOLV B", "VOLV_20B"),
        ("BACpL", "BAC_70L"),
        ("Ä", "_C3_84"),
        # An underscore that would look like an escape.
        ("A_2E", "A_5F2E"),
        ("A_FF", "A_5FFF"),
        ("A_.", "A__2E"),
        ("__2E", "__5F2E"),
    ],
)
def test_each_symbol_has_a_name_from_which_it_is_read(symbol, name):
    names = SymbolNames()
    assert names.name_of(symbol) == name
    assert names.symbol_of(name) == symbol


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=9))
def test_no_two_symbols_share_a_name(symbol):
    names = SymbolNames(".X")
    try:
        name = names.name_of(f"{symbol}.X")
    except ValueError as error:
        assert str(NAME_CHARACTERS_MAX) in str(error)
        return
    assert re.fullmatch(NAME_PATTERN, name)
    assert names.symbol_of(name) == f"{symbol}.X"


@given(st.text("A2EF5_.", min_size=1, max_size=8))
def test_underscores_and_escapes_are_told_apart(symbol):
    names = SymbolNames()
    assert names.symbol_of(names.name_of(symbol)) == symbol


def test_the_venues_file_gives_names():
    names = SymbolNames(".N", {"BRK.B": "BRK-B"})
    assert names.name_of("BRK.B.N") == "BRK-B"
    assert names.symbol_of("BRK-B") == "BRK.B.N"
    with pytest.raises(ValueError, match=r"which dialect\.symbols gives to 'BRK\.B'"):
        names.name_of("BRK-B.N")


def test_a_symbol_whose_name_would_be_too_long_is_named_with_the_remedy():
    with pytest.raises(ValueError, match=r"1 to 27 are taken: name it in dialect\.symbols"):
        SymbolNames().name_of("a lower-case symbol")


def test_a_name_that_no_symbol_has_is_left_as_it_is():
    assert SymbolNames().symbol_of("A_FF") == "A_FF"


@pytest.mark.parametrize(
    ("dialect", "symbol", "name"),
    [
        (DialectConfig(), "VOLV B", "VOLV_20B"),
        (DialectConfig(symbol_suffix=".ST", symbols={"VOLV B": "VOLVB"}), "VOLV B.ST", "VOLVB"),
    ],
)
def test_orders_and_reports_of_orders_write_symbols_as_the_venue_does(dialect, symbol, name):
    body, _ = OrderWriter(dialect).write(command(1, symbol=name), NOW)
    assert f"\x0155={symbol}\x01" in body
    assert SentReader(dialect).read(1, body).command.symbol == name
    raw = f"8=FIX.4.4\x0135=8\x0111=A\x0117=E\x01150=0\x0139=0\x0155={symbol}\x01"
    report = OrderReader(lambda _: "", dialect).read(raw, 1, NOW, 1).execution_report
    assert report.repeats.symbol == name


def test_a_report_whose_symbol_has_no_name_keeps_it():
    raw = f"8=FIX.4.4\x0135=8\x0111=A\x0117=E\x01150=0\x0139=0\x0155={'x' * 30}\x01"
    report = OrderReader(lambda _: "", DialectConfig()).read(raw, 1, NOW, 1).execution_report
    assert report.repeats.symbol == "x" * 30
