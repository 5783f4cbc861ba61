"""What the archive asks of a store, of a folder and of obstore's objects alike."""

import pytest
from obstore.store import MemoryStore

from event_archive.retention import remove
from event_archive.stores import open_store
from event_archive.stores.folder import FolderStore
from event_archive.stores.objects import ObjectStore
from event_archive.stores.port import ExistsError, MissingError, StoreError
from event_archive.verification.verify import Asked, Verification
from mesh.settings import SettingsError
from svc_archive.app import build
from svc_archive.settings import ArchiveSettings
from tests.support.archive import FIRST_US
from tests.support.archived_records import DAY_US, Log
from tests.support.archiving import archive_all, archiver, expected, rows


@pytest.fixture(params=["folder", "objects"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderStore(tmp_path / "a")
    # Its names are taken once, as those of S3 are under `If-None-Match: *`.
    return ObjectStore(MemoryStore(), "s3://bucket/a", tmp_path / "spool")


def test_a_name_is_taken_once(store):
    store.create("manifest/000000/1.json", b"one")
    with pytest.raises(ExistsError):
        store.create("manifest/000000/1.json", b"two")
    assert store.read("manifest/000000/1.json") == b"one"


def test_a_file_is_put_read_in_parts_and_removed(store):
    partial = store.partial_folder() / "x"
    partial.write_bytes(bytes(range(256)) * 8_192)
    store.put("orders/2026-09-21/x.parquet", partial)
    assert not partial.exists()
    with store.open("orders/2026-09-21/x.parquet") as file:
        assert file.seek(-3, 2) == 256 * 8_192 - 3
        assert file.read() == b"\xfd\xfe\xff"
        file.seek(255)
        assert file.read(2) == b"\xff\x00"
    assert list(store.files("orders/2026-09-21")) == ["orders/2026-09-21/x.parquet"]
    assert "orders" in store.folders("")
    assert store.folders("orders") == ["2026-09-21"]
    for _ in range(2):
        store.remove("orders/2026-09-21/x.parquet")
    for read in (store.read, store.open):
        with pytest.raises(MissingError):
            read("orders/2026-09-21/x.parquet")
    assert (store.folders("none"), list(store.files("none"))) == ([], [])
    store.probe()


def test_an_archive_lives_in_it(store):
    log = Log()
    for number in range(24):
        log.write(f"ACC-{number % 4}", day=number // 12)
    archive_all(archiver(store, log))
    log.write("ACC-1", day=3)
    archive_all(archiver(store, log))
    assert rows(store) == expected(log)
    list(remove(store, FIRST_US // DAY_US * DAY_US + DAY_US, "olga", lambda: 2 * 10**18))
    assert list(Verification(store, Asked(), lambda *_: None).findings()) == []
    assert 0 < len(rows(store)) < 25


def test_a_place_is_a_folder_or_a_bucket(tmp_path):
    assert open_store(str(tmp_path)).place == str(tmp_path)
    assert open_store("s3://bucket/a/b").place == "s3://bucket/a/b"


@pytest.mark.parametrize(
    "place",
    ["s3://name:secret@bucket/a", "s3://bucket/a?key=secret", "s3:///a", "gs://bucket/secret"],
)
def test_a_place_that_is_another_one_or_has_a_secret_is_refused_without_it(place):
    with pytest.raises(StoreError, match="is a folder or s3://bucket/prefix") as refusal:
        open_store(place)
    assert "secret" not in str(refusal.value)


async def test_the_archiver_ends_with_what_is_wrong_with_its_place():
    settings = ArchiveSettings(archive="gs://bucket/a", kafka_bootstrap="127.0.0.1:1")
    with pytest.raises(SettingsError, match="ORDERMESH_ARCHIVE: an archive is a folder or s3://"):
        async with build(settings, None):
            pytest.fail("it was built")
