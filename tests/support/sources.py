"""The project's own source files, for tests about them."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "kernel",
    "fix",
    "mesh",
    "eventlog",
    "svc_oms",
    "svc_gateway",
    "svc_marketdata",
    "svc_identity",
    "svc_relay",
    "svc_archive",
    "event_archive",
    "svc_notify",
    "sim_exchange",
    "conformance",
    "meshctl",
    "edge",
    "deploy",
)


@cache
def own_files(*endings: str) -> tuple[Path, ...]:
    """Files of ours with these endings, relative to the root; not gen/, not what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607  # found by PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    paths = (Path(line) for line in listed if not line.startswith("gen/"))
    return tuple(path for path in paths if path.name.endswith(endings) and (ROOT / path).exists())


def package_files() -> list[Path]:
    """Python files that run in a process of the mesh, in its command or in a client."""
    return [
        path
        for path in own_files(".py")
        if path.parts[0] in PACKAGES or path.is_relative_to("clients/python/src")
    ]


@cache
def text_of(path: Path) -> str:
    """A file's text."""
    return (ROOT / path).read_text("utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    """A Python file's syntax tree."""
    return ast.parse(text_of(path), str(path))


@cache
def calls_of(path: Path) -> list[tuple[int, str]]:
    """Line and dotted name of every call in a Python file."""
    return [
        (node.lineno, ast.unparse(node.func))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
    ]


@cache
def imports_of(path: Path) -> list[tuple[int, str]]:
    """Line and module of every import in a Python file."""
    found = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.lineno, node.module))
    return found
