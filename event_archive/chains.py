"""How the entries of each topic are chained: what `ordermesh archive verify` computes again."""

from enum import Enum
from hashlib import sha256
from typing import Final

from kernel.hashchain import event_hash


class Chain(Enum):
    """What the hash of an entry covers."""

    OF_THE_KEY = "key"
    """The hash of the key's entry before it, and the value."""
    OF_THE_TOPIC = "topic"
    """The hash of the topic's entry before it, and the value. The topic has one partition."""
    NONE = "none"
    """The value alone."""


_OTHERS: Final = {
    "controls": Chain.OF_THE_TOPIC,
    "decisions": Chain.NONE,
    "trades": Chain.NONE,
}
WHOLE_TOPIC: Final = "all"
"""Key of the one chain of a topic, as the checkpoints name it; its entries are counted from 1."""
CHECKPOINTED: Final = {
    "order_events": "orders",
    "audit_log": "audit",
    "control_records": "controls",
    "state_log": "states",
}
"""The topic of each log, by the name that a checkpoint gives to the log."""


def chain_of(topic: str) -> Chain:
    """Return how the entries of a topic are chained."""
    return _OTHERS.get(topic, Chain.OF_THE_KEY)


def hash_of(chain: Chain, before: bytes, value: bytes) -> bytes:
    """Return the hash that an entry must have, given that of the one before it in its chain."""
    return sha256(value).digest() if chain is Chain.NONE else event_hash(before, value)
