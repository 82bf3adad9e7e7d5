"""Command line: ``python -m benchmarks.overheads --help``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pronghorn._bench import machine

from . import calls, options, prediction, scaling
from .figure import Figure

PROBES: dict[str, Callable[[], Iterator[Figure]]] = {
    "one_row": calls.one_row,
    "one_epoch": calls.one_epoch,
    "importing": calls.importing,
    "batches": prediction.batches,
    "two_callers": prediction.two_callers,
    "reporting": options.reporting,
    "layers": options.layers_and_clipping,
    "validation": options.validation,
    "conversion": options.conversion,
    "busy": scaling.busy_neighbours,
    "rows": scaling.many_rows,
    "memory": scaling.memory,
}


def _table(figures: Sequence[Figure]) -> str:
    lines = ["| figure | measured | target | |", "|---|---|---|---|"]
    for f in figures:
        verdict = "held" if f.held else "not held"
        lines.append(f"| {f.name} | {f.value:.3g} {f.unit} | {f.target_text} | {verdict} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.overheads",
        description="Measures what calls, options and circumstances cost, each against a target.",
    )
    parser.add_argument("probes", nargs="*", metavar="PROBE", help=f"of {', '.join(PROBES)}")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.probes) - set(PROBES)
    if unknown:
        parser.error(f"unknown probes {sorted(unknown)}; there are {', '.join(PROBES)}")
    figures = []
    for name in arguments.probes or PROBES:
        for figure in PROBES[name]():
            figures.append(figure)
            verdict = "held" if figure.held else "NOT HELD"
            extra = f"  {figure.detail}" if figure.detail else ""
            shown = f"{figure.value:.3g} {figure.unit}"
            print(f"{figure.name}: {shown} ({figure.target_text}): {verdict}{extra}", flush=True)
    table = _table(figures)
    print("\n" + table)
    if arguments.markdown:
        arguments.markdown.write_text(table)
    if arguments.json:
        document = {
            "machine": machine.describe(0, "float32"),
            "figures": [figure.as_json() for figure in figures],
        }
        arguments.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
