"""Copies of signed checkpoints in a second place: a folder, or a web store.

A checkpoint shows something only if who administers the database cannot write where it is. The
operator names such a place; each file is copied there under its name as soon as it is written, and
is never overwritten. What could not be copied is copied by the next run: a copied file has an empty
file NAME.copied beside it.
"""

import base64
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from mesh.checkpoints import CheckpointError, write_new

COPY_TIMEOUT_S: Final = 30.0
# Files that one run copies, the oldest first.
COPIES_MAX: Final = 200
COPIED_SUFFIX: Final = ".copied"
NAME_PLACE: Final = "{name}"
# The name of a checkpoint that was written into a folder.
_NAMED_BY_TIME: Final = re.compile(r"[a-z]+-\d{8}T\d{6}Z\.jsonl")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PRECONDITION_FAILED: Final = 412


def copy_checkpoints(written: Path, place: str) -> list[str]:
    """Copy a checkpoint, and those before it in its folder that are not copied yet.

    Args:
        written: The checkpoint that was just written.
        place: A folder; or an https URL, of which `{name}` is replaced by the name of the file, or
            at whose end the name is added. http only to this machine. User and password of the URL
            are sent by HTTP Basic authentication.

    Returns:
        What was copied, in words.

    Raises:
        CheckpointError: A file could not be copied; those before it are.
    """
    copied = []
    waiting = _not_copied(written) if _NAMED_BY_TIME.fullmatch(written.name) else []
    for path in [*waiting, written][:COPIES_MAX]:
        where = _put(path, place) if "://" in place else _copy(path, Path(place))
        _marker(path).touch()
        copied.append(f"{path.name} is also at {where}")
    return copied


def _not_copied(written: Path) -> list[Path]:
    schema = written.name.partition("-")[0]
    return [
        path
        for path in sorted(written.parent.glob(f"{schema}-*.jsonl"))
        if _NAMED_BY_TIME.fullmatch(path.name) and path != written and not _marker(path).exists()
    ]


def _marker(path: Path) -> Path:
    return path.with_name(path.name + COPIED_SUFFIX)


def _copy(path: Path, folder: Path) -> str:
    if not folder.is_dir():
        raise CheckpointError(
            f"{path.name} was not copied: {folder} is no folder; ORDERMESH_CHECKPOINT_COPY_TO "
            "should be a folder that is there, or an https URL"
        )
    copy = folder / path.name
    content = path.read_bytes()
    if not (copy.is_file() and copy.read_bytes() == content):
        write_new(copy, content, 0o444)
    return str(copy)


def _put(path: Path, place: str) -> str:
    parts = urlsplit(place)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise CheckpointError(
            f"{path.name} was not copied: ORDERMESH_CHECKPOINT_COPY_TO has scheme "
            f"{parts.scheme!r}; it should be https"
        )
    target = parts.path
    if NAME_PLACE not in target:
        target = f"{target.rstrip('/')}/{NAME_PLACE}"
    target = target.replace(NAME_PLACE, quote(path.name))
    address = parts.netloc.rpartition("@")[2]
    shown = urlunsplit((parts.scheme, address, target, "", ""))
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        urlunsplit((parts.scheme, address, target, parts.query, "")),
        data=path.read_bytes(),
        method="PUT",
        headers={"Content-Type": "application/jsonl", "If-None-Match": "*"},
    )
    if parts.username is not None:
        login = f"{parts.username}:{parts.password or ''}".encode()
        request.add_header("Authorization", f"Basic {base64.b64encode(login).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=COPY_TIMEOUT_S):  # noqa: S310 - as above
            return shown
    except urllib.error.HTTPError as error:
        if error.code == _PRECONDITION_FAILED:
            return shown  # it is there: an earlier run ended before it could note that
        raise CheckpointError(
            f"{path.name} was not copied to {shown}: HTTP {error.code}"
        ) from error
    except OSError as error:
        raise CheckpointError(f"{path.name} was not copied to {shown}: {error}") from error
