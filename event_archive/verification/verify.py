"""Verifies an archive: yields each thing that is not as it was written, in words.

Nothing here depends on the service or on Kafka. Memory does not depend on the size of the archive.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from event_archive.chains import CHECKPOINTED, WHOLE_TOPIC
from event_archive.manifest import (
    CHECKPOINTS,
    ENDS,
    FOLDER,
    ArchivedFile,
    ArchiveError,
    RemovedFile,
    checkpoint_name,
)
from event_archive.reading import measure, read_file
from event_archive.stores.port import LOCK_NAME, PARTIAL, MissingError, Store
from event_archive.values import US_MAX
from event_archive.verification.ends import read_ends
from event_archive.verification.heads import Memory, Wanted
from event_archive.verification.manifest_check import ManifestCheck
from event_archive.verification.rows import EntryCheck
from kernel.hashchain import Head
from mesh.checkpoints import CheckpointError, read_checkpoint

SCHEMA: Final = "oms"
ON_ITS_WAY_US: Final = 3_600_000_000
"""An entry that a checkpoint names may be archived so long after the checkpoint was taken."""
Progress = Callable[[int, int], None]
"""Called with the bytes that were checked, and all that there are."""


class Asked(NamedTuple):
    """What to compare an archive with."""

    key: Path | None = None
    """The public key of the checkpoints; without it those in the archive are not used."""
    against: tuple[Path, ...] = ()
    """Checkpoints that were kept elsewhere."""
    begins_later: bool = False
    """See `EntryCheck`."""
    now_us: int = US_MAX
    """The time, in microseconds since 1970: no entry of the manifest is of a later one."""


class Verification:
    """One verification of an archive."""

    def __init__(self, store: Store, asked: Asked, progress: Progress) -> None:
        """Take what to verify; nothing is read yet."""
        self._store = store
        self._asked = asked
        self._progress = progress
        self._taken_us: dict[str, int] = {}
        """When each checkpoint was taken, by its words."""
        self.files = self.entries = self.removed = 0
        self.not_archived_yet = 0
        """Entries that a checkpoint names and that may still come."""
        self.notes: list[str] = []
        """What is worth knowing and is no fault."""

    def findings(self) -> Iterator[str]:
        """Yield what is wrong.

        Raises:
            CheckpointError: The key or a checkpoint that was given cannot be used.
            StoreError: The store cannot be read.
        """
        with Memory() as memory:
            manifest = ManifestCheck(self._store, memory, self._asked.now_us)
            yield from manifest.check()
            for checkpoint in manifest.checkpoints:
                yield from self._own_checkpoint(memory, *checkpoint)
            for path in self._asked.against:
                self._other_checkpoint(memory, path)
            check = EntryCheck(memory, begins_later=self._asked.begins_later)
            done = 0
            for file, removed in memory.files():
                if removed is None:
                    yield from self._file(check, file)
                else:
                    yield from self._removed(check, file, removed)
                done += file.bytes
                self._progress(done, manifest.bytes)
            self.entries = check.entries
            if check.began_later:
                text = f"{check.began_later} keys begin with a later entry than their first"
                self.notes.append(text)
            if check.passed:
                text = f"{check.passed} entries that checkpoints name were removed by retention"
                self.notes.append(text)
            yield from self._unseen(memory, manifest.last_files_us)
            yield from self._extra(memory, manifest)

    def _own_checkpoint(self, memory: Memory, name: str, digest: str, at_us: int) -> Iterator[str]:
        try:
            content = self._store.read(checkpoint_name(name))
        except MissingError:
            yield f"checkpoint {name} is missing"
            return
        if sha256(content).hexdigest() != digest:
            yield f"checkpoint {name} was changed"
            return
        if self._asked.key is None:
            return
        with TemporaryDirectory() as folder:
            path = Path(folder) / Path(name).name
            path.write_bytes(content)
            try:
                _, heads = read_checkpoint(path, self._asked.key, SCHEMA)
            except CheckpointError as error:
                yield f"checkpoint {name}: {str(error).rpartition(': ')[2]}"
                return
        self._want(memory, f"checkpoint {name}", at_us, heads)

    def _other_checkpoint(self, memory: Memory, path: Path) -> None:
        if self._asked.key is None:
            raise CheckpointError("--against needs --key, the public key of the checkpoints")
        about, heads = read_checkpoint(path, self._asked.key, SCHEMA)
        at_us = int(datetime.fromisoformat(about.taken_at).timestamp()) * 1_000_000
        self._want(memory, f"checkpoint {path.name}", at_us, heads)

    def _want(self, memory: Memory, source: str, at_us: int, heads: Iterable[Head]) -> None:
        self._taken_us[source] = at_us
        memory.want(_wanted(heads, source))

    def _file(self, check: EntryCheck, file: ArchivedFile) -> Iterator[str]:
        self.files += 1
        try:
            measured = measure(self._store, file.name)
        except MissingError:
            yield f"{file.name} is missing: {file.rows} entries"
            return
        if measured != (file.bytes, file.sha256):
            yield f"{file.name} was changed: its SHA-256 is not that of the manifest"
        try:
            yield from check.check(file, read_file(self._store, file))
        except ArchiveError as error:
            offsets = f"offsets {file.first_offset} to {file.last_offset}"
            yield f"{error} ({file.topic}, partition {file.partition}, {offsets})"

    def _removed(
        self, check: EntryCheck, file: ArchivedFile, removed: RemovedFile
    ) -> Iterator[str]:
        self.removed += 1
        try:
            content = self._store.read(removed.heads)
            if sha256(content).hexdigest() != removed.heads_sha256:
                yield f"{removed.heads} was changed"
                return
            yield from check.pass_over(file, read_ends(content))
        except MissingError:
            yield f"{removed.heads} is missing, which has the ends of the chains of {file.name}"
        except ValueError as error:
            yield f"{removed.heads} {error}"

    def _unseen(self, memory: Memory, last_us: int) -> Iterator[str]:
        """Yield what checkpoints name and the archive does not have."""
        for one in memory.unseen():
            if self._taken_us[one.source] > last_us - ON_ITS_WAY_US:
                self.not_archived_yet += 1
            else:
                yield f"{one.topic} {one.key}: sequence {one.sequence} is missing ({one.source})"

    def _extra(self, memory: Memory, manifest: ManifestCheck) -> Iterator[str]:
        """Yield the files that no entry of the manifest names."""
        unknown = "no entry of the manifest names it"
        for name in self._store.files(""):
            if name != LOCK_NAME:
                yield f"{name}: {unknown}"
        for topic in self._store.folders(""):
            if topic in {FOLDER, CHECKPOINTS, ENDS, PARTIAL, "lost+found"}:
                continue
            positions = manifest.contents.positions.get(topic, {})
            for day in self._store.folders(topic):
                for name in self._store.files(f"{topic}/{day}"):
                    if memory.has_file(name):
                        continue
                    if _may_be_written_now(name, positions):
                        self.notes.append(f"{name}: {unknown} yet; the archiver replaces it")
                    else:
                        yield f"{name}: {unknown}"


def _wanted(heads: Iterable[Head], source: str) -> Iterator[Wanted]:
    for head in heads:
        topic = CHECKPOINTED.get(head.log)
        if topic is not None:
            key = WHOLE_TOPIC if topic == "controls" else head.key
            yield Wanted(topic, key, head.version, head.hash, source)


def _may_be_written_now(name: str, positions: dict[int, int]) -> bool:
    """Return whether a file begins where the archive of its partition ends."""
    partition, _, rest = name.rpartition("/")[2].partition("-")
    offset = rest.partition("-")[0]
    if not (partition.isdigit() and offset.isdigit()):
        return False
    return int(offset) >= positions.get(int(partition), 0)
