"""The ends of the chains in a file: what stays of a file that retention removes."""

import gzip
import json
from collections.abc import Iterable, Iterator
from typing import Final

from event_archive.chains import WHOLE_TOPIC, Chain, chain_of
from event_archive.columns import Record

Ends = dict[str, tuple[int, int, bytes]]
"""First sequence, last sequence and hash of the last entry, by key."""
WHOLE_ENDS: Final = f"/{WHOLE_TOPIC}"
"""In the place of a key: the one chain of a topic, whose entries are counted."""


def ends_of(topic: str, entries: Iterable[Record], counted_before: int) -> Ends:
    """Return the ends of the chains in a file.

    Args:
        topic: Of the file.
        entries: All of the file.
        counted_before: Entries of the topic before this file, where the topic has one chain.
    """
    ends: Ends = {}
    count = counted_before
    for entry in entries:
        if entry.sequence is None or entry.hash is None:
            continue
        first, last, _ = ends.get(entry.key, (entry.sequence, entry.sequence, b""))
        ends[entry.key] = min(first, entry.sequence), max(last, entry.sequence), entry.hash
        if chain_of(topic) is Chain.OF_THE_TOPIC:
            count += 1
            ends[WHOLE_ENDS] = counted_before + 1, count, entry.hash
    return ends


def write_ends(ends: Ends) -> bytes:
    """Write them as compressed JSON, a line for each key; the same ends give the same bytes."""
    lines = (
        json.dumps([key, first, last, value.hex()]) + "\n"
        for key, (first, last, value) in sorted(ends.items())
    )
    return gzip.compress("".join(lines).encode(), mtime=0)


def read_ends(content: bytes) -> Ends:
    """Read what `write_ends` wrote. Raises ValueError."""
    return dict(_lines(content))


def _lines(content: bytes) -> Iterator[tuple[str, tuple[int, int, bytes]]]:
    try:
        text = gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise ValueError(f"is not compressed JSON: {error}") from None
    for line in text.splitlines():
        key, first, last, value = json.loads(line)
        yield key, (first, last, bytes.fromhex(value))
