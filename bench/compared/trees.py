"""The tree of an older revision: a git worktree with an environment of its own, kept for reuse.

The folder is `~/.cache/ordermesh/bench/COMMIT`, or below `XDG_CACHE_HOME`. A tree may be removed
at any time with `git worktree remove --force`.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SET_UP_TIMEOUT_S = 1_800
GIT_TIMEOUT_S = 120
_BENCH = Path(__file__).parents[1]
_HERE = _BENCH.parent


class TreeError(Exception):
    """The tree of a revision cannot be made; the text says why."""


@dataclass(frozen=True)
class Tree:
    """A tree that can be measured."""

    name: str
    """Short, for tables."""
    folder: Path

    @property
    def python(self) -> Path:
        """Return the interpreter of the tree's own environment."""
        return self.folder / ".venv/bin/python"


def this_tree() -> Tree:
    """Return the tree of this bench, with what is not committed."""
    return Tree("here", _HERE)


def tree_of(revision: str) -> Tree:
    """Make the tree of a revision, or find it where an earlier run made it.

    Raises:
        TreeError: git does not know the revision, or the set-up of the tree failed.
    """
    commit = _git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    folder = trees_folder() / commit
    _git("worktree", "prune")
    if not (folder / ".git").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _git("worktree", "add", "--detach", "--force", str(folder), commit)
    # What is there already is not made again.
    _run("make", "--silent", "setup-dev", "web", folder=folder, timeout_s=SET_UP_TIMEOUT_S)
    return Tree(commit[:8], folder)


def trees_folder() -> Path:
    """Return the folder of all trees."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "ordermesh/bench"


def overlay(folder: Path) -> Path:
    """Make a folder in which the package `bench` of this tree comes before any other."""
    (folder / "bench").symlink_to(_BENCH)
    return folder


def _git(*words: str) -> str:
    return _run("git", *words, folder=_HERE, timeout_s=GIT_TIMEOUT_S)


def _run(*words: str, folder: Path, timeout_s: float) -> str:
    try:
        done = subprocess.run(
            words, cwd=folder, check=False, capture_output=True, text=True, timeout=timeout_s
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TreeError(f"{' '.join(words)}: {error}") from error
    if done.returncode:
        raise TreeError(f"{' '.join(words)}, in {folder}: {done.stderr.strip()}")
    return done.stdout.strip()
