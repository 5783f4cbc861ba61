"""Where an archive is kept."""

from pathlib import Path

from event_archive.stores.folder import FolderStore
from event_archive.stores.port import Store


def open_store(place: str) -> Store:
    """Open the store of an archive: a folder. Nothing is made before something is written."""
    return FolderStore(Path(place))
