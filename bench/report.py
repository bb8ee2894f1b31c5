"""Writes docs/benchmarks.md and docs/plots/*.svg from bench/results.json, without measuring anything.

.venv-bench/bin/python -m bench.report
"""

from bench import plots, tables
from bench.lineup import ROOT
from bench.results import load

DOCS = ROOT / "docs"


def main() -> None:
    """Write the tables and plots of all measured parts."""
    parts = load()
    written = DOCS / "benchmarks.md"
    written.write_text(tables.document(parts))
    print(f"{written.relative_to(ROOT)}, {', '.join(plots.draw(parts, DOCS / 'plots'))}")


if __name__ == "__main__":
    main()
