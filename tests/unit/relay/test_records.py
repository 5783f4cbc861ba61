"""The records of entries: the log's own, and the newest event of each order."""

from deploy.processes import PROCESSES
from deploy.topics import NUMBERS
from eventlog.logs import Entry, Log
from eventlog.source import PAGE_BYTES_MAX
from ordermesh.oms.v1.event_pb2 import OrderEvent
from svc_relay.adapters.kafka.log_sink import MESSAGE_BYTES_MAX
from svc_relay.adapters.kafka.records import ORDER_STATES, SESSION_STATES, TOPICS_OF, records_of


def entry(number, **fields):
    return Entry(number, "ACC-A", number, OrderEvent(**fields).SerializeToString(), b"h")


def test_the_newest_event_of_each_order_is_written_beside_the_log():
    entries = [
        entry(1, order_id="A", idempotency_key="key-1"),
        entry(2, order_id="B"),
        entry(3),
        entry(4, order_id="A"),
    ]
    records = records_of(Log.ORDERS, entries)
    assert [one.topic for one in records] == [*["orders"] * 4, *[ORDER_STATES] * 2]
    assert [one.value for one in records[:4]] == [one.payload for one in entries]
    newest = {one.key: dict(one.headers)["log-number"] for one in records[4:]}
    assert newest == {b"A": b"4", b"B": b"2"}
    assert records[4].value == entries[3].payload
    # The key of the command, where a command caused the event.
    keys = [dict(one.headers).get("idempotency-key") for one in records]
    assert keys == [b"key-1", None, None, None, None, None]


def test_the_newest_state_of_each_fix_session_is_written_beside_the_log():
    entries = [
        Entry(1, "sessions/SIMA-1", 1, b"up", b"h"),
        Entry(2, "accounts/ACC-A", 1, b"open", b"h"),
        Entry(3, "sessions/SIMA-1", 2, b"down", b"h"),
    ]
    records = records_of(Log.STATES, entries)
    assert [one.topic for one in records] == [*["states"] * 3, SESSION_STATES]
    assert (records[3].key, records[3].value) == (b"SIMA-1", b"down")
    assert records[3].headers == records[2].headers


def test_other_logs_have_their_own_records_only():
    (record,) = records_of(Log.AUDIT, [Entry(4, "w", 3, b"anything", b"h3")])
    assert record.headers == [
        ("schema", b"ordermesh.oms.v1.AuditEntry"),
        ("schema-version", b"1"),
        ("sequence", b"3"),
        ("log-number", b"4"),
        ("hash", b"h3"),
    ]
    assert (record.topic, record.key, record.value) == ("audit", b"w", b"anything")
    assert TOPICS_OF[Log.AUDIT] == ("audit",)
    assert TOPICS_OF[Log.ORDERS] == ("orders", ORDER_STATES)


def test_an_entry_that_cannot_be_read_is_copied_as_it_is():
    (record,) = records_of(Log.ORDERS, [Entry(1, "ACC-A", 1, b"\xff\xff", b"h")])
    assert (record.topic, record.value) == ("orders", b"\xff\xff")


def test_the_largest_record_fits_into_the_memory_of_the_process():
    """Read from PostgreSQL, in a page, in the queue and compressed, beside the 80 MiB it has."""
    (memory,) = (one.memory for one in PROCESSES if one.module == "svc_relay")
    assert memory.endswith("Mi")
    assert int(memory[:-2]) << 20 > (80 << 20) + 4 * MESSAGE_BYTES_MAX + 2 * PAGE_BYTES_MAX
    assert NUMBERS["record_bytes_max"][1] == MESSAGE_BYTES_MAX
