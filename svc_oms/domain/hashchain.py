"""The hash chain over an account's log.

hash(n) = SHA-256(hash(n - 1) ‖ payload(n)), hash(0) = 32 zero bytes. The payload is the
serialised OrderEvent exactly as stored. If an event is changed, lost, added or swapped, its
hash and every later one are wrong.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
GENESIS = bytes(HASH_BYTES)
"""The hash that the first event of an account follows."""


class ChainBreak(NamedTuple):
    """The first entry whose stored hash is wrong."""

    position: int
    """Index of the event, from 0."""
    expected: bytes
    found: bytes


def event_hash(previous: bytes, payload: bytes) -> bytes:
    """Return the hash of an event, given that of the one before it."""
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
