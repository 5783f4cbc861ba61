"""Who is logged in on this machine: the terminal's logins, a private file each.

Several users may be logged in. One login is the current one, which commands use; `--as USER` uses
another one.
"""

import json
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote, unquote

from meshctl.stack.home import Home, write_private
from ordermesh_client import Session


class SessionFile:
    """Keeps one login of the terminal between commands."""

    def __init__(self, home: Home, username: str = "") -> None:
        """Name the login.

        Args:
            home: Folder of the stack.
            username: Whose login; the current one if empty.
        """
        self._folder = home.root / "cli"
        self._username = username
        self._take_over_old_file()

    def load(self) -> Session | None:
        """Read the login; None when there is none."""
        username = self._username or self.current()
        return _read(self._file(username)) if username else None

    def save(self, session: Session) -> None:
        """Keep the login, readable by its owner only; the first one is the current one."""
        path = self._file(session.username)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, json.dumps(asdict(session)))
        if not self.current():
            self.choose(session.username)

    def choose(self, username: str) -> None:
        """Make a login the current one."""
        write_private(self._folder / "current", username)

    def forget(self) -> None:
        """Drop the login."""
        username = self._username or self.current()
        self._file(username).unlink(missing_ok=True)
        if username == self.current():
            (self._folder / "current").unlink(missing_ok=True)

    def current(self) -> str:
        """Return whose login is the current one; empty when there is none."""
        try:
            return (self._folder / "current").read_text("utf-8")
        except FileNotFoundError:
            return ""

    def usernames(self) -> list[str]:
        """Return everybody who is logged in here."""
        return sorted(unquote(path.stem) for path in self._folder.glob("logins/*.json"))

    def _file(self, username: str) -> Path:
        return self._folder / "logins" / f"{quote(username, safe='')}.json"

    def _take_over_old_file(self) -> None:
        """Keep the login of the time when there was one per home."""
        old = self._folder / "session.json"
        session = _read(old)
        if session is not None:
            self.save(session)
            old.unlink(missing_ok=True)


def _read(path: Path) -> Session | None:
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    values["accounts"] = tuple(values["accounts"])
    return Session(**values)
