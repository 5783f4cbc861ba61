"""What a verification remembers, in a temporary file: an archive may have millions of keys."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Self

from event_archive.manifest import ArchivedFile, RemovedFile

CACHE_KIB: Final = 32 * 1024
KEYS_AT_ONCE: Final = 500
_TABLES: Final = """
CREATE TABLE heads (topic TEXT, key TEXT, sequence INTEGER, hash BLOB,
    PRIMARY KEY (topic, key)) WITHOUT ROWID;
CREATE TABLE wanted (topic TEXT, key TEXT, sequence INTEGER, hash BLOB, source TEXT, found INTEGER,
    PRIMARY KEY (topic, key, sequence, hash)) WITHOUT ROWID;
CREATE TABLE files (name TEXT PRIMARY KEY, ordinal INTEGER, body TEXT) WITHOUT ROWID;
CREATE TABLE removed (name TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID;
"""


class KeyHead(NamedTuple):
    """How far the chain of a key is."""

    sequence: int
    hash: bytes | None
    """None: the entry is not here, and nothing is known of its hash."""


class Wanted(NamedTuple):
    """An entry that a checkpoint names."""

    topic: str
    key: str
    sequence: int
    hash: bytes
    source: str
    """The checkpoint, for people."""


class Memory:
    """Heads of keys, entries that checkpoints name, and the files of the manifest."""

    def __init__(self) -> None:
        """Make an empty one; its file has no name and is gone with the process."""
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def heads(self, topic: str, keys: Iterable[str]) -> dict[str, KeyHead]:
        """Return the heads of some keys; those that have none are left out."""
        found: dict[str, KeyHead] = {}
        for part in _parts(keys):
            rows = self._database.execute(
                f"SELECT key, sequence, hash FROM heads WHERE topic = ? AND key IN ({_places(part)})",  # noqa: S608, E501  question marks
                (topic, *part),
            )
            found.update((key, KeyHead(sequence, value)) for key, sequence, value in rows)
        return found

    def put_heads(self, topic: str, heads: Iterable[tuple[str, KeyHead]]) -> None:
        """Take newer heads."""
        self._many(
            "INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?)",
            ((topic, key, *head) for key, head in heads),
        )

    def want(self, entries: Iterable[Wanted]) -> None:
        """Take entries that must be in the archive."""
        self._many("INSERT OR IGNORE INTO wanted VALUES (?, ?, ?, ?, ?, 0)", entries)

    def wanted(self, topic: str, keys: Iterable[str]) -> dict[tuple[str, int], list[Wanted]]:
        """Return what is wanted of some keys, by key and sequence."""
        found: dict[tuple[str, int], list[Wanted]] = {}
        for part in _parts(keys):
            rows = self._database.execute(
                "SELECT topic, key, sequence, hash, source FROM wanted"  # noqa: S608  question marks
                f" WHERE topic = ? AND key IN ({_places(part)})",
                (topic, *part),
            )
            for row in map(Wanted._make, rows):
                found.setdefault((row.key, row.sequence), []).append(row)
        return found

    def seen(self, entries: Iterable[Wanted]) -> None:
        """Note that the archive has, or had, entries that were wanted."""
        self._many(
            "UPDATE wanted SET found = 1"
            " WHERE topic = ? AND key = ? AND sequence = ? AND hash = ? AND source = ?",
            entries,
        )

    def unseen(self) -> Iterator[Wanted]:
        """Yield what is wanted and was not seen."""
        rows = self._database.execute(
            "SELECT topic, key, sequence, hash, source FROM wanted WHERE found = 0"
        )
        return map(Wanted._make, rows)

    def add_file(self, file: ArchivedFile) -> bool:
        """Take the next file of the manifest; return whether its name is new."""
        (count,) = self._database.execute("SELECT count(*) FROM files").fetchone()
        done = self._database.execute(
            "INSERT OR IGNORE INTO files VALUES (?, ?, ?)", (file.name, count, json.dumps(file))
        )
        return done.rowcount == 1

    def has_file(self, name: str) -> bool:
        """Return whether an entry of the manifest names a file that is not removed."""
        row = self._database.execute(
            "SELECT 1 FROM files WHERE name = ? AND name NOT IN (SELECT name FROM removed)", (name,)
        )
        return row.fetchone() is not None

    def file(self, name: str) -> ArchivedFile | None:
        """Return the file of this name, if an entry of the manifest named it."""
        row = self._database.execute("SELECT body FROM files WHERE name = ?", (name,)).fetchone()
        return None if row is None else ArchivedFile(*json.loads(row[0]))

    def remove(self, removed: RemovedFile) -> None:
        """Take a file that retention removed."""
        self._database.execute(
            "INSERT OR REPLACE INTO removed VALUES (?, ?)", (removed.name, json.dumps(removed))
        )

    def files(self) -> Iterator[tuple[ArchivedFile, RemovedFile | None]]:
        """Yield the files in the order of the manifest, each with its removal."""
        rows = self._database.execute(
            "SELECT files.body, removed.body FROM files LEFT JOIN removed USING (name)"
            " ORDER BY ordinal"
        )
        for body, removal in rows:
            removed = RemovedFile(*json.loads(removal)) if removal else None
            yield ArchivedFile(*json.loads(body)), removed

    def _many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(statement, rows)
        self._database.execute("COMMIT")


def _parts(keys: Iterable[str]) -> Iterator[list[str]]:
    every = list(keys)
    return (every[first : first + KEYS_AT_ONCE] for first in range(0, len(every), KEYS_AT_ONCE))


def _places(part: list[str]) -> str:
    return ",".join("?" * len(part))
