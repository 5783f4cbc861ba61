"""The order book's newest mark, in a file beside the FIX store of a session.

The file is replaced as a whole and written to the disk before it gets its name, so it is never
half of one mark and half of another.
"""

import os
from pathlib import Path

from google.protobuf.json_format import MessageToJson, Parse, ParseError

from mesh.log import get_logger
from ordermesh.gateway.v1 import venue_link_service_pb2 as link

FILE_NAME = "book-mark.json"

_log = get_logger(__name__)


class MarkFile:
    """The file; see `service.ports.MarkStore`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE_NAME

    def read(self) -> link.BookMark | None:
        """Return the stored mark; None if there is none, or it cannot be read."""
        try:
            return read_mark(self._path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            # The FIX store still shows what was sent; a mark is written again with the next one.
            _log.exception("mark of the order book cannot be read", why=str(error))
            return None

    def write(self, mark: link.BookMark) -> None:
        """Replace the stored mark.

        Raises:
            OSError: The mark before is still there.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            file.write(MessageToJson(mark, preserving_proto_field_name=True))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)


def read_mark(path: Path) -> link.BookMark:
    """Read a mark from its file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not a mark.
    """
    try:
        return Parse(path.read_text(encoding="utf-8"), link.BookMark())
    except ParseError as error:
        raise ValueError(f"{path} is not a mark of the order book: {error}") from error
