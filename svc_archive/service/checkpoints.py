"""Takes the signed checkpoints of the order book into the archive."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from event_archive.manifest import CHECKPOINT, Tail, back_from, checkpoint_body, checkpoint_name
from event_archive.stores.folder import faults
from event_archive.stores.port import ExistsError, Store

PATTERN: Final = "oms-*.jsonl"


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
        with faults(str(self._folder)):
            names = sorted(path.name for path in self._folder.glob(PATTERN))
        for name in names:
            if name > self._newest:
                with faults(str(self._folder)):
                    content = (self._folder / name).read_bytes()
                digest = sha256(content).hexdigest()
                try:
                    store.create(checkpoint_name(name), content)
                except ExistsError:
                    # A process was killed between the file and its entry.
                    digest = sha256(store.read(checkpoint_name(name))).hexdigest()
                yield CHECKPOINT, checkpoint_body(name, digest)
                self._newest = name
