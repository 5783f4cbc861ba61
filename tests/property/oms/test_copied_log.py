"""Whatever is done to one event of a copied log, that event is named, and no other."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from kernel.hashchain import GENESIS, event_hash
from svc_oms.domain.verification.copied_log import Copied, CopiedLog, StoredEvent

Log = list[Copied]


def chained(values: list[bytes]) -> Log:
    log: Log = []
    previous = GENESIS
    for sequence, value in enumerate(values, 1):
        previous = event_hash(previous, value)
        log.append(Copied(sequence, value, previous, f"offset {sequence}"))
    return log


def named(copy: Log, book: Log, **known: int) -> list[tuple[str, str]]:
    """Return key and field of what is found, in a copy of a book that was not archived."""
    archived = known.get("archived_to", 0)
    log = CopiedLog("ACC", len(book), archived, aged=bool(known.get("aged")))
    stored = {
        event.sequence: StoredEvent(event.hash, sha256(event.value).digest())
        for event in book
        if event.sequence >= archived
    }
    found = []
    for event in copy:
        needed = {one: stored[one] for one in log.needed([event.sequence]) if one in stored}
        found += log.add(event, needed)[1]
    if log.sequence < len(book):
        found.append(log.missing(log.sequence + 1, len(book)))
    return [(one.key, one.field) for one in found]


books = st.lists(st.binary(max_size=8), min_size=3, max_size=12).map(chained)
places = st.integers(0, 100)


@given(books, st.integers(0, 3))
def test_a_copy_that_is_the_log_has_no_difference(book, archived_to):
    assert named(book, book) == []
    assert named(book, book, archived_to=archived_to) == []


@given(books, places)
def test_a_hole_is_named(book, place):
    lost = book[place % len(book)]
    copy = [event for event in book if event is not lost]
    assert named(copy, book) == [(f"ACC/{lost.sequence}", "presence")]


@given(books, places, places)
def test_several_events_that_are_missing_are_one_difference(book, place, length):
    first = place % (len(book) - 1)
    end = min(first + 2 + length % 3, len(book))
    key = f"ACC/{book[first].sequence}-{book[end - 1].sequence}"
    assert named(book[:first] + book[end:], book) == [(key, "presence")]


@given(books, places, places)
def test_a_duplicate_is_named_wherever_it_is(book, place, later):
    twice = book[place % len(book)]
    at = twice.sequence + later % (len(book) - twice.sequence + 1)
    copy = [*book[:at], twice, *book[at:]]
    assert named(copy, book) == [(f"ACC/{twice.sequence}", "occurrences")]


@given(books, places, st.booleans())
def test_a_changed_event_is_named_also_with_a_hash_that_fits_it(book, place, with_hash):
    at = place % len(book)
    value = book[at].value + b"x"
    previous = book[at - 1].hash if at else GENESIS
    hash_now = event_hash(previous, value) if with_hash else book[at].hash
    copy = list(book)
    copy[at] = book[at]._replace(value=value, hash=hash_now)
    assert named(copy, book) == [(f"ACC/{at + 1}", "hash")]


@given(books, places)
def test_an_event_whose_bytes_were_changed_in_postgresql_only_is_named(book, place):
    at = place % len(book)
    changed = list(book)
    changed[at] = book[at]._replace(value=book[at].value + b"x")
    assert named(book, changed) == [(f"ACC/{at + 1}", "bytes")]


@given(books, st.integers(1, 2))
def test_events_that_postgresql_does_not_have_are_named(book, more):
    keys = [f"ACC/{event.sequence}" for event in book[-more:]]
    assert named(book, book[:-more]) == [(key, "presence") for key in keys]


@given(books, st.integers(1, 2))
def test_events_that_are_gone_because_of_their_age_are_no_difference(book, gone):
    assert named(book[gone:], book, aged=1) == []
    assert named(book[gone:], book) != []


@given(books, places)
def test_an_event_that_postgresql_has_archived_is_compared_with_its_chain(book, place):
    at = place % (len(book) - 1)
    copy = list(book)
    copy[at] = book[at]._replace(value=book[at].value + b"x")
    found = named(copy, book, archived_to=len(book) - 1)
    assert found[0] == (f"ACC/{at + 1}", "hash")
