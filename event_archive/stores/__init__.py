"""Where an archive is kept."""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from event_archive.stores.folder import FolderStore
from event_archive.stores.port import Store, StoreError


def open_store(place: str, spool: Path | None = None) -> Store:
    """Open the store of an archive; nothing is made or connected before it is used.

    Args:
        place: A folder, or s3://bucket/prefix.
        spool: Local folder for files on their way to S3; by default one for temporary files.

    Raises:
        StoreError: What speaks to such a store is not installed.
    """
    if urlsplit(place).scheme != "s3":
        return FolderStore(Path(place))
    try:
        from event_archive.stores.objects import ObjectStore  # an extra
    except ImportError as error:
        raise StoreError(f"{place} needs obstore: `pip install 'ordermesh[s3]'`") from error
    return ObjectStore.of_url(place, spool or Path(tempfile.gettempdir()) / "ordermesh-archive")
