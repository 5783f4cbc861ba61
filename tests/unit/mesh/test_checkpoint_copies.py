"""Checkpoints in a second place: a folder and a web store, after failures too."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kernel.hashchain import Head
from mesh.checkpoint_copies import copy_checkpoints
from mesh.checkpoints import (
    About,
    CheckpointError,
    read_checkpoint,
    write_checkpoint,
    write_new_key,
)

HEADS = [Head("audit_log", "oms-1", 7, b"a" * 32)]


@pytest.fixture
def folder(tmp_path) -> Path:
    write_new_key(tmp_path / "checkpoint-key.pem")
    made = tmp_path / "checkpoints"
    made.mkdir()
    return made


def written(folder: Path, hour: int, schema: str = "oms") -> Path:
    about = About(schema, "epoch", f"2026-11-30T{hour:02}:00:00+00:00")
    return write_checkpoint(folder, folder.parent / "checkpoint-key.pem", about, HEADS)[0]


class Store:
    """A web store that takes files with PUT and never overwrites one."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.logins: list[str | None] = []
        self.answer = 201
        store = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                store.logins.append(self.headers["Authorization"])
                there = self.path in store.files and self.headers["If-None-Match"] == "*"
                code = 412 if there else store.answer
                if code == 201:
                    store.files[self.path] = content
                self.send_response(code)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    serving = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    yield made
    made.server.shutdown()
    serving.join()
    made.server.server_close()


def test_a_copy_in_a_folder_is_verified_like_the_file(folder, tmp_path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    path = written(folder, 10)
    assert copy_checkpoints(path, str(other)) == [f"{path.name} is also at {other / path.name}"]
    copy = other / path.name
    public = tmp_path / "checkpoint-key.pem.pub"
    assert read_checkpoint(copy, public, "oms") == read_checkpoint(path, public, "oms")
    # Nothing is overwritten, and what is there already is no fault.
    assert copy_checkpoints(path, str(other))
    copy.chmod(0o644)
    copy.write_text("rewritten")
    with pytest.raises(CheckpointError, match="never overwritten"):
        copy_checkpoints(path, str(other))


def test_what_was_not_copied_is_copied_by_the_next_run(folder, tmp_path) -> None:
    other = tmp_path / "other"
    first = written(folder, 10)
    with pytest.raises(CheckpointError, match="is no folder"):
        copy_checkpoints(first, str(other))
    other.mkdir()
    of_users = written(folder, 10, "identity")
    second, third = written(folder, 11), written(folder, 12)
    assert len(copy_checkpoints(second, str(other))) == 3
    assert copy_checkpoints(of_users, str(other))
    assert {path.name for path in other.iterdir()} == {
        path.name for path in (first, second, third, of_users)
    }


def test_a_file_of_another_name_is_copied_alone(tmp_path) -> None:
    """Such as one beside the key, whose name begins with the same word."""
    other = tmp_path / "other"
    other.mkdir()
    write_new_key(tmp_path / "checkpoint-key.pem")
    about = About("oms", "epoch", "2026-11-30T10:00:00+00:00")
    path, _ = write_checkpoint(tmp_path / "checkpoint", tmp_path / "checkpoint-key.pem", about, [])
    assert len(copy_checkpoints(path, str(other))) == 1
    assert [path.name for path in other.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize(
    ("path", "stored"),
    [
        ("/logs", "/logs/{name}"),
        ("/logs/", "/logs/{name}"),
        ("", "/{name}"),
        ("/logs/{name}?signature=1", "/logs/{name}?signature=1"),
    ],
)
def test_a_web_store_gets_the_file_under_its_name(folder, store, path, stored) -> None:
    checkpoint = written(folder, 10)
    (line,) = copy_checkpoints(checkpoint, f"http://ann:secret@{store.address}{path}")
    assert store.files == {stored.replace("{name}", checkpoint.name): checkpoint.read_bytes()}
    assert store.logins == ["Basic YW5uOnNlY3JldA=="]
    assert "secret" not in line
    assert "signature" not in line


def test_a_web_store_that_refuses_gets_it_again(folder, store) -> None:
    store.answer = 503
    first = written(folder, 10)
    place = f"http://{store.address}/logs"
    with pytest.raises(CheckpointError, match=r"was not copied to http://127.*: HTTP 503"):
        copy_checkpoints(first, place)
    store.answer = 201
    assert len(copy_checkpoints(written(folder, 11), place)) == 2
    assert len(store.files) == 2
    # A run that ended after the sending sends it again, and that is no fault.
    first.with_name(f"{first.name}.copied").unlink()
    assert len(copy_checkpoints(written(folder, 12), place)) == 2
    assert len(store.files) == 3


@pytest.mark.parametrize("place", ["http://example.org/logs", "ftp://127.0.0.1/logs"])
def test_a_place_without_tls_is_refused(folder, place) -> None:
    with pytest.raises(CheckpointError, match="should be https"):
        copy_checkpoints(written(folder, 10), place)


def test_a_web_store_that_is_away_is_named_without_its_password(folder, store) -> None:
    store.server.server_close()
    with pytest.raises(CheckpointError) as refused:
        copy_checkpoints(written(folder, 10), f"http://ann:secret@{store.address}/logs?sig=x")
    assert store.address in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "sig" not in str(refused.value)
