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
        StoreError: What speaks to such a store is not installed, or the place names a secret: it
            is in states and logs.
    """
    if "://" not in place:
        return FolderStore(Path(place))
    parts = urlsplit(place)
    if parts.scheme != "s3" or "@" in parts.netloc or parts.query or not parts.netloc:
        text = (
            "an archive is a folder or s3://bucket/prefix, this one is neither; name and key for "
            "S3 belong into the AWS_* variables"
        )
        raise StoreError(text)
    try:
        from event_archive.stores.objects import ObjectStore  # an extra
    except ImportError as error:
        raise StoreError(f"{place} needs obstore: `pip install 'ordermesh[s3]'`") from error
    return ObjectStore.of_url(place, spool or Path(tempfile.gettempdir()) / "ordermesh-archive")
