"""Checks the entries of a file: their order, their values and their chains."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from event_archive.chains import WHOLE_TOPIC, Chain, chain_of, hash_of
from event_archive.columns import Record
from event_archive.manifest import ArchivedFile
from event_archive.values import read_value
from event_archive.verification.ends import WHOLE_ENDS, Ends
from event_archive.verification.heads import KeyHead, Memory, Wanted
from kernel.hashchain import GENESIS

ENTRIES_AT_ONCE: Final = 256
START: Final = KeyHead(0, GENESIS)


class EntryCheck:
    """Checks the entries of the archive, file by file in the order of the manifest."""

    def __init__(self, memory: Memory, *, begins_later: bool) -> None:
        """Begin before the first entry.

        Args:
            memory: Keeps what is known of the keys.
            begins_later: The order book had archived and removed its oldest entries before the
                log was copied: a key may begin with a later entry than its first.
        """
        self._memory = memory
        self._begins_later = begins_later
        self.entries = 0
        self.began_later = 0
        """Keys that begin with a later entry than their first."""
        self.passed = 0
        """Entries that a checkpoint names and that retention removed."""
        self._whole: dict[str, KeyHead] = {}
        """Of the topics that have one chain."""

    def check(self, file: ArchivedFile, entries: Iterator[Record]) -> Iterator[str]:
        """Yield what is wrong with the entries of a file."""
        last_offset, last_number, rows = file.first_offset - 1, 0, 0
        times = []
        while part := list(islice(entries, ENTRIES_AT_ONCE)):
            for entry in part:
                at = f"{place(entry)}:"
                if (entry.topic, entry.partition) != (file.topic, file.partition):
                    yield f"{at} is in a file of {file.topic}, partition {file.partition}"
                if entry.offset == last_offset:
                    yield f"{at} is there twice"
                elif entry.offset < last_offset:
                    yield f"{at} comes after offset {last_offset}: the order was changed"
                if entry.log_number is not None and entry.log_number <= last_number:
                    yield f"{at} has log number {entry.log_number}, should be above {last_number}"
                last_offset = max(last_offset, entry.offset)
                last_number = max(last_number, entry.log_number or 0)
                yield from (f"{at} {text}" for text in _value_faults(entry))
            times += [
                min(one.recorded_at_us for one in part),
                max(one.recorded_at_us for one in part),
            ]
            times = [min(times), max(times)]
            rows += len(part)
            yield from self._chains(file.topic, part)
        self.entries += rows
        if rows != file.rows:
            yield f"{file.name} has {rows} entries, and {file.rows} by the manifest"
        elif (last_offset, *times) != (file.last_offset, file.first_us, file.last_us):
            yield f"{file.name}: last offset or times are not those of the manifest"

    def _chains(self, topic: str, part: list[Record]) -> Iterator[str]:
        keys = {entry.key for entry in part}
        heads = self._memory.heads(topic, keys)
        wanted = self._memory.wanted(topic, keys | {WHOLE_TOPIC})
        seen: list[Wanted] = []
        for entry in part:
            if entry.sequence is None or entry.hash is None:
                yield f"{place(entry)}: is no entry of a log: a header is missing"
                continue
            head = heads.get(entry.key, START)
            if entry.sequence != head.sequence + 1:
                yield from self._jump(entry, head)
            link, before = self._link(entry, head)
            if before is not None and entry.hash != hash_of(chain_of(topic), before, entry.value):
                yield f"{place(entry)}: the value or its hash was changed"
            if entry.sequence > head.sequence:
                heads[entry.key] = KeyHead(entry.sequence, entry.hash)
            for one in wanted.get(link, ()):
                seen.append(one)
                if one.hash != entry.hash:
                    yield f"{place(entry)}: it or one before it was rewritten ({one.source})"
        self._memory.put_heads(topic, heads.items())
        self._memory.seen(seen)

    def _link(self, entry: Record, head: KeyHead) -> tuple[tuple[str, int], bytes | None]:
        """Return which entry of its chain an entry is, and the hash before it, if it is known."""
        assert entry.sequence is not None
        chain = chain_of(entry.topic)
        if chain is Chain.OF_THE_TOPIC:
            whole = self._whole.get(entry.topic, START)
            self._whole[entry.topic] = KeyHead(whole.sequence + 1, entry.hash or b"")
            return (WHOLE_TOPIC, whole.sequence + 1), whole.hash
        follows = entry.sequence == head.sequence + 1
        before = GENESIS if chain is Chain.NONE else head.hash if follows else None
        return (entry.key, entry.sequence), before

    def _jump(self, entry: Record, head: KeyHead) -> Iterator[str]:
        """Yield what a sequence says that does not follow the one before it."""
        assert entry.sequence is not None
        if entry.sequence <= head.sequence:
            yield (
                f"{place(entry)}: comes after sequence {head.sequence}: it is there twice, or the "
                "order was changed"
            )
        elif head is START and self._begins_later:
            self.began_later += 1
        else:
            missing = f"{head.sequence + 1} to {entry.sequence - 1}"
            yield f"{entry.topic} {entry.key}: sequences {missing} are missing"

    def pass_over(self, file: ArchivedFile, ends: Ends) -> Iterator[str]:
        """Go on after a file that was removed, given the ends of its chains."""
        topic = file.topic
        whole = ends.pop(WHOLE_ENDS, None)
        known = self._memory.heads(topic, ends)
        for key, (first, last, _) in ends.items():
            head = known.get(key, START)
            if first != head.sequence + 1 and not (head is START and self._begins_later):
                yield f"{topic} {key}: sequences {head.sequence + 1} to {first - 1} are missing"
            self._pass_wanted(topic, key, first, last)
        self._memory.put_heads(
            topic, ((key, KeyHead(last, value)) for key, (_, last, value) in ends.items())
        )
        if whole is not None:
            self._pass_wanted(topic, WHOLE_TOPIC, whole[0], whole[1])
            self._whole[topic] = KeyHead(whole[1], whole[2])

    def _pass_wanted(self, topic: str, key: str, first: int, last: int) -> None:
        """Note that entries which a checkpoint names were removed: they cannot be compared."""
        wanted = self._memory.wanted(topic, [key])
        passed = [
            one for (_, number), some in wanted.items() if first <= number <= last for one in some
        ]
        self.passed += len(passed)
        self._memory.seen(passed)


def place(entry: Record) -> str:
    """Say which entry it is."""
    return (
        f"{entry.topic} {entry.key} sequence {entry.sequence} "
        f"(partition {entry.partition}, offset {entry.offset})"
    )


def _value_faults(entry: Record) -> Iterator[str]:
    own_us, about = read_value(entry.schema, entry.value)
    if own_us is not None and own_us != entry.recorded_at_us:
        yield "recorded_at is not the time in its value"
    if about != entry.about:
        names = [
            name
            for name, mine, its in zip(about._fields, about, entry.about, strict=True)
            if mine != its
        ]
        yield f"{', '.join(names)} is not what its value says"
