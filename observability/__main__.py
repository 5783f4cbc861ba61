"""Write docs/METRICS.md, the rules of objectives and the dashboards; `--check` compares them."""

import sys

from observability.generated import files


def main(arguments: list[str]) -> int:
    """Write what is generated, or check that it is fresh; return the exit code."""
    stale = [
        path
        for path, text in files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        for path in stale:
            print(f"{path} is stale: run python -m observability")
        return bool(stale)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files()[path], encoding="utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
