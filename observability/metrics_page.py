"""docs/METRICS.md: a table of all metrics, from their declarations."""

from pathlib import Path
from typing import Final

from mesh.telemetry import Declared
from observability.catalogue import ours

HEAD: Final = Path(__file__).with_name("metrics_head.md")
TABLE: Final = "| Metric | Type | Labels | What it says |\n|---|---|---|---|\n"


def page() -> str:
    """Return the page."""
    parts = [HEAD.read_text("utf-8")]
    for process, metrics in ours().items():
        parts += [
            f"\n## {process}\n\n",
            "| Metric | Type | Labels | What it says |\n|---|---|---|---|\n",
        ]
        parts += [_row(one) for one in metrics]
    return "".join(parts)


def _row(one: Declared) -> str:
    labels = ", ".join(f"`{label}`" for label in one.labels)
    return f"| `{one.name}` | {one.kind} | {labels} | {one.text.rstrip('.')} |\n"
