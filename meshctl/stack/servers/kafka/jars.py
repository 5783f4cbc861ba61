"""The jars of the broker: fetched once by pinned SHA-256 from a Maven repository, and kept."""

import errno
import hashlib
import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from meshctl.stack.processes.process import StartError

MAVEN_CENTRAL: Final = "https://repo1.maven.org/maven2"
SETTINGS_FILES: Final = (Path.home() / ".m2" / "settings.xml",)
"""Where a user names mirrors for Maven."""
LIST: Final = Path(__file__).with_name("jars.json")
FETCHES_AT_ONCE: Final = 6
FETCH_TIMEOUT_S: Final = 30.0
"""Seconds without a byte after which a fetch is given up."""
PART_BYTES: Final = 1 << 20
_AWAY: Final = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError)

Progress = Callable[[int, int], None]
"""Takes the bytes that are here and the bytes of all jars."""


class Jar(NamedTuple):
    """One file of the broker."""

    maven_path: str
    """Its path in a repository of Maven's layout."""
    sha256: str
    bytes: int

    @property
    def file(self) -> str:
        """Its name in the folder."""
        return self.maven_path.rpartition("/")[2]


def jars() -> list[Jar]:
    """Return the jars of the broker, sorted by file: the order of the class path."""
    listed = json.loads(LIST.read_text("utf-8"))["jars"]
    return sorted((Jar(**one) for one in listed), key=lambda jar: jar.file)


def repository(chosen: str, settings_files: tuple[Path, ...] = SETTINGS_FILES) -> str:
    """Return the address of the repository: the chosen one, the user's mirror, or Maven Central.

    Args:
        chosen: Of ORDERMESH_MAVEN_URL; may be empty.
        settings_files: Maven's settings; the first mirror of ``central`` or ``*`` counts.

    Raises:
        StartError: A settings file cannot be read.
    """
    if chosen:
        return chosen.rstrip("/")
    for file in settings_files:
        if file.is_file() and (mirror := _mirror(file)):
            return mirror.rstrip("/")
    return MAVEN_CENTRAL


def _mirror(file: Path) -> str:
    try:
        root = ET.fromstring(file.read_text("utf-8"))  # noqa: S314  the user's own file
    except (OSError, ET.ParseError) as error:
        raise StartError(
            f"{file} is not a settings file of Maven ({error}): mend it, or set "
            "ORDERMESH_MAVEN_URL to a Maven repository"
        ) from error
    for mirror in root.iterfind(".//{*}mirrors/{*}mirror"):
        of = [one.strip() for one in (mirror.findtext("{*}mirrorOf") or "").split(",")]
        if "!central" not in of and ({"*", "central", "external:*"} & set(of)):
            return (mirror.findtext("{*}url") or "").strip()
    return ""


def fetch_jars(folder: Path, base: str, progress: Progress) -> list[Path]:
    """Fetch the jars that are missing or not as they should be; return all, sorted.

    Args:
        folder: Where they are kept, one file each.
        base: Address of a repository in Maven's layout.
        progress: Called when a jar has come.

    Raises:
        StartError: A jar cannot be had; the text says which, why, and what to do.
    """
    listed = jars()
    total = sum(jar.bytes for jar in listed)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        missing = [jar for jar in listed if not _is_right(folder / jar.file, jar)]
    except OSError as error:
        raise _no_folder(folder, error) from error
    here = total - sum(jar.bytes for jar in missing)
    with ThreadPoolExecutor(FETCHES_AT_ONCE) as pool:
        fetches = {pool.submit(_fetch, jar, folder, base): jar for jar in missing}
        try:
            for done in as_completed(fetches):
                done.result()
                here += fetches[done].bytes
                progress(here, total)
        finally:
            pool.shutdown(cancel_futures=True)
    return [folder / jar.file for jar in listed]


def _is_right(path: Path, jar: Jar) -> bool:
    return (
        path.is_file()
        and path.stat().st_size == jar.bytes
        and hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256
    )


def _fetch(jar: Jar, folder: Path, base: str) -> None:
    url = f"{base}/{jar.maven_path}"
    partial = folder / f".{jar.file}.{os.getpid()}"
    try:
        found = _download(url, partial, jar.bytes)
        if found != jar.sha256:
            raise StartError(
                f"{url} has SHA-256 {found}, should be {jar.sha256}: it is not the file that was "
                f"tried, so it is not used; set ORDERMESH_MAVEN_URL to another Maven repository"
            )
        partial.replace(folder / jar.file)
    except _AWAY as error:
        cause = getattr(error, "reason", "") or error
        raise StartError(
            f"cannot fetch {url}: {cause}. Set ORDERMESH_MAVEN_URL to a Maven repository that this "
            f"machine reaches, or copy the files named in {LIST} to {folder}"
        ) from error
    except OSError as error:
        raise _no_folder(folder, error) from error
    finally:
        partial.unlink(missing_ok=True)


def _download(url: str, to: Path, bytes_max: int) -> str:
    """Write what a URL has to a file, one byte more than it should have at most; return SHA-256."""
    digest, left = hashlib.sha256(), bytes_max + 1
    with (
        urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_S) as answer,  # noqa: S310  the user's URL
        to.open("wb") as file,
    ):
        while left and (part := answer.read(min(PART_BYTES, left))):
            left -= len(part)
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def _no_folder(folder: Path, error: OSError) -> StartError:
    if error.errno == errno.ENOSPC:
        mebibytes = sum(jar.bytes for jar in jars()) >> 20
        return StartError(f"no space left for the broker in {folder}: it takes {mebibytes + 1} MiB")
    return StartError(f"cannot write to {folder}: {error.strerror or error}")
