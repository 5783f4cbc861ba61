"""The clients of the tree and their drivers, from `clients.yaml`."""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

ROOT: Final = Path(__file__).parents[3]
LIST: Final = Path(__file__).parents[1] / "clients.yaml"


@dataclass(frozen=True)
class Client:
    """A client: where its driver runs, and how.

    Attributes:
        name: Name in the table.
        folder: Where both commands run, from the root of the tree.
        needs: A program without which it cannot be run.
        driver: Command of the driver.
        build: Command that makes the driver; empty: nothing to make.
    """

    name: str
    folder: str
    needs: str
    driver: list[str]
    build: list[str] = field(default_factory=list)

    @property
    def missing(self) -> str:
        """Why the client cannot run here, in words; empty: it can."""
        if shutil.which(self.needs) is None:
            return f"there is no {self.needs} here"
        return ""

    def make(self) -> None:
        """Build the driver. Raises CalledProcessError with what the build printed."""
        if self.build:
            subprocess.run(self.build, cwd=ROOT / self.folder, check=True)


def listed() -> list[Client]:
    """Every client of the tree, in the order of the table."""
    document = yaml.safe_load(LIST.read_text("utf-8"))
    return [
        Client(name, **what)
        for name, what in document.items()
        if (ROOT / "clients" / name).is_dir()
    ]
