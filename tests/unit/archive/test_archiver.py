"""The archiver at every instant at which a process may be killed, and what it refuses."""

import errno
import os

import pytest

from event_archive.manifest import FILES, contents, entries, entry_name, present_files
from event_archive.retention import hold
from event_archive.stores.folder import FolderStore
from event_archive.stores.port import ExistsError, StoreFullError, StoreReadOnlyError
from svc_archive.domain.state import Condition, State
from svc_archive.service.ports import HinderedError
from svc_archive.service.progress import Progress
from tests.support.archived_records import Log
from tests.support.archiving import archive_all, archiver, expected, made_archive, rows
from tests.support.clock import ManualClock

ACCOUNTS = ["ACC-0", "ACC-1", "ACC-2", "ACC-3"]


class KilledError(BaseException):
    """The process ends here."""


class MortalStore(FolderStore):
    """Ends the process before or after its n-th change of the disk."""

    def __init__(self, root, dies_at: int, *, after: bool) -> None:
        super().__init__(root)
        self.left, self._after = dies_at, after

    def create(self, name, content):
        self._live(lambda: super(MortalStore, self).create(name, content))

    def put(self, name, partial):
        self._live(lambda: super(MortalStore, self).put(name, partial))

    def remove(self, name):
        self._live(lambda: super(MortalStore, self).remove(name))

    def _live(self, work):
        self.left -= 1
        if self.left == 0 and not self._after:
            raise KilledError
        work()
        if self.left == 0:
            raise KilledError


def a_log(count: int = 30) -> Log:
    log = Log()
    for number in range(count):
        log.write(ACCOUNTS[number % 4], day=number // 20)
    return log


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_change_of_the_disk_nothing_is_doubled_and_nothing_missing(tmp_path, after):
    log, deaths = a_log(14), 0
    while True:
        deaths += 1
        folder = tmp_path / str(deaths)
        store = MortalStore(folder, deaths, after=after)
        try:
            archive_all(archiver(store, log))
        except KilledError:
            store.unlock()
            if (folder / "manifest").exists():
                found = rows(FolderStore(folder))
                assert len(found) == len(set(found)), "no reader sees one twice"
        else:
            break
        again = made_archive(folder, log)
        assert rows(again) == expected(log)
        named = {file.name for entry in entries(again) for file in entry.files()}
        there = {str(path.relative_to(folder)) for path in folder.glob("orders/*/*")}
        assert there == named, "what the killed process left is gone"
    assert deaths > 8


def test_files_are_by_topic_and_day_and_one_begins_with_the_day(tmp_path):
    log = a_log()
    late = log.write("ACC-1", day=0)
    store = made_archive(tmp_path / "a", log)
    days = sorted(path.name for path in (tmp_path / "a" / "orders").iterdir())
    assert days == ["2026-09-21", "2026-09-22"]
    (file,) = (one for one in present_files(store).values() if one.last_offset == late.offset)
    assert "/2026-09-22/" in file.name
    assert file.first_us == late.recorded_at_us, "an entry that comes late stays in its partition"
    assert rows(FolderStore(tmp_path / "a")) == expected(log)


def test_what_people_add_to_the_manifest_meanwhile_is_kept(tmp_path):
    log = a_log()
    one = archiver(FolderStore(tmp_path / "a"), log)
    one._start()
    other = FolderStore(tmp_path / "a")
    made = hold(other, "ACC-1", "case 7", "olga", 1_000, not_archived_yet=True)
    while one._step() and any(one._progress.waiting.values()):
        pass
    found = contents(other)
    assert found.holds == {made.number: made}
    assert [entry.number for entry in entries(other)] == list(range(1, found.tail.number + 1))
    assert rows(other) == expected(log)


def test_a_second_archiver_waits(tmp_path):
    first = archiver(FolderStore(tmp_path / "a"), a_log())
    first._start()
    with pytest.raises(HinderedError) as refused:
        archiver(FolderStore(tmp_path / "a"), a_log())._start()
    assert refused.value.state.condition is Condition.STANDBY


def test_a_second_archiver_has_no_lag_of_its_own():
    clock = ManualClock()
    one = Progress(clock)
    one.measured({"orders": 7}, 3)
    one.hindered(State(Condition.STORE_FULL, "no room"))
    clock.advance(100)
    assert one.lag.seconds == 100
    one.hindered(State(Condition.STANDBY, "another process writes"))
    clock.advance(100)
    assert (one.lag.seconds, one.waiting, one.in_hand) == (0, {}, 0)


def test_an_entry_of_another_archiver_ends_this_one(tmp_path):
    first = archiver(FolderStore(tmp_path / "a"), a_log())
    first._start()
    first._store.unlock()  # as where locks do nothing
    made_archive(tmp_path / "a", a_log())
    with pytest.raises(HinderedError) as refused:
        first._step()
    assert refused.value.state.condition is Condition.STANDBY
    assert rows(FolderStore(tmp_path / "a")) == expected(a_log())


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"cluster_id": "another"}, "is the archive of cluster cluster, topics p.*"),
        ({"prefix": "q."}, "this mesh has cluster cluster, topics q.*"),
    ],
)
def test_the_archive_of_another_mesh_is_refused(tmp_path, others, words):
    made_archive(tmp_path / "a", a_log())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(HinderedError) as refused:
        archiver(FolderStore(tmp_path / "a"), a_log(), **others)._start()
    assert refused.value.state.condition is Condition.WRONG_ARCHIVE
    assert words in refused.value.state.text
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(HinderedError) as refused:
        archiver(FolderStore(tmp_path), a_log())._start()
    assert refused.value.state.condition is Condition.WRONG_ARCHIVE
    assert "notes.txt" in refused.value.state.text


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, StoreFullError),
        (errno.EDQUOT, StoreFullError),
        (errno.EFBIG, StoreFullError),
        (errno.EROFS, StoreReadOnlyError),
        (errno.EACCES, StoreReadOnlyError),
    ],
)
def test_what_an_error_of_the_disk_means(tmp_path, monkeypatch, code, kind):
    def fails(*_):
        raise OSError(code, os.strerror(code))

    store = FolderStore(tmp_path)
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(kind) as fault:
        store.create("manifest/1.json", b"{}")
    assert str(tmp_path) in str(fault.value)
    assert errno.errorcode[code] in str(fault.value)


def test_an_entry_is_never_replaced(tmp_path):
    store = made_archive(tmp_path / "a", a_log())
    known = contents(store)
    (newest,) = (entry for entry in entries(store) if entry.number == known.tail.number)
    assert newest.kind == FILES
    assert newest.positions() == known.positions
    with pytest.raises(ExistsError):
        store.create(entry_name(newest.number), b"{}")
    assert contents(store) == known
