"""The newest entry of every key, in a temporary file: an archive may have millions of keys."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Self

CACHE_KIB: Final = 32 * 1024
KEYS_AT_ONCE: Final = 500


class KeyHead(NamedTuple):
    """How far the chain of a key is."""

    sequence: int
    hash: bytes


class KeyHeads:
    """Heads by topic and key."""

    def __init__(self) -> None:
        """Make an empty one; its file has no name and is gone with the process."""
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(
            "CREATE TABLE heads (topic TEXT, key TEXT, sequence INTEGER, hash BLOB,"
            " PRIMARY KEY (topic, key)) WITHOUT ROWID"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def get(self, topic: str, keys: Iterable[str]) -> dict[str, KeyHead]:
        """Return the heads of some keys; those that have none are left out."""
        wanted = list(keys)
        found: dict[str, KeyHead] = {}
        for first in range(0, len(wanted), KEYS_AT_ONCE):
            part = wanted[first : first + KEYS_AT_ONCE]
            places = ",".join("?" * len(part))
            rows = self._database.execute(
                f"SELECT key, sequence, hash FROM heads WHERE topic = ? AND key IN ({places})",  # noqa: S608  places are question marks
                (topic, *part),
            )
            found.update((key, KeyHead(sequence, value)) for key, sequence, value in rows)
        return found

    def put(self, topic: str, heads: Iterable[tuple[str, KeyHead]]) -> None:
        """Take newer heads."""
        self._database.execute("BEGIN")
        self._database.executemany(
            "INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?)",
            ((topic, key, *head) for key, head in heads),
        )
        self._database.execute("COMMIT")

    def all(self) -> Iterator[tuple[str, str, KeyHead]]:
        """Yield topic, key and head of every key."""
        for topic, key, sequence, value in self._database.execute("SELECT * FROM heads"):
            yield topic, key, KeyHead(sequence, value)
