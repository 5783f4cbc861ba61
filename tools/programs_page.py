"""Write the table of reasons in docs/PROGRAMS.md from the contract, or check that it is fresh.

Usage: python -m tools.programs_page [--check]
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mesh.errors import ERROR_TABLE, retry_class_name

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs/PROGRAMS.md"
CONTRACT: Final = ROOT / "proto/ordermesh/type/v1/error.proto"
BEGIN: Final = "<!-- reasons: written by `python -m tools.programs_page` -->"
END: Final = "<!-- end of reasons -->"
# Said again in the columns of the table.
SAID: Final = re.compile(
    r"\s*(?:retryable(?: with a new key)?|fix-input|not-allowed|wait-until)\."
    r"(?:\s*(?:OrdRejReason\(103\)|CxlRejReason\(102\))=\d+\.)*$"
)


def comments() -> Iterator[tuple[str, str]]:
    """Each reason of the contract with its comment, on one line."""
    said: list[str] = []
    for line in CONTRACT.read_text("utf-8").splitlines():
        if line.strip().startswith("//"):
            said.append(line.strip(" /"))
            continue
        found = re.match(r"\s+ERROR_REASON_(\w+) = [1-9]", line)
        if found:
            yield found[1], " ".join(said)
        said = []


def table() -> str:
    """The reasons as Markdown."""
    rows = ["| reason | status | retry class | when |", "|---|---|---|---|"]
    for reason, comment in comments():
        rule = ERROR_TABLE[reason]
        words = SAID.sub("", comment)
        kind = retry_class_name(rule.retry_class)
        rows.append(f"| `{reason}` | {rule.code.name} | {kind} | {words} |")
    return "\n".join(rows)


def main(arguments: list[str]) -> int:
    """Write the table, or say whether it is fresh."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args(arguments).check
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    fresh = f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"
    if check:
        return int(page != fresh)
    PAGE.write_text(fresh, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
