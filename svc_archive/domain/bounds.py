"""How much is in hand, and when a file is closed."""

from typing import Final, NamedTuple

HELD_BYTES_MAX: Final = 8 << 20
"""Values in memory that are not in a file yet, over all files; a larger value is written alone."""
HELD_ROWS_MAX: Final = 10_000
FILE_ROWS_MAX: Final = 200_000
FILES_OPEN_MAX: Final = 64
"""Files that are written at once; when there would be more, all are closed."""
OPEN_BYTES_MAX: Final = 256 << 20
"""What the open files take on the disk together, before all are closed."""


class Bounds(NamedTuple):
    """When a file is closed, as the operator chose."""

    file_bytes_max: int
    file_age_s: float
    """From its first record on."""

    def closes(self, size: int, rows: int) -> bool:
        """Return whether a file is large enough."""
        return size >= self.file_bytes_max or rows >= FILE_ROWS_MAX
