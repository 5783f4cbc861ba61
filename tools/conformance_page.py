"""Write docs/CONFORMANCE.md from the conformance tests, or check that it is fresh.

Usage: python -m tools.conformance_page [--check]
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from conformance.cases import Case, load_cases

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "CONFORMANCE.md"
TESTS = ROOT / "tests" / "conformance"
DOMAIN = TESTS / "lifecycle" / "test_order_state_changes.py"
RACES = TESTS / "wire" / "test_amend_races.py"
RESENDS = TESTS / "wire" / "test_resends.py"
UNKNOWN = TESTS / "wire" / "test_unknown.py"

# The cases of FIX 4.4's order state change matrices, in our own words, and their number in FIX 4.2.
PUBLIC = {
    "A.1.a": ("filled, or rejected", "D1"),
    "A.1.b": ("part filled, done for the day", "D2"),
    "B.1.a": ("cancel, nothing filled", "D3"),
    "B.1.b": ("cancel, fills meanwhile", "D4"),
    "B.1.c": ("cancel, filled before it can be accepted", "D5"),
    "B.1.d": ("cancel before the acknowledgement", ""),
    "B.1.e": ("cancel and acknowledgement cross", ""),
    "B.1.f": ("cancel of an order the venue does not know", ""),
    "C.1.a": ("increase, nothing filled", "D6"),
    "C.1.b": ("increase, a fill while it is pending", "D7"),
    "C.1.c": ("increase of an order that is filled meanwhile", "D8"),
    "C.2.a": ("change of price, too late", "D9"),
    "C.3.a": ("decrease to more than is executed", "D10"),
    "C.3.b": ("decrease to what is executed", "D11"),
    "C.3.c": ("decrease to less than is executed", "D12"),
    "D.1.a": ("two replaces, both granted", "D13"),
    "D.1.b": ("the first refused at once, the second granted", "D14"),
    "D.1.c": ("the first refused once pending, the second granted", "D15"),
    "D.2.a": ("two at once, worked in turn", "D16"),
    "D.2.b": ("two at once, both pending before either is done", ""),
    "D.2.c": ("two at once, both refused", ""),
    "D.2.d": ("two at once, the second refused as the first is pending", "D17"),
    "E.1.a": ("order given by telephone", "D18"),
    "E.1.b": ("unsolicited cancel", "D19"),
    "E.1.c": ("unsolicited replacement", "D20"),
    "E.1.d": ("unsolicited reduction", "D21"),
    "E.1.e": ("unsolicited cancel of an order that is not the best", ""),
    "F.1.a": ("rejected as duplicate", "D22"),
    "F.1.b": ("repeated with PossResend(97)", "D31"),
    "F.1.c": ("rejected, because it was given by telephone before", "D23"),
    "G.1.a": ("status of an unknown order", "D24"),
    "G.1.b": ("status: nothing done", "D25"),
    "G.1.c": ("status throughout the life", "D26"),
    "H.1.a": ("good till cancelled, filled on the next day", "D27"),
    "H.1.b": ("good till cancelled, split two for one", "D28"),
    "H.1.c": ("good till cancelled, cancelled on the next day", "D29"),
    "H.1.d": ("good till cancelled, increased on the next day", "D30"),
    "I.1.a": ("fill or kill", "D32"),
    "I.1.b": ("immediate or cancel", "D33"),
    "J.1.a": ("filled, then corrections and busts", "D34"),
    "J.1.b": ("cancelled, then a bust and a new execution", "D35"),
    "J.1.c": ("good till cancelled, corrections of two days", "D36"),
    "K.1.a": ("halt, reinstated", ""),
    "K.1.b": ("halt, cancelled", ""),
    "L.1.a": ("execution guaranteed before it is done", "D37"),
    "L.1.b": ("quantity in cash, CashOrderQty(152)", ""),
}
NOT_COVERED: dict[str, str] = {}
LATER = {
    "E.1.f": "held at the venue, then activated: needs ExecType(150)=L, which FIX 4.4 does not "
    "have; such a report is parked on its order",
}
PARTLY = {
    "D.2.a, D.2.b, D.2.c": "with a cancel after a replace; a second replace is refused here until "
    "the first is answered (ORDER_CHANGE_PENDING), so the venue never has two replaces at once",
    "E.1.e": "the venue's cancel; the instruction (ExecInst(18)=Z) is not offered",
    "F.1.b": "from the venue to us; we never send PossResend(97)=Y: we ask about a command in "
    "doubt and do not repeat it",
    "H.1.b": "quantity and price restated; a restated CumQty(14) is an anomaly, because executions "
    "stay as they were",
}
INTRO = """\
# Conformance

This page lists the order state change matrices of FIX 4.4 (volume 4) that are tested, and further
tests of the life of an order. `python -m tools.conformance_page` generates it from the tests; a
test checks that it is fresh.

*Over the wire*: scripts in `conformance/cases/`, each a test of the name given here.
Client, svc_oms on PostgreSQL, svc_gateway and QuickFIX are real, and all scripts use one order
path; the script gives the reports of the venue. The client's view is compared line by line: state,
CumQty(14), LeavesQty(151), the sum of the executions, and that there is no anomaly unless the
script says so. *Domain*: `tests/conformance/lifecycle`, the same matrices for the pure functions
alone.

We deviate from the matrices on purpose in four points: a closed state shows through a pending
request, an order that is executed in full while an increase of it has no answer is not closed, an
order done for the day keeps its leaves, and one replace is in flight at a time
([LIFECYCLE.md](LIFECYCLE.md)).
"""
FIX_4_2 = """\
## FIX 4.2

ExecTransType(20) is not supported, so the matrices of FIX 4.2 are tested in their 4.4 form, under
the numbers in the table: 20=1 is ExecType(150)=H, 20=2 is G, 20=3 is I, and ExecType(150)=1 and 2
are F. A venue with FIX 4.2 needs a converter.
"""


def tests_of(path: Path) -> list[tuple[str, str]]:
    """Return name and docstring of every test in a file."""
    tree = ast.parse(path.read_text("utf-8"))
    return [
        (node.name, " ".join((ast.get_docstring(node) or "").split()))
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]


def numbers_of(name: str) -> Iterator[str]:
    """Yield the case numbers a test's name carries: test_i_1_a_b_... has two."""
    found = re.match(r"test_([a-l])_(\d)_([a-z])(?:_([a-z]))?_", name)
    if found:
        group, number, first, second = found.groups()
        yield f"{group.upper()}.{number}.{first}"
        if second and f"{group.upper()}.{number}.{second}" in PUBLIC:
            yield f"{group.upper()}.{number}.{second}"


def render() -> str:
    """Return the page."""
    cases, domain = load_cases(), tests_of(DOMAIN)
    by_number: dict[str, list[str]] = {number: [] for number in PUBLIC}
    for case in cases:
        if case.fix:
            assert case.fix42 == PUBLIC[case.fix][1], case.name
            by_number[case.fix].append(case.name)
    in_domain = dict.fromkeys(PUBLIC, 0)
    for name, _ in domain:
        for number in set(numbers_of(name)):
            in_domain[number] += 1
    covered = [number for number in PUBLIC if by_number[number]]
    missing = set(PUBLIC) - set(covered)
    assert missing == set(NOT_COVERED), f"{missing} differs from NOT_COVERED: {set(NOT_COVERED)}"
    count = (
        f"**{len(covered)} of {len(PUBLIC)} public cases, by {len(cases)} scripts over the wire "
        f"and {len(domain)} tests of the domain; {races()} crossings of amends.**\n"
    )
    lines = [
        INTRO,
        count,
        *_matrix(by_number, in_domain),
        *_beyond(cases),
        *_named("Amend races", "Every amend crosses every event that it can meet.", RACES),
        *_named("Resends", "Reports sent during a cut come once, in order.", RESENDS),
        *_named("How UNKNOWN ends", "A timeout is never a reject.", UNKNOWN),
        *_missing(),
        FIX_4_2,
    ]
    return "\n".join(lines)


def races() -> int:
    """Count the product of crossings."""
    from tests.conformance.wire.test_amend_races import races as product

    return len(product())


def _matrix(by_number: dict[str, list[str]], in_domain: dict[str, int]) -> Iterator[str]:
    yield "## The matrices\n"
    yield "| Case | What happens | FIX 4.2 | Over the wire | Domain |\n|---|---|---|---|---|"
    for number, (title, older) in PUBLIC.items():
        names = "<br>".join(f"`test_{name}`" for name in by_number[number]) or "not covered"
        yield f"| {number} | {title} | {older} | {names} | {in_domain[number] or ''} |"
    yield ""


def _beyond(cases: list[Case]) -> Iterator[str]:
    yield "## Beyond the matrices\n"
    yield "| Test | What it shows |\n|---|---|"
    for case in cases:
        if not case.fix:
            yield f"| `test_{case.name}` | {case.shows} |"
    yield ""


def _named(title: str, sentence: str, path: Path) -> Iterator[str]:
    yield f"## {title}\n\n{sentence} `{path.relative_to(ROOT)}`:\n"
    for name, words in tests_of(path):
        yield f"- `{name}`" + (f": {words}" if words else "")
    yield ""


def _missing() -> Iterator[str]:
    if NOT_COVERED:
        yield "## Not covered\n"
        yield from (f"- **{number}**: {why}." for number, why in NOT_COVERED.items())
    yield "## Not tested, or tested in part\n\nOf FIX 5.0 SP2, so not counted:\n"
    yield from (f"- **{number}**: {why}." for number, why in LATER.items())
    yield "\nIn part:\n"
    yield from (f"- **{number}**: {why}." for number, why in PARTLY.items())
    yield ""


def main(words: list[str] | None = None) -> int:
    """Write the page, or with --check compare it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    page = render()
    if parser.parse_args(words).check:
        return 0 if PAGE.read_text("utf-8") == page else 1
    PAGE.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
