"""Readers of an archive: in the order of the log, between two times, and as a copy of the logs."""

import pytest

from event_archive.columns import Record
from event_archive.reading import read_entries
from event_archive.retention import remove
from event_archive.source import ArchiveSource
from event_archive.values import ORDER_EVENT, STATE, TRADE, About, read_value
from eventlog.copies.entries import CopiedEntry, SourceError
from tests.support.archive import FIRST_US, order_event
from tests.support.archived_records import DAY_US, Log
from tests.support.archiving import made_archive


@pytest.fixture
def log():
    log = Log()
    for day in range(3):
        for number in range(8):
            log.write(f"ACC-{number % 4}", day=day)
    return log


@pytest.fixture
def store(tmp_path, log):
    return made_archive(tmp_path / "a", log)


def test_entries_come_in_the_order_of_the_log(store):
    assert [one.log_number for one in read_entries(store, "orders")] == [*range(1, 25)]
    assert list(read_entries(store, "audit")) == []
    (first, *_) = read_entries(store, "orders")
    assert first.about == About("accepted", "ACC-0", None, "SIMA", "ASML.SIMA")


@pytest.mark.parametrize(
    ("begin", "end", "numbers"),
    [
        (None, FIRST_US + DAY_US, range(1, 9)),
        (FIRST_US + DAY_US, None, range(9, 25)),
        (FIRST_US + 3, FIRST_US + 5, range(3, 5)),
        (FIRST_US + 9 * DAY_US, None, range(0)),
    ],
)
def test_entries_of_a_time_range(store, begin, end, numbers):
    found = [one.log_number for one in read_entries(store, "orders", begin, end)]
    assert found == [*numbers]


async def test_it_is_a_copy_of_the_logs(store, log, tmp_path):
    source = ArchiveSource(str(tmp_path / "a"))
    assert source.name == f"archive {tmp_path / 'a'}"
    found = [one async for page in source.pages("orders") for one in page]
    for partition, records in log.partitions.items():
        mine = [one for one in found if one.partition == partition]
        assert [(one.offset, one.value, one.hash) for one in mine] == [
            (one.offset, one.value, one.hash) for one in records
        ]
    assert await source.removed("orders") == frozenset()
    list(remove(store, FIRST_US // DAY_US * DAY_US + DAY_US, "olga", lambda: 0))
    assert await ArchiveSource(str(tmp_path / "a")).removed("orders") == {0, 1, 2}
    await source.close()


def test_a_folder_that_is_no_archive_is_no_source(tmp_path):
    with pytest.raises(SourceError, match="it is no archive"):
        ArchiveSource(str(tmp_path / "none"))


def test_a_file_that_is_missing_ends_a_reading_with_its_name(store, tmp_path):
    path = next((tmp_path / "a").glob("orders/*/*"))
    path.unlink()
    with pytest.raises(Exception, match=f"{path.name} is missing"):
        list(read_entries(store, "orders"))


@pytest.mark.parametrize(
    ("schema", "value", "at_us"),
    [
        (ORDER_EVENT, order_event("A", 1, FIRST_US), FIRST_US),
        (ORDER_EVENT, b"\xff\xff", None),
        (ORDER_EVENT, b"", None),
        (STATE, b'["people", "a\\"b", 3, 1790000000000000, {"x": 1}]', 1_790_000_000_000_000),
        (STATE, b"{}", None),
        (
            "json:ordermesh.oms.ControlRecord",
            b'[7, "limit", "l-1", 2, "n", "s", 1790000000000000, null, "00"]',
            1_790_000_000_000_000,
        ),
        (
            "json:ordermesh.identity.AuditEntry",
            b'[7, 9, "01J", 1790000000000000999, "LOGIN", "u", "u", "n", "a", "s", "", 1]',
            1_790_000_000_000_000,
        ),
        ("json:ordermesh.oms.RoutingDecision", b"[2,[],[]]", None),
        ("of.the.Future", b"x", None),
    ],
)
def test_when_an_entry_was_recorded_by_its_own_account(schema, value, at_us):
    assert read_value(schema, value)[0] == at_us


def test_a_record_has_the_fields_of_an_entry_first():
    assert Record._fields == (*CopiedEntry._fields, "about")


def test_a_trade_says_its_listing_and_when_it_was_received():
    value = (
        b'{"instrument_id" : "ASML.SIMA", "trade" : "T1", "withdrawn" : true, '
        b'"amended_ns" : 1790000000000001999}'
    )
    about = About("withdrawn", None, None, "SIMA", "ASML.SIMA")
    assert read_value(TRADE, value) == (1_790_000_000_000_001, about)
    for broken in (b"{}", b"[]", b"{", b'{"instrument_id": 1, "amended_ns": 2}'):
        assert read_value(TRADE, broken) == (None, About())
