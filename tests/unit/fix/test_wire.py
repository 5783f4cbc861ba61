"""Fields, decimals and times as FIX writes them."""

import pytest

from fix import wire
from kernel.decimals import parse_decimal

NOW = 1_767_323_045_678_912_345  # 2026-01-02T03:04:05.678912345Z


@pytest.mark.parametrize(
    ("given", "canonical"),
    [("100.00", "100"), ("100", "100"), ("0.10", "0.1"), ("007", "7"), ("0", "0"), ("-0.0", "0"),
     (".5", "0.5"), ("5.", "5"), ("-1.50", "-1.5"), ("", "")],
)  # fmt: skip
def test_decimals_become_canonical(given, canonical) -> None:
    assert wire.canonical(given, "Price(44)") == canonical
    if canonical:
        parse_decimal(canonical)


@pytest.mark.parametrize(
    "given", ["ten", "1e5", "1,5", "--1", ".", "\u0661", "1" * 19, "0." + "1" * 10]
)
def test_what_is_no_decimal_of_ours_is_named(given) -> None:
    with pytest.raises(wire.BadFieldError, match=r"Price\(44\)"):
        wire.canonical(given, "Price(44)")


@pytest.mark.parametrize(
    ("text", "ns"),
    [("20260102-03:04:05", 1_767_323_045_000_000_000),
     ("20260102-03:04:05.678", 1_767_323_045_678_000_000),
     ("20260102-03:04:05.678912345", NOW), ("20261231-23:59:60", 1_798_761_599_000_000_000),
     ("yesterday", 0), ("", 0), ("20260102-03:04:05.x", 0)],
)  # fmt: skip
def test_times(text, ns) -> None:
    assert wire.utc_ns(text) == ns


def test_times_are_written_as_precisely_as_the_dialect_says() -> None:
    assert wire.utc_text(NOW, "seconds") == "20260102-03:04:05"
    assert wire.utc_text(NOW, "milliseconds") == "20260102-03:04:05.678"
    assert wire.utc_text(NOW, "microseconds") == "20260102-03:04:05.678912"
    assert wire.utc_text(NOW) == wire.utc_text(NOW, "microseconds")


def test_of_a_tag_that_comes_twice_each_reader_takes_what_it_says() -> None:
    text = "35=V\x0155=A\x01269=0\x0155=B\x01"
    assert wire.fields(text)["55"] == "A"
    assert wire.read_fields(text)["55"] == "B"
    assert wire.read_all(text, "55") == ["A", "B"]
    assert [value for tag, value in wire.pairs(text) if tag == "55"] == ["A", "B"]


def test_only_the_strict_reader_refuses_a_part_without_a_value() -> None:
    assert wire.fields("35=D\x01x\x01") == {"35": "D"}
    with pytest.raises(ValueError, match="dictionary update"):
        wire.read_fields("35=D\x01x\x01")
