"""Takes the signed checkpoints of the order book into the archive."""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from event_archive.manifest import CHECKPOINT, Tail, back_from, checkpoint_body, checkpoint_name
from event_archive.stores.port import ExistsError, Store
from mesh.log import get_logger

PATTERN: Final = "oms-*.jsonl"
_log = get_logger(__name__)


class Checkpoints:
    """A folder to which `svc_oms.admin checkpoint` writes."""

    def __init__(self, folder: Path | None) -> None:
        """Take the folder; None for none."""
        self._folder = folder
        self._newest: str | None = None

    def new(self, store: Store, tail: Tail) -> Iterator[tuple[str, dict[str, Any]]]:
        """Copy the checkpoints that the archive does not have; yield an entry for each.

        They are named by time, so those after the newest one of the manifest are new.
        """
        if self._folder is None:
            return
        if self._newest is None:
            taken = (entry for entry in back_from(store, tail) if entry.kind == CHECKPOINT)
            self._newest = next((entry.body["name"] for entry in taken), "")
        for path in self._after(self._newest):
            content = path.read_bytes()
            if not _whole(content):
                return
            name, digest = path.name, sha256(content).hexdigest()
            try:
                store.create(checkpoint_name(name), content)
            except ExistsError:
                # A process was killed between the file and its entry.
                digest = sha256(store.read(checkpoint_name(name))).hexdigest()
            yield CHECKPOINT, checkpoint_body(name, digest)
            self._newest = name

    def _after(self, name: str) -> list[Path]:
        """Return the checkpoints after one; none where they may not be read, which is logged."""
        assert self._folder is not None
        try:
            found = sorted(path for path in self._folder.glob(PATTERN) if path.name > name)
            readable = [path for path in found if os.access(path, os.R_OK)]
        except OSError as error:
            _log.warning("checkpoints cannot be read", cause=str(error))
            return []
        if len(readable) < len(found):
            _log.warning("checkpoints cannot be read", folder=str(self._folder))
        return readable


def _whole(content: bytes) -> bool:
    """Return whether a checkpoint is written to its end: its last line is the signature."""
    return content.endswith(b"\n") and b'"signature"' in content.rstrip(b"\n").rpartition(b"\n")[2]
