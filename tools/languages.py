"""Generate the contracts in every language whose toolchain is here, and say which are left out.

Usage: python -m tools.languages FOLDER

`tools/languages.yaml` pins the generators; they are kept in the folder `.tools` of FOLDER.
`make gen` writes Python, TypeScript and Go, which are committed. The package
`ordermesh.oms.internal.v1` is of svc_oms alone and is left out.
"""

import argparse
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
LIST: Final = ROOT / "tools/languages.yaml"
BUF: Final = ROOT / ".venv/bin/buf"
COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
STORED: Final = "ordermesh.oms.internal.v1"
FETCH_S_MAX: Final = 600


@dataclass(frozen=True)
class Language:
    """A language: what fetches its generators, and how they are called."""

    name: str
    needs: str
    plugins: list[dict[str, Any]]
    maven_tools: tuple[str, ...] = ()

    @property
    def missing(self) -> str:
        """Why it is left out here, in words; empty: it is not."""
        return "" if shutil.which(self.needs) else f"there is no {self.needs} here"

    def generate(self, folder: Path) -> Path:
        """Write the contracts in this language. Returns where."""
        tools, out = folder / ".tools", folder / self.name
        tools.mkdir(parents=True, exist_ok=True)
        out.mkdir(exist_ok=True)
        for artifact in self.maven_tools:
            fetch(artifact, tools)
        plugins = [
            {key: _placed(value, tools) for key, value in plugin.items()}
            | {"exclude_types": [STORED]}
            for plugin in self.plugins
        ]
        template = folder / f"{self.name}.yaml"
        template.write_text(yaml.safe_dump({"version": "v2", "plugins": plugins}), "utf-8")
        run([str(BUF), "generate", "--template", str(template), "-o", str(out)])
        return out


def languages() -> list[Language]:
    """Every language of the list."""
    document = yaml.safe_load(LIST.read_text("utf-8"))
    return [Language(name, **what) for name, what in document.items()]


def fetch(artifact: str, folder: Path) -> None:
    """Bring a Maven artifact into a folder, ready to run."""
    run(["mvn", "-q", "-B", COPY, f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"])
    for path in folder.glob("*.exe"):
        path.chmod(0o755)


def run(command: list[str]) -> None:
    """Run a command that must succeed; its output is shown if it does not."""
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=FETCH_S_MAX
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def _placed(value: Any, tools: Path) -> Any:
    return value.replace("{tools}", str(tools)) if isinstance(value, str) else value


def main() -> int:
    """Generate all that can be generated here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder.resolve()
    for language in languages():
        if language.missing:
            print(f"{language.name} is left out: {language.missing}")
            continue
        files = [path for path in language.generate(folder).rglob("*") if path.is_file()]
        print(f"{language.name}: {len(files)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
