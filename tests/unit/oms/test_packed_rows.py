"""Rows as one text and one sequence of bytes."""

import pytest

from svc_oms.adapters.postgres.columns import PackedRows
from svc_oms.service.ports import StoreRefusedError

ROWS = PackedRows(2, ("payload", "result"))


def test_each_row_says_where_its_bodies_are():
    packed, bodies = ROWS.pack(
        [("a\x1f1", b"xyz", b"r"), ("b\x1f2", b"", None), ("c\x1f3", b"q", b"")]
    )
    assert bodies == b"xyzrq"
    assert [row.split("\x1f") for row in packed.split("\x1e")] == [
        ["a", "1", "1", "3", "4", "1"],
        ["b", "2", "5", "0", "", "0"],
        ["c", "3", "5", "1", "6", "0"],
    ]


def test_no_rows_are_empty():
    assert ROWS.pack([]) == ["", b""]


def test_rows_without_bodies_are_one_parameter():
    assert PackedRows(2).pack([("a\x1fb",)]) == ["a\x1fb"]


@pytest.mark.parametrize("text", ["a\x1eb\x1f1", "a\x1fb\x1f1", "a"])
def test_a_text_that_contains_a_separator_is_refused(text):
    with pytest.raises(StoreRefusedError, match="control character"):
        ROWS.pack([("a\x1f1", b"x", b"y"), (text, b"x", b"y")])
