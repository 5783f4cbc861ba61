"""The archiver: reads the topics of the log, and adds files and their entries to the archive.

Start and recovery are one path: learn from the manifest how far each partition is archived, and
read on from there. A record counts as archived when an entry of the manifest names its file; what
was written and has no entry is written again. So Kafka's own notes of a position are not used.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from event_archive.columns import Record
from event_archive.manifest import (
    FILES,
    IDENTITY,
    ArchivedFile,
    ArchiveError,
    Contents,
    Identity,
    append,
    files_body,
    newer_entries,
    newest,
)
from event_archive.stores.port import (
    LOCK_NAME,
    PARTIAL,
    ExistsError,
    Store,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from event_archive.writing import PartitionWriter, leftovers
from kernel.clock import Clock
from kernel.nanoseconds import NS_PER_US
from svc_archive.domain.bounds import (
    FILES_OPEN_MAX,
    HELD_BYTES_MAX,
    HELD_ROWS_MAX,
    OPEN_BYTES_MAX,
    Bounds,
)
from svc_archive.domain.state import OF_THE_STORE, Condition, State
from svc_archive.service.checkpoints import Checkpoints
from svc_archive.service.ports import HinderedError, Reader
from svc_archive.service.progress import Progress

RETRY_S: Final = 1.0
"""Until everything is tried again."""
LOOK_INTERVAL_S: Final = 30.0
"""Between two looks for new topics and checkpoints."""
HEALING_AGE_S: Final = 1.0
"""After a fault of the store the first file is closed so early, to see whether the store works."""
_OF_STORES: Final = {
    StoreFullError: Condition.STORE_FULL,
    StoreReadOnlyError: Condition.STORE_READ_ONLY,
}
Place = tuple[str, int]
"""Topic and partition."""
Result = TypeVar("Result")


class Archiver:
    """Runs forever, in a thread of its own."""

    def __init__(
        self,
        store: Store,
        reader: Reader,
        checkpoints: Checkpoints,
        bounds: Bounds,
        prefix: str,
        progress: Progress,
        clock: Clock,
    ) -> None:
        """Take the parts; nothing connects yet."""
        self._store = store
        self._reader = reader
        self._checkpoints = checkpoints
        self._bounds = bounds
        self._prefix = prefix
        self._progress = progress
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive")
        self._contents = Contents()
        self._writers: dict[Place, PartitionWriter] = {}
        self._held_bytes = self._held_rows = 0
        self._oldest: float | None = None
        self._next_look = 0.0
        self._cleaned: set[Place] = set()
        self._healing = False
        """The store failed, and nothing was written to it since."""

    async def run(self) -> None:
        """Archive until cancelled."""
        while True:
            try:
                await self._in_thread(self._start)
                while await self._in_thread(self._step):
                    pass
            except HinderedError as error:
                self._progress.hindered(error.state)
                await self._in_thread(self._give_up)
                await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Close the open files in good order, if that can be done, and give everything up."""
        try:
            await self._in_thread(lambda: self._commit(list(self._writers)))
        except HinderedError as error:
            self._progress.be(error.state)
        await self._in_thread(self._give_up)
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        def meant() -> Result:
            try:
                return work()
            except StoreError as error:
                condition = _OF_STORES.get(type(error), Condition.STORE_AWAY)
                raise HinderedError(State(condition, str(error))) from error
            except OSError as error:
                raise HinderedError(State(Condition.STORE_AWAY, str(error))) from error
            except ArchiveError as error:
                raise HinderedError(State(Condition.ARCHIVE_DAMAGED, str(error))) from error

        # A step that began is finished: what it has in hand is in one state.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, meant))

    def _start(self) -> None:
        if not self._store.lock():
            text = f"another process writes to {self._store.place}"
            raise HinderedError(State(Condition.STANDBY, text))
        self._contents = newest(self._store)
        identity = Identity(self._reader.open(), self._prefix)
        if self._contents.identity is None:
            self._refuse_other_content()
            self._append(IDENTITY, identity._asdict())
            self._contents.identity = identity
        elif self._contents.identity != identity:
            text = (
                f"{self._store.place} is the archive of {self._contents.identity.words()}; this "
                f"mesh has {identity.words()}. Set ORDERMESH_ARCHIVE to a place of its own"
            )
            raise HinderedError(State(Condition.WRONG_ARCHIVE, text))
        for path in self._store.partial_folder().iterdir():
            path.unlink(missing_ok=True)
        self._store.probe()
        self._reader.assign(self._contents.positions)
        self._next_look = self._clock.monotonic()
        self._healing = self._progress.state.condition in OF_THE_STORE
        if not self._healing:
            self._progress.be(State(Condition.ARCHIVING))

    def _refuse_other_content(self) -> None:
        found = [*self._store.folders(""), *self._store.files("")]
        if others := [name for name in found if name not in {PARTIAL, LOCK_NAME, "lost+found"}]:
            text = (
                f"{self._store.place} is no archive and has other files, such as {others[0]}: set "
                "ORDERMESH_ARCHIVE to an empty place"
            )
            raise HinderedError(State(Condition.WRONG_ARCHIVE, text))

    def _step(self) -> bool:
        """Archive what comes within a moment; return whether the topics are still the same."""
        for record in self._reader.records():
            self._take(record)
        now = self._clock.monotonic()
        age_s = HEALING_AGE_S if self._healing else self._bounds.file_age_s
        if self._oldest is not None and now - self._oldest >= age_s:
            self._commit(list(self._writers))
        same = True
        if now >= self._next_look:
            self._next_look = now + LOOK_INTERVAL_S
            if same := not self._reader.changed():
                self._take_checkpoints()
            else:
                self._commit(list(self._writers))
                self._reader.close()
        waiting = self._reader.waiting() if same else {}
        in_hand = sum(writer.rows for writer in self._writers.values())
        if self._healing and not in_hand and not any(waiting.values()):
            self._healed()
        self._progress.measured(waiting, in_hand)
        return same

    def _take(self, record: Record) -> None:
        place = record.topic, record.partition
        writer = self._writers.get(place)
        if writer is not None and not writer.takes(record):
            self._commit([place])
            writer = None
        if writer is None:
            if len(self._writers) >= FILES_OPEN_MAX:
                self._commit(list(self._writers))
            folder = self._store.partial_folder()
            writer = self._writers[place] = PartitionWriter(folder, record, self._store.place)
            if self._oldest is None:
                self._oldest = self._clock.monotonic()
        writer.add(record)
        self._held_bytes += record.size
        self._held_rows += 1
        while self._held_bytes > HELD_BYTES_MAX or self._held_rows > HELD_ROWS_MAX:
            self._flush(max(self._writers.values(), key=lambda one: one.held_bytes))
        if self._bounds.closes(writer.size, writer.rows):
            self._commit([place])
        if sum(one.size for one in self._writers.values()) > OPEN_BYTES_MAX:
            self._commit(list(self._writers))

    def _flush(self, writer: PartitionWriter) -> None:
        self._held_bytes -= writer.held_bytes
        self._held_rows -= writer.held_rows
        writer.flush()

    def _commit(self, places: Iterable[Place]) -> None:
        """Close files, and add one entry for all of them."""
        files: list[ArchivedFile] = []
        for place in places:
            self._flush(self._writers[place])
            files.append(self._writers[place].close())
            self._store.put(files[-1].name, self._writers.pop(place).path)
        if not self._writers:
            self._oldest = None
        if not files:
            return
        positions = {topic: dict(of) for topic, of in self._contents.positions.items()}
        for file in files:
            positions.setdefault(file.topic, {})[file.partition] = file.last_offset + 1
        self._append(FILES, files_body(files, positions))
        self._contents.positions = positions
        self._healed()
        self._remove_leftovers(files)
        for file in files:
            self._progress.records[file.topic] += file.rows
            self._progress.files[file.topic] += 1
            self._progress.bytes[file.topic] += file.bytes

    def _healed(self) -> None:
        self._healing = False
        self._progress.be(State(Condition.ARCHIVING))

    def _remove_leftovers(self, files: list[ArchivedFile]) -> None:
        """Remove what a process left that was killed before its entry: once for each partition."""
        new = [one for one in files if (one.topic, one.partition) not in self._cleaned]
        for folder in {one.name.rpartition("/")[0] for one in new}:
            for name in leftovers(self._store.files(folder), new):
                self._store.remove(name)
        self._cleaned |= {(one.topic, one.partition) for one in new}

    def _append(self, kind: str, body: dict[str, object]) -> None:
        """Add an entry after those that people added meanwhile."""
        while True:
            at_us = self._clock.now_ns() // NS_PER_US
            try:
                self._contents.tail = append(self._store, self._contents.tail, kind, at_us, body)
            except ExistsError:
                for entry in newer_entries(self._store, self._contents.tail):
                    if entry.kind in {FILES, IDENTITY}:
                        text = f"another process writes to {self._store.place}"
                        raise HinderedError(State(Condition.STANDBY, text)) from None
                    self._contents.add(entry)
            else:
                self._progress.entry = self._contents.tail.number
                return

    def _take_checkpoints(self) -> None:
        for kind, body in self._checkpoints.new(self._store, self._contents.tail):
            self._append(kind, body)

    def _give_up(self) -> None:
        """Drop what is in hand: it is read again."""
        for writer in self._writers.values():
            writer.abandon()
        self._writers.clear()
        self._held_bytes = self._held_rows = 0
        self._oldest = None
        self._cleaned.clear()
        self._reader.close()
        self._store.unlock()
