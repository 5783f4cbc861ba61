"""What is old enough to go, what a legal hold keeps, and how whole files are removed.

A removed file leaves the ends of its key chains, and an entry in the manifest: the chains before
and after it can still be compared.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import chain, islice
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from event_archive.chains import Chain, chain_of
from event_archive.manifest import (
    ENDS,
    HOLD,
    RELEASE,
    REMOVED,
    ArchivedFile,
    ArchiveError,
    Contents,
    Hold,
    Present,
    RemovedFile,
    append,
    contents,
    hold_body,
    newer_entries,
    present,
    release_body,
    removed_body,
)
from event_archive.reading import first_line, measure, read_file
from event_archive.stores.port import ExistsError, MissingError, Store
from event_archive.verification.ends import ends_of, write_ends
from kernel.nanoseconds import NS_PER_US

YEARS_MIN: Final = 5
"""What MiFID II asks for at least: RTS 6 and Article 16(7)."""
YEARS: Final = 7
"""What it asks for where the authority wants it."""
DAYS_A_YEAR: Final = 365.25
US_PER_DAY: Final = 86_400_000_000
FILES_AT_ONCE: Final = 100
ORDERS: Final = "orders"
"""The topic whose key is the account."""


class Planned(NamedTuple):
    """A file that is old enough to go."""

    file: ArchivedFile
    hold: Hold | None
    """What keeps it."""


def oldest_kept_us(now_us: int, years: int) -> int:
    """Return the time before which entries are old enough to go.

    Args:
        now_us: Microseconds since 1970.
        years: At least YEARS_MIN.
    """
    assert years >= YEARS_MIN
    days = -int(-years * DAYS_A_YEAR // 1)
    return now_us - days * US_PER_DAY


def plan(store: Store, before_us: int) -> Iterator[Planned]:
    """Yield the files whose newest entry is older than a time.

    Raises:
        ArchiveError: The manifest is not as it should be, or a file that a hold may cover cannot
            be read.
    """
    known = present(store)
    for file in known.files.values():
        if file.last_us < before_us:
            yield Planned(file, _hold_of(store, file, known.holds.values()))


def _hold_of(store: Store, file: ArchivedFile, holds: Iterable[Hold]) -> Hold | None:
    """Return the first hold that covers a file.

    A hold of an account covers the files of orders that have an event of it, and every file of the
    other topics: their keys do not say whose entries they are.
    """
    for hold in holds:
        if not hold.account or file.topic != ORDERS or _has_key(store, file, hold.account):
            return hold
    return None


def _has_key(store: Store, file: ArchivedFile, account: str) -> bool:
    try:
        with store.open(file.name) as source:
            reader = pq.ParquetFile(source)
            return any(
                pc.any(pc.equal(batch.column("key"), account)).as_py()
                for batch in reader.iter_batches(columns=["key"])
            )
    except MissingError:
        raise ArchiveError(f"{file.name} is missing") from None
    except (pa.ArrowException, OSError) as error:
        raise ArchiveError(f"{file.name} cannot be read: {first_line(error)}") from error


def remove(
    store: Store, before_us: int, by: str, clock_ns: Callable[[], int]
) -> Iterator[ArchivedFile]:
    """Remove what is old enough and not held; yield each file that is gone.

    Ends of chains first, then the entry, then the files: a run that is killed anywhere is finished
    by the next one.

    Raises:
        ArchiveError: A file is not as it was written: it stays, and nothing after it goes.
    """
    known = present(store)
    for name in known.removed:
        store.remove(name)  # of an earlier run that was killed
    old: Iterator[ArchivedFile] = iter(
        [one for one in known.files.values() if one.last_us < before_us]
    )
    while files := _not_held(store, known, old):
        removed = [_leave_ends(store, known, file) for file in files]
        body = removed_body(removed, before_us, by)
        if not _append_unless_changed(store, known, REMOVED, clock_ns(), body):
            # Meanwhile somebody set a hold, and what it covers stays; or removed files.
            old = chain(files, old)
            continue
        for file in files:
            store.remove(file.name)
            yield file


def _not_held(store: Store, known: Present, old: Iterator[ArchivedFile]) -> list[ArchivedFile]:
    """Take the next files that are there and no hold covers, FILES_AT_ONCE at most."""
    there = (one for one in old if one.name in known.files)
    free = (one for one in there if _hold_of(store, one, known.holds.values()) is None)
    return list(islice(free, FILES_AT_ONCE))


def _leave_ends(store: Store, known: Present, file: ArchivedFile) -> RemovedFile:
    try:
        measured = measure(store, file.name)
    except MissingError:
        raise ArchiveError(f"{file.name} is missing") from None
    if measured != (file.bytes, file.sha256):
        raise ArchiveError(f"{file.name} was changed: run `ordermesh archive verify`")
    before = _counted_before(known, file) if chain_of(file.topic) is Chain.OF_THE_TOPIC else 0
    content = write_ends(ends_of(file.topic, read_file(store, file), before))
    name = f"{ENDS}/{file.name.rpartition('/')[2].removesuffix('.parquet')}.{file.topic}.json.gz"
    try:
        store.create(name, content)
    except ExistsError:
        if store.read(name) != content:
            raise ArchiveError(f"{name} is there already, with other content") from None
    return RemovedFile(file.name, name, sha256(content).hexdigest())


def _counted_before(known: Present, file: ArchivedFile) -> int:
    """Return the entries of a topic of one partition before a file."""
    return sum(
        one.rows
        for files in (known.removed, known.files)
        for one in files.values()
        if one.topic == file.topic and one.first_offset < file.first_offset
    )


def hold(  # what it says, and when
    store: Store, account: str, reason: str, by: str, now_ns: int, *, not_archived_yet: bool = False
) -> Hold:
    """Hold an account, or everything; see `manifest.Hold`.

    Raises:
        ArchiveError: There is no event of the account, and `not_archived_yet` does not say that
            this is meant.
    """
    known = present(store)
    if account and not not_archived_yet:
        files = [one for one in known.files.values() if one.topic == ORDERS]
        if not any(_has_key(store, file, account) for file in reversed(files)):
            raise ArchiveError(
                f"--account is {account!r}, and the archive has no event of it: a hold would keep "
                "nothing of its orders. Give --not-archived-yet if its events are to come"
            )
    number = _append(store, known, HOLD, now_ns, hold_body(account, reason, by))
    return Hold(number, account, reason, by, now_ns // NS_PER_US)


def release(store: Store, number: int, reason: str, by: str, now_ns: int) -> Hold:
    """End a hold. Raises ArchiveError."""
    known = contents(store)
    held = known.holds.get(number)
    if held is None:
        numbers = ", ".join(map(str, known.holds)) or "none"
        raise ArchiveError(f"hold {number} is not in force; in force: {numbers}")
    _append(store, known, RELEASE, now_ns, release_body(number, reason, by))
    return held


def _append(store: Store, known: Contents, kind: str, now_ns: int, body: dict[str, object]) -> int:
    if known.identity is None:
        raise ArchiveError(f"{store.place} is no archive")
    while True:
        try:
            return append(store, known.tail, kind, now_ns // NS_PER_US, body).number
        except ExistsError:
            for entry in newer_entries(store, known.tail):
                known.add(entry)


def _append_unless_changed(
    store: Store, known: Contents, kind: str, now_ns: int, body: dict[str, object]
) -> bool:
    """Add an entry, unless somebody set a hold or removed files meanwhile; return whether."""
    while True:
        try:
            append(store, known.tail, kind, now_ns // NS_PER_US, body)
        except ExistsError:
            newer = list(newer_entries(store, known.tail))
            for entry in newer:
                known.add(entry)
            if any(entry.kind in {HOLD, REMOVED} for entry in newer):
                return False
        else:
            for entry in newer_entries(store, known.tail):
                known.add(entry)
            return True
