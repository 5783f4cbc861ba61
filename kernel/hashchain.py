"""Hash chains over append-only logs.

hash(n) = SHA-256(hash(n - 1) ‖ payload(n)), hash(0) = 32 zero bytes. The payload is the entry
exactly as stored; of the order log it is the serialised OrderEvent. If an entry is changed, lost,
added or swapped, its hash and every later one are wrong. Whoever may write the whole log can
compute all later hashes anew: a head that was kept elsewhere shows that.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
GENESIS = bytes(HASH_BYTES)
"""The hash that the first entry of a chain follows."""


class Head(NamedTuple):
    """The newest entry of one chain at some time."""

    log: str
    """The log that the chain is in."""
    key: str
    """Which chain of the log it is."""
    version: int
    """Number of the entry in the chain."""
    hash: bytes


class ChainBreak(NamedTuple):
    """The first entry whose stored hash is wrong."""

    position: int
    """Index of the entry, from 0."""
    expected: bytes
    found: bytes


def event_hash(previous: bytes, payload: bytes) -> bytes:
    """Return the hash of an entry, given that of the one before it."""
    assert len(previous) == HASH_BYTES
    return sha256(previous + payload).digest()


def verify_chain(
    links: Iterable[tuple[bytes, bytes]], previous: bytes = GENESIS
) -> ChainBreak | None:
    """Return the first break in (payload, stored hash) pairs, None if the chain holds."""
    for position, (payload, stored) in enumerate(links):
        expected = event_hash(previous, payload)
        if stored != expected:
            return ChainBreak(position, expected, stored)
        previous = stored
    return None


class ChainCheck:
    """Checks the chains of a log, entry by entry: those of one chain together, in their order."""

    def __init__(self) -> None:
        self.entries = 0
        self._key = ""
        self._version = 0
        self._hash = GENESIS

    def add(self, key: str, version: int, payload: bytes, stored: bytes) -> Iterator[str]:
        """Yield what is wrong with an entry."""
        if not self.entries or key != self._key:
            self._key, self._version, self._hash = key, 0, GENESIS
        self.entries += 1
        if version != self._version + 1:
            yield f"entry {version} is where {self._version + 1} should be"
        if stored != event_hash(self._hash, payload):
            yield f"the hash of entry {version} is wrong"
        self._version, self._hash = version, stored


def differences(
    heads: Iterable[Head], found: Mapping[tuple[str, str, int], bytes]
) -> Iterator[tuple[Head, str]]:
    """Yield the heads that a log has lost, or has otherwise, each with what is wrong.

    Args:
        heads: What was known of the log.
        found: The hashes of the log's entries by log, key and version, as far as it has them.
    """
    for head in heads:
        stored = found.get(head[:3])
        if stored is None:
            yield head, f"entry {head.version} is gone"
        elif stored != head.hash:
            yield head, f"entry {head.version} or one before it was rewritten"
