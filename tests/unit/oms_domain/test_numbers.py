"""Exactness, bounds and rounding."""

from decimal import Decimal, Inexact

import pytest

from kernel.decimals import plain
from svc_oms.domain import numbers

D = Decimal


def test_arithmetic_is_exact_where_the_default_context_would_round():
    largest = D("999999999999999999.999999999")
    square = numbers.multiply(largest, largest)
    assert square.scaleb(18, numbers.EXACT) == (10**27 - 1) ** 2
    assert numbers.subtract(numbers.add(square, D("1e-18")), square) == D("1e-18")


def test_a_rounding_would_raise():
    with pytest.raises(Inexact):
        numbers.add(D(10) ** 100, D(10) ** -100)


@pytest.mark.parametrize(
    ("notional", "cum", "expected"),
    [
        ("0", "0", "0"),
        ("100", "3", "33.333333333"),
        ("200", "3", "66.666666667"),
        ("150.25", "1", "150.25"),
        ("1", "1000000000", "0.000000001"),
        ("1", "2000000000", "0"),  # a half, to even
        ("3", "2000000000", "0.000000002"),  # a half, to even
        ("0.000000001000000000000000000000000001", "2", "0.000000001"),  # just above a half
    ],
)
def test_average_price_rounds_half_even_to_nine_places(notional, cum, expected):
    average = numbers.average_price(D(notional), D(cum))
    assert average == D(expected)
    assert plain(average) == expected


@pytest.mark.parametrize("text", ["0", "-1", "999999999999999999.999999999", "0.000000001", "1.50"])
def test_within_bounds(text):
    assert numbers.price(text) == D(text)
    assert numbers.quantity(text) == D(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NaN", "not a finite number"),
        ("Infinity", "not a finite number"),
        ("1000000000000000000", "more than 18 digits"),
        ("-1000000000000000000", "more than 18 digits"),
        ("0.0000000001", "more than 9 decimal places"),
    ],
)
def test_out_of_bounds(text, why):
    with pytest.raises(ValueError, match=why):
        numbers.price(text)
    with pytest.raises(ValueError, match=why):
        numbers.quantity(text)


@pytest.mark.parametrize(
    ("number", "text"), [("1E+3", "1000"), ("1.50", "1.5"), ("100", "100"), ("2.00", "2")]
)
def test_plain(number, text):
    assert plain(D(number)) == text
