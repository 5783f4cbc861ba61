"""What is generated here, by path."""

from pathlib import Path
from typing import Final

from observability import cluster, metrics_page, slo
from observability.boards.build import boards

ROOT: Final = Path(__file__).parent.parent
HERE: Final = ROOT / "observability"


def files() -> dict[Path, str]:
    """Return every generated file with its text."""
    return {
        ROOT / "docs" / "METRICS.md": metrics_page.page(),
        HERE / "rules" / "slo.yml": slo.rules(),
        **{HERE / "dashboards" / f"{name}.json": text for name, text in boards().items()},
        **{
            ROOT / "k8s/components/monitoring" / name: text
            for name, text in cluster.files().items()
        },
    }
