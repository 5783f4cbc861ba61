"""Marks of the order book, and whether a book is older than one.

A mark names the newest committed entry of each log: its number and a digest of its content. It is
kept outside the database. A log is append-only, so a book in which an entry of a mark is missing
was restored to an earlier state, however far its numbers have come since: another entry with the
same number has another digest. Entries below the oldest one that a log has were deleted because
their time was over, and show nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple


class LogMark(NamedTuple):
    """The newest entry of one log at the time of the mark."""

    log: str
    log_number: int
    digest: bytes


class FoundMark(NamedTuple):
    """What the book has of a LogMark."""

    log: str
    digest: bytes | None
    """Of the entry with the mark's number; None if there is none."""
    first: int
    """Lowest number of the log; 0 if it is empty."""
    last: int
    """Highest number of the log; 0 if it is empty."""


def why_older(marks: Sequence[LogMark], found: Sequence[FoundMark]) -> str:
    """Return why a book is older than a mark, in words; empty if it is not.

    Args:
        marks: The logs of the mark.
        found: For each of these logs that the book knows, what it has of the mark.
    """
    by_log = {each.log: each for each in found}
    for mark in marks:
        have = by_log.get(mark.log)
        if have is None or have.digest == mark.digest:
            continue
        if have.digest is not None:
            return f"entry {mark.log_number} of {mark.log} is another one than the mark's"
        if not 0 < mark.log_number < have.first:
            return f"the book ends at {mark.log} {have.last}, the mark has {mark.log_number}"
    return ""


def number_of(cl_ord_id: str) -> int:
    """Return the number of a request in its ClOrdID(11) of ours."""
    return int(cl_ord_id.rpartition("-")[2])
