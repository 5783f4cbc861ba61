"""A hung process with a store's lock is killed; a living one, and one of elsewhere, are not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from svc_gateway.adapters.fix.store.lock_holder import LockHolder
from svc_gateway.adapters.fix.store.store_lock import FileStoreLock
from svc_gateway.service.ports import OWNER_SILENCE_MAX_S
from tests.support.waiting import wait_for

HOLDS = """
import sys
from pathlib import Path
from svc_gateway.adapters.fix.store.store_lock import FileStoreLock
print(FileStoreLock(Path(sys.argv[1]), "first").take(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    yield process
    process.kill()
    process.communicate()


def silent_for(folder: Path, seconds: float) -> None:
    """Make the last sign of life of the holder that old."""
    file = folder / "lock"
    at = file.stat().st_mtime - seconds
    os.utime(file, (at, at))


def test_a_silent_holder_is_killed_and_its_lock_is_free(tmp_path: Path, holder) -> None:
    holder.send_signal(signal.SIGSTOP)
    lock = FileStoreLock(tmp_path, "second")
    assert not lock.take()
    silent_for(tmp_path, OWNER_SILENCE_MAX_S + 1)
    assert f"first, process {holder.pid}" in lock.end_hung_holder()
    assert holder.wait() == -signal.SIGKILL
    wait_for(lock.take, "the lock is free")
    assert lock.holder() == "second"


def test_a_holder_that_gives_signs_of_life_is_left_alone(tmp_path: Path, holder) -> None:
    lock = FileStoreLock(tmp_path, "second")
    assert not lock.take()
    assert lock.end_hung_holder() == ""
    assert holder.poll() is None


@pytest.mark.parametrize(
    "changes", [{"machine": "another"}, {"started": "1"}, {"pid": 2**22 + 1}, {"machine": ""}]
)
def test_a_process_that_is_not_certainly_the_holder_is_left_alone(
    tmp_path: Path, holder, changes: dict
) -> None:
    file = tmp_path / "lock"
    written = LockHolder.read(file.read_text())
    assert written.pid == holder.pid
    file.write_text(written._replace(**changes).text())
    silent_for(tmp_path, OWNER_SILENCE_MAX_S + 1)
    assert FileStoreLock(tmp_path, "second").end_hung_holder() == ""
    assert holder.poll() is None


def test_a_process_never_kills_itself() -> None:
    assert not LockHolder.this_process("first").kill()


def test_the_file_of_an_older_gateway_names_no_process() -> None:
    assert LockHolder.read("first\n") == LockHolder("first")
    assert not LockHolder("first").kill()


def test_a_sign_of_life_renews_the_time_of_the_file(tmp_path: Path) -> None:
    lock = FileStoreLock(tmp_path, "first")
    assert lock.take()
    silent_for(tmp_path, 60)
    before = (tmp_path / "lock").stat().st_mtime
    lock.stamp()
    assert (tmp_path / "lock").stat().st_mtime - before > 50
    lock.free()
