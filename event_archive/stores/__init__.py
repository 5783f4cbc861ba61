"""Where an archive is kept."""

from pathlib import Path

from event_archive.stores.folder import FolderStore
from event_archive.stores.port import Store


def open_store(place: str, spool: Path | None = None) -> Store:
    """Open the store of an archive; nothing connects yet.

    Args:
        place: A folder.
        spool: Local folder for files that are being written to a store that is no folder.
    """
    del spool
    return FolderStore(Path(place))
