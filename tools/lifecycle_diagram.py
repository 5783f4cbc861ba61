"""Draws docs/LIFECYCLE.md's diagram and matrix from the transition table.

`python -m tools.lifecycle_diagram` rewrites the parts between the markers;
`--check` only checks whether they are fresh (exit code 1 if not).
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from svc_oms.domain.lifecycle import (
    INITIAL,
    LOCAL,
    OVERLAYS,
    TABLE,
    TERMINAL,
    Cell,
    EventKind,
    OrderState,
    Rule,
)

PAGE = Path(__file__).parent.parent / "docs" / "LIFECYCLE.md"

AT_VENUE = [state for state in OrderState if state not in TERMINAL | OVERLAYS | LOCAL]
GROUPS = {
    "at_venue": ("At the venue", AT_VENUE),
    "overlay": ("Waiting for an answer", sorted(OVERLAYS)),
    "ours": ("In the OMS only", sorted(LOCAL)),
}
BY_QUANTITIES = {Rule.BY_LEAVES, Rule.WORKING, Rule.REOPEN}

# The text of each rule in the matrix; a state is written with its name.
SIGNS: dict[Cell | None, str] = {
    None: "",
    Rule.STAY: "·",
    Rule.BY_LEAVES: "leaves",
    Rule.WORKING: "works",
    Rule.REOPEN: "works!",
    Rule.BENEATH: "beneath",
    Rule.RESUME: "resume",
    Rule.ONWARD: "onward",
}


def diagram() -> str:
    """Return the state diagram in Mermaid."""
    lines = ["```mermaid", "stateDiagram-v2", "    direction TB"]
    lines += [f"    [*] --> {state.name} : accepted" for state in sorted(INITIAL)]
    for name, (title, states) in GROUPS.items():
        lines.append(f'    state "{title}" as {name} {{')
        lines += [f"        {state.name}" for state in states]
        lines.append("    }")
    lines += ["    state by_quantities <<choice>>", "    state onward <<choice>>"]
    for source, target, kinds in _edges():
        words = ", ".join(kind.name.lower().replace("_", " ") for kind in kinds)
        lines.append(f"    {source} --> {target} : {words}")
    lines += [
        "    by_quantities --> NEW : nothing executed",
        "    by_quantities --> PARTIALLY_FILLED : executed in part",
        "    by_quantities --> FILLED : nothing left",
        "    onward --> AWAITING_TRIGGER : waits for something else",
        "    onward --> PENDING_NEW : goes to the venue",
    ]
    lines += [f"    {state.name} --> [*]" for state in sorted(TERMINAL)]
    return "\n".join([*lines, "```"])


def _edges() -> Iterator[tuple[str, str, list[EventKind]]]:
    """Yield arrows: arrows that all states of a group share start at the group."""
    shared: dict[OrderState, set[EventKind]] = {}
    for name, (_, states) in GROUPS.items():
        common = {
            kind
            for kind, cell in TABLE[states[0]].items()
            if all(TABLE[state].get(kind) is cell for state in states)
        }
        shared |= dict.fromkeys(states, common)
        yield from _arrows(name, states[0], common)
    for state in OrderState:
        yield from _arrows(state.name, state, set(TABLE[state]) - shared.get(state, set()))


def _arrows(
    source: str, state: OrderState, wanted: set[EventKind]
) -> Iterator[tuple[str, str, list[EventKind]]]:
    found: dict[str, list[EventKind]] = {}
    for kind, cell in sorted(TABLE[state].items()):
        target = _target(state, cell)
        if target and target != source and kind in wanted:
            found.setdefault(target, []).append(kind)
    for target, kinds in found.items():
        yield source, target, kinds


def _target(state: OrderState, cell: Cell) -> str:
    """Return the target of an arrow; "" if the event changes no state."""
    if isinstance(cell, OrderState):
        return cell.name
    if cell in BY_QUANTITIES:
        return "by_quantities"
    if cell is Rule.ONWARD:
        return "onward"
    # Answers end an overlay, and facts change the state under it.
    return "at_venue" if state in OVERLAYS and cell is Rule.RESUME else ""


def matrix() -> str:
    """Return the whole table: a line for each kind, a column for each state."""
    states = list(OrderState)
    lines = [
        "| | " + " | ".join(state.name.replace("_", " ") for state in states) + " |",
        "|---|" + "---|" * len(states),
    ]
    for kind in EventKind:
        if kind is EventKind.ACCEPTED:
            continue
        cells = [_sign(TABLE[state].get(kind)) for state in states]
        lines.append(f"| **{kind.name.replace('_', ' ')}** | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _sign(cell: Cell | None) -> str:
    return cell.name.replace("_", " ") if isinstance(cell, OrderState) else SIGNS[cell]


def render(page: str) -> str:
    """Return the page with its generated parts drawn again.

    Raises:
        ValueError: A marker is missing.
    """
    for name, draw in (("diagram", diagram), ("matrix", matrix)):
        begin, end = f"<!-- begin generated {name} -->", f"<!-- end generated {name} -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the page needs the markers {begin} and {end}")
        page = f"{before}{begin}\n\n{draw()}\n\n{end}{after}"
    return page


def main(arguments: list[str]) -> int:
    """Write the page, or check it; return the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    fresh = render(page)
    if "--check" in arguments:
        if page != fresh:
            print(f"{PAGE.name} is stale: run python -m tools.lifecycle_diagram")
            return 1
        return 0
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
