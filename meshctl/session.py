"""Who is logged in on this machine: the terminal's login in a private file."""

import json
from dataclasses import asdict
from pathlib import Path

from meshctl.stack.home import Home, write_private
from ordermesh_client import Session


class SessionFile:
    """Keeps the login of the terminal between commands."""

    def __init__(self, home: Home) -> None:
        self._path: Path = home.root / "cli" / "session.json"

    def load(self) -> Session | None:
        """Read the login; None when there is none."""
        try:
            values = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        values["accounts"] = tuple(values["accounts"])
        return Session(**values)

    def save(self, session: Session) -> None:
        """Keep the login, readable by its owner only."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._path, json.dumps(asdict(session)))

    def forget(self) -> None:
        """Drop the login."""
        self._path.unlink(missing_ok=True)
