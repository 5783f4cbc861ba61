"""The cases of `cases/*.yaml`, as values."""

from dataclasses import dataclass
from pathlib import Path

import yaml

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """A case of a file."""

    name: str
    group: str
    fix: str
    fix42: str
    shows: str
    steps: tuple[dict[str, str], ...]


def load_cases(folder: Path = CASES) -> list[Case]:
    """Read every case, in the order of the files."""
    cases = []
    for path in sorted(folder.glob("*.yaml")):
        page = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        cases += [
            Case(
                case["name"], page["group"], str(case.get("fix", "")), str(case.get("fix42", "")),
                " ".join(case["shows"].split()), tuple(case["steps"]),
            )
            for case in page["cases"]
        ]  # fmt: skip
    return cases
