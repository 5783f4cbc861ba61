"""What a file changes in what is known: new records, or faults."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from svc_marketdata.domain.reference.bitemporal import Dated, History
from svc_marketdata.domain.reference.csv_file import Fault, Row, faults_of
from svc_marketdata.domain.reference.records import Record, RecordKind

Key = tuple[RecordKind, str]


class NewRecord(NamedTuple):
    """A record to be stored; no record withdraws the day."""

    kind: RecordKind
    key: str
    valid_from: dt.date
    record: Record | None


class Changes(NamedTuple):
    """What a file does, or what is wrong with it."""

    records: list[NewRecord]
    unchanged: int
    faults: list[Fault]


def changes_of(
    rows: Sequence[Row], known: Mapping[Key, Sequence[Dated[Record]]], change: int
) -> Changes:
    """Compare rows with what is known; what is known already makes no record.

    Args:
        rows: Of one file; a key at most once for each day.
        known: The records of every key that the rows name.
        change: Number of the change that is about to be made: the highest so far, plus one.
    """
    records: list[NewRecord] = []
    faults: list[Fault] = []
    unchanged = 0
    histories = {key: History(dated) for key, dated in known.items()}
    # A row builds on what earlier days have, those of the file included.
    for row in sorted(rows, key=lambda row: row.valid_from):
        history = histories.setdefault((row.kind, row.key), History())
        before = history.at(row.valid_from)
        after = row.onto(before)
        wrong = list(faults_of(row, after))
        faults += wrong
        if wrong or after == before:
            unchanged += not wrong
            continue
        history.add(Dated(row.valid_from, change, after))
        records.append(NewRecord(row.kind, row.key, row.valid_from, after))
    return Changes(records, unchanged, sorted(faults))
