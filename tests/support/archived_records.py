"""Records as svc_archive reads them, and a reader that gives them without Kafka."""

from collections.abc import Iterator, Mapping

from event_archive.chains import Chain, chain_of, hash_of
from event_archive.columns import Record
from event_archive.manifest import Positions
from event_archive.values import read_value
from kernel.hashchain import GENESIS
from tests.support.archive import FIRST_US, SCHEMA, order_event

DAY_US = 86_400_000_000


class Log:
    """Chained records of accounts, in the partitions of one topic."""

    def __init__(self, topic: str = "orders", partitions: int = 3) -> None:
        self.topic = topic
        self.partitions: dict[int, list[Record]] = {one: [] for one in range(partitions)}
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._newest = GENESIS
        self.count = 0

    def write(self, account: str, day: int = 0, size: int = 0) -> Record:
        """Add the next event of an account."""
        self.count += 1
        sequence, head = self._heads.get(account, (0, GENESIS))
        at_us = FIRST_US + day * DAY_US + self.count
        value = order_event(account, sequence + 1, at_us, size)
        chain = chain_of(self.topic)
        self._newest = hash_of(chain, self._newest if chain is Chain.OF_THE_TOPIC else head, value)
        self._heads[account] = sequence + 1, self._newest
        partition = int(account[-1]) % len(self.partitions)
        records = self.partitions[partition]
        # Every third offset is one that a transaction took for itself.
        offset = records[-1].offset + 1 + (len(records) % 2) if records else 0
        record = Record(
            self.topic, partition, offset, account, sequence + 1, self.count, SCHEMA, 1,
            self._heads[account][1], at_us, value, read_value(SCHEMA, value)[1],
        )  # fmt: skip
        records.append(record)
        return record

    @property
    def records(self) -> list[Record]:
        """All of them, by partition and offset."""
        return [record for some in self.partitions.values() for record in some]


class PlainReader:
    """Gives records from positions on, a few at a look."""

    def __init__(self, log: Log, cluster_id: str = "cluster", at_once: int = 7) -> None:
        self.log, self._cluster_id, self._at_once = log, cluster_id, at_once
        self._left: list[Record] = []

    def open(self) -> str:
        return self._cluster_id

    def assign(self, positions: Positions) -> None:
        of = positions.get(self.log.topic, {})
        left = [one for one in self.log.records if one.offset >= of.get(one.partition, 0)]
        self._left = sorted(left, key=lambda one: (one.offset, one.partition))

    def records(self) -> Iterator[Record]:
        given, self._left = self._left[: self._at_once], self._left[self._at_once :]
        yield from given

    def waiting(self) -> Mapping[str, int]:
        return {self.log.topic: len(self._left)}

    def changed(self) -> bool:
        return False

    def close(self) -> None:
        self._left = []
