"""Decimals, ids, timestamps, the manual clock."""

from decimal import Decimal

import pytest

from mesh.clock import ManualClock
from mesh.decimals import format_decimal, parse_decimal
from mesh.ids import new_ulid, valid_ulid
from mesh.timestamps import from_timestamp, to_timestamp


@pytest.mark.parametrize(
    "text",
    ["0", "1", "150.25", "0.5", "-0.5", "-100", "999999999999999999.999999999", "0.000000001"],
)
def test_canonical_decimals_come_back_as_they_were(text):
    assert format_decimal(parse_decimal(text)) == text


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "no digit before"),
        (".5", "no digit before"),
        ("5.", "no digit behind"),
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
def test_other_texts_are_refused_and_told_why(text, cause):
    with pytest.raises(ValueError, match=cause):
        parse_decimal(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("1.500"), "1.5"),
        (Decimal("-0"), "0"),
        (Decimal("-0.000"), "0"),
        (Decimal("1E-9"), "0.000000001"),
        (Decimal(100), "100"),
    ],
)
def test_decimals_are_written_canonically(value, text):
    assert format_decimal(value) == text


@pytest.mark.parametrize("value", ["1E-10", "1E18", "NaN", "Infinity"])
def test_decimals_that_have_no_canonical_form_are_refused(value):
    with pytest.raises(ValueError, match=r"finite|digits"):
        format_decimal(Decimal(value))


def test_ulids_sort_by_time_and_never_go_backwards():
    start = 4_000_000_000 * 10**9
    made = [new_ulid(start + step) for step in (0, 0, 10**6, 5 * 10**6, 0, 2 * 10**6, 9 * 10**6)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(valid_ulid(one) for one in made)
    # The first ten characters are the milliseconds.
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    milliseconds = 0
    for character in made[-1][:10]:
        milliseconds = milliseconds * 32 + alphabet.index(character)
    assert milliseconds == start // 10**6 + 9


@pytest.mark.parametrize("text", ["", "0" * 25, "0" * 27, "8" + "0" * 25, "0" * 25 + "I", "a" * 26])
def test_texts_that_are_no_ulid(text):
    assert not valid_ulid(text)


def test_ulid_of_an_impossible_time_is_refused():
    with pytest.raises(ValueError, match="ULID"):
        new_ulid(-1)


@pytest.mark.parametrize("ns", [0, 1, 1_700_000_000_123_456_789, -1, 253_402_300_799_999_999_999])
def test_timestamps_keep_every_nanosecond(ns):
    timestamp = to_timestamp(ns)
    assert 0 <= timestamp.nanos < 10**9
    assert from_timestamp(timestamp) == ns


def test_manual_clock_rings_in_order_and_only_what_is_due():
    clock = ManualClock(now_ns=10**18)
    rung = []
    clock.call_later(2, lambda: rung.append(("two", clock.monotonic())))
    clock.call_later(1, lambda: rung.append(("one", clock.monotonic())))
    clock.call_later(1.5, lambda: rung.append(("never", 0.0))).cancel()
    clock.call_later(9, lambda: rung.append(("late", 0.0)))
    clock.advance(3)
    assert rung == [("one", 1.0), ("two", 2.0)]
    assert clock.now_ns() == 10**18 + 3 * 10**9
