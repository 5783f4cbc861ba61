"""Archives as files: JSON lines, compressed, in a folder for each run."""

import gzip
import json
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from typing_extensions import override

from kernel.hashchain import GENESIS, Head, event_hash
from kernel.ulid import new_ulid
from svc_oms.service.ports.retention_ports import Archive, Archived, Source

SUFFIX = ".jsonl.gz"
CHAINED = {Source.EVENTS: ("account_id", "sequence"), Source.AUDIT: ("writer", "sequence")}
"""Logs with a hash chain: the columns of their key and number."""


class ArchiveFolder(Archive):
    """Writes the files of one run."""

    def __init__(self, root: Path, now_ns: int) -> None:
        self._root = root
        # Folders sort by the time of their run.
        self._folder = root / new_ulid(now_ns)

    @override
    async def write(self, source: Source, lines: AsyncIterator[str]) -> Archived | None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial, count = self._root / f".{source}.partial", 0
        with partial.open("wb") as file:
            with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
                async for line in lines:
                    packed.write(line.encode() + b"\n")
                    count += 1
            file.flush()
            os.fsync(file.fileno())
        if not count:
            partial.unlink()
            return None
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{source}{SUFFIX}"
        partial.replace(path)
        for folder in (self._folder, self._root):
            _sync(folder)
        with path.open("rb") as written:
            return Archived(str(path.relative_to(self._root)), source, count, _digest(written))


def _digest(file: IO[bytes]) -> bytes:
    digest = sha256()
    while part := file.read(1 << 20):
        digest.update(part)
    return digest.digest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def verify_files(root: Path, recorded: dict[str, bytes]) -> Iterator[str]:
    """Yield what is wrong with an archive: files that were changed or are missing, broken chains.

    Args:
        root: The archive folder.
        recorded: SHA-256 by file, as the database recorded them.
    """
    for name, digest in sorted(recorded.items()):
        path = root / name
        if not path.is_file():
            yield f"{name}: is missing"
            continue
        with path.open("rb") as file:
            if _digest(file) != digest:
                yield f"{name}: is not what was written: its SHA-256 differs"
    for source, (key, number) in CHAINED.items():
        yield from _chains(root, source, key, number)


def chain_ends(root: Path, source: Source) -> dict[str, tuple[int, bytes]]:
    """Return number and hash of the last archived entry of each key of a log."""
    key, number = CHAINED[source]
    ends: dict[str, tuple[int, bytes]] = {}
    for _, row in _rows(root, source):
        if row[number] > ends.get(row[key], (0, b""))[0]:
            ends[row[key]] = row[number], _bytes(row["hash"])
    return ends


def find_heads(root: Path, heads: Iterable[Head]) -> dict[tuple[str, str, int], bytes]:
    """Return the hashes of those entries that an archive has, by log, key and number."""
    asked = {head[:3] for head in heads}
    found: dict[tuple[str, str, int], bytes] = {}
    for source, (key, number) in CHAINED.items():
        if not any(log == source for log, _, _ in asked):
            continue
        for _, row in _rows(root, source):
            place = (str(source), row[key], row[number])
            if place in asked:
                # If two runs archived it, the first one counts, as for its chain.
                found.setdefault(place, _bytes(row["hash"]))
    return found


def _chains(root: Path, source: Source, key: str, number: str) -> Iterator[str]:
    heads: dict[str, tuple[int, bytes]] = {}
    for name, row in _rows(root, source):
        sequence, previous = heads.get(row[key], (0, GENESIS))
        if row[number] <= sequence:
            # A run that was killed, and the next one, both archived it.
            continue
        stored = _bytes(row["hash"])
        if row[number] != sequence + 1:
            yield f"{name}: {row[key]}: {row[number]} follows {sequence}"
        elif stored != event_hash(previous, _bytes(row["payload"])):
            yield f"{name}: {row[key]}: the hash of {row[number]} is wrong"
        heads[row[key]] = row[number], stored


def _rows(root: Path, source: Source) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(root.glob(f"*/{source}{SUFFIX}")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield str(path.relative_to(root)), json.loads(line)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))
