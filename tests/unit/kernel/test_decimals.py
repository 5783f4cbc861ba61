"""One number, one text: at every place that reads or writes decimals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.decimals import canonical, format_nano, format_scaled, parse_decimal, parse_nano, plain
from sim_exchange.domain.prices import format_average, format_price, parse_price


@pytest.mark.parametrize(
    "text",
    ["0", "1", "150.25", "0.5", "-0.5", "-100", "999999999999999999.999999999", "0.000000001"],
)
def test_canonical_decimals_come_back_as_they_were(text):
    assert plain(parse_decimal(text)) == text


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "no digit before"),
        (".5", "no digit before"),
        ("5.", "no digit after"),
        ("150.250", "trailing zero"),
        ("1.0", "trailing zero"),
        ("007", "leading zero"),
        ("+100", "plus sign"),
        ("-0", "zero has no sign"),
        ("-0.0", "trailing zero"),
        ("1e2", "no exponent"),
        ("1E2", "no exponent"),
        ("NaN", "digits"),
        ("Infinity", "digits"),
        (" 1", "no spaces"),
        ("1\n", "no spaces"),
        ("1,5", "digits"),
        ("0x10", "digits"),
        ("1_000", "digits"),
        ("\u0661", "digits"),
        ("1234567890123456789", "18 digits"),
        ("0.0000000001", "9 digits"),
    ],
)
def test_other_texts_are_refused_with_the_reason(text, cause):
    with pytest.raises(ValueError, match=cause):
        parse_decimal(text)


# Each row is one number: its canonical text, other texts of it in FIX, and as a Decimal.
NUMBERS = [
    ("0", ["0.0", "00", ".0", "0.", "-0", "-0.00"], ["0", "0.00", "0E+3"]),
    ("1", ["1.0", "01", "1."], ["1", "1.000"]),
    ("100", ["100.00", "0100"], ["100", "1E+2", "1.00E+2"]),
    ("1000", ["1000.0"], ["1E+3"]),
    ("150.25", ["150.2500", "0150.25"], ["150.25", "150.250", "15025E-2"]),
    ("0.5", [".5", "0.50"], ["0.5", "5E-1"]),
    ("0.0005", [".0005"], ["0.0005", "5E-4"]),
    ("0.000000001", [".000000001"], ["1E-9"]),
    ("-0.5", ["-.5", "-0.50"], ["-0.50"]),
    ("-100", ["-100.", "-0100.00"], ["-1E+2"]),
    ("999999999999999999.999999999", [], ["999999999999999999.999999999"]),
]


@pytest.mark.parametrize(("text", "others", "values"), NUMBERS)
def test_a_number_has_the_same_text_everywhere(text, others, values):
    assert {plain(Decimal(value)) for value in values} == {text}
    assert {canonical(other) for other in [text, *others]} == {text}
    assert format_nano(parse_nano(text)) == text
    assert format_scaled(int(Decimal(text).scaleb(12)), 12) == text
    assert plain(parse_decimal(text)) == text
    for scaled in (Decimal(text).scaleb(4),):
        if 0 < scaled < 10**13 and scaled == int(scaled):
            assert format_price(int(scaled)) == text
            assert format_average(int(scaled) * 3, 3) == text
            assert {parse_price(other) for other in [text, *others]} == {int(scaled)}


def test_a_negative_zero_keeps_its_sign_in_plain_text():
    assert [plain(Decimal(text)) for text in ("-0", "-0.00")] == ["-0", "-0"]


@pytest.mark.parametrize(
    ("text", "why"),
    [("ten", "not a decimal"), ("1e5", "not a decimal"), ("--1", "not a decimal"),
     (".", "not a decimal"), ("", "not a decimal"), ("\u0661", "not a decimal"),
     ("1" * 19, "18 digits"), ("0." + "1" * 10, "9 after")],
)  # fmt: skip
def test_what_cannot_become_canonical_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        canonical(text)


@given(st.integers(min_value=-(10**27) + 1, max_value=10**27 - 1))
def test_numbers_survive_the_way_to_text_and_back(units):
    text = format_nano(units)
    assert parse_nano(text) == units
    assert Decimal(text) == Decimal(units).scaleb(-9)


@given(st.text(alphabet="0123456789.-+eE ", max_size=12))
def test_only_canonical_texts_are_numbers(text):
    try:
        units = parse_nano(text)
    except ValueError:
        return
    assert format_nano(units) == text
