"""Whether a FIX store can be written: each cause by its name, and when it is over."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from svc_gateway.adapters.fix.store import store_health
from svc_gateway.adapters.fix.store.store_health import (
    STORE_FREE_BYTES_MARGIN,
    STORE_FREE_BYTES_MIN,
    StoreHealth,
)

IO_ERROR = "IO Error: Unable to write to file /store/a.body"


class Disk:
    """The disk as the operating system describes it."""

    def __init__(self) -> None:
        self.free = 10 * STORE_FREE_BYTES_MIN
        self.flags = 0
        self.error = 0

    def statvfs(self, path: Path) -> SimpleNamespace:
        assert path.exists()
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        return SimpleNamespace(f_flag=self.flags, f_bavail=self.free // 512, f_frsize=512)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(store_health.os, "statvfs", disk.statvfs)
    return disk


@pytest.mark.usefixtures("disk")
def test_a_store_with_room_has_no_fault(tmp_path: Path) -> None:
    assert StoreHealth(tmp_path / "not" / "there" / "yet").fault() == ""


def test_too_little_room_is_a_fault_until_there_is_more(tmp_path: Path, disk: Disk) -> None:
    health = StoreHealth(tmp_path)
    disk.free = STORE_FREE_BYTES_MIN - 512
    fault = health.fault()
    assert str(tmp_path) in fault
    assert "ENOSPC" in fault
    assert str(disk.free) in fault
    disk.free = STORE_FREE_BYTES_MIN
    assert health.fault(), "a few bytes more are not enough"
    disk.free = STORE_FREE_BYTES_MIN + STORE_FREE_BYTES_MARGIN
    assert health.fault() == ""


@pytest.mark.parametrize(
    ("flags", "error", "name"),
    [(os.ST_RDONLY, 0, "EROFS"), (0, errno.EIO, "EIO"), (0, errno.ESTALE, "ESTALE")],
)
def test_a_disk_that_cannot_be_written_is_named(
    tmp_path: Path, disk: Disk, flags: int, error: int, name: str
) -> None:
    health = StoreHealth(tmp_path)
    disk.flags, disk.error = flags, error
    assert name in health.fault()
    disk.flags = disk.error = 0
    assert health.fault() == ""


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_after_an_error_of_quickfix_only_a_real_write_shows_that_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    health = StoreHealth(tmp_path)
    health.note("Received logon response")
    assert health.broken == ""
    health.note(IO_ERROR)

    def no_write(_file: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(store_health.os, "fsync", no_write)
        fault = health.fault()
        assert errno.errorcode[code] in fault
        assert IO_ERROR in fault
    assert health.fault() == ""
    assert health.broken == IO_ERROR, "QuickFIX itself does not recover: it needs a new engine"
    health.begin()
    assert health.broken == ""
    assert list(tmp_path.iterdir()) == []
