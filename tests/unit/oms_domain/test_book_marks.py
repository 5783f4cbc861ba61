"""A book is older than a mark if an entry of the mark is missing in it."""

import pytest

from svc_oms.domain.recovery.book_marks import FoundMark, LogMark, why_older

MARK = LogMark("order_events", 120, b"mine")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(FoundMark("order_events", b"mine", 1, 120), "", id="it is the newest entry"),
        pytest.param(FoundMark("order_events", b"mine", 1, 500), "", id="the book has gone on"),
        pytest.param(
            FoundMark("order_events", None, 1, 100),
            "the book ends at order_events 100, the mark has 120",
            id="the book ends before it",
        ),
        pytest.param(
            FoundMark("order_events", None, 0, 0),
            "the book ends at order_events 0, the mark has 120",
            id="the book is empty",
        ),
        pytest.param(
            FoundMark("order_events", b"other", 1, 150),
            "entry 120 of order_events is another one than the mark's",
            id="a restored book has gone on beyond it",
        ),
        pytest.param(
            FoundMark("order_events", None, 1, 150),
            "the book ends at order_events 150, the mark has 120",
            id="a restored book skipped its number",
        ),
        pytest.param(
            FoundMark("order_events", None, 121, 150), "", id="entries of its time were deleted"
        ),
    ],
)
def test_a_mark_is_compared_with_what_the_book_has(found: FoundMark, expected: str) -> None:
    assert why_older([MARK], [found]) == expected


def test_every_log_of_a_mark_counts() -> None:
    lost = LogMark("audit_log", 9, b"x")
    found = [
        FoundMark("order_events", b"mine", 1, 120),
        FoundMark("audit_log", None, 1, 8),
    ]
    assert "audit_log 8" in why_older([MARK, lost], found)


def test_an_empty_mark_and_a_log_that_the_book_does_not_have_show_nothing() -> None:
    assert why_older([], []) == ""
    assert why_older([LogMark("some_later_log", 3, b"x")], []) == ""
