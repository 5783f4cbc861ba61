"""The table of who passes what, on the terminal and in `docs/CLIENTS.md`."""

from typing import Final

from client_kit.case import Case
from client_kit.clients import ROOT
from client_kit.run import Outcome

PAGE: Final = ROOT / "docs/CLIENTS.md"
BEGIN: Final = "<!-- table: written by `python -m client_kit --write` -->"
END: Final = "<!-- end of table -->"


def table(cases: list[Case], results: dict[str, list[Outcome]]) -> str:
    """The table as Markdown: a row for a case, a column for a client."""
    passed = {
        name: {outcome.case: not outcome.differences for outcome in outcomes}
        for name, outcomes in results.items()
    }
    rows = [["case", "what it says", *results], ["---"] * (2 + len(results))]
    for case in cases:
        marks = ["yes" if passed[name].get(case.name) else "**no**" for name in results]
        rows.append([f"`{case.name}`", case.says, *marks])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def page_table() -> str:
    """The table that the page has now."""
    return PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def write_page(cases: list[Case], results: dict[str, list[Outcome]]) -> None:
    """Replace the table of the page."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table(cases, results)}\n{END}{after}", "utf-8")
