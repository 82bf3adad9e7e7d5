"""Command line: ``python -m benchmarks.performance --help``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pronghorn._bench import machine
from pronghorn._bench.processors import processors

from . import growth, results, roofline, steps

_ROOT = Path(__file__).resolve().parents[2]


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.performance", description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    for what in ("steps", "growth"):
        command = commands.add_parser(what)
        command.add_argument("json", type=Path, metavar="FILE.json")
        command.add_argument("--threads", type=int, nargs="+", default=[1, processors()])
    write = commands.add_parser("write", help="RESULTS.md and docs/roofline.svg from JSON files")
    write.add_argument("json", type=Path, nargs="+", metavar="FILE.json")
    write.add_argument("--note", default="", help="what a reader must know of this run")
    return parser.parse_args(argv)


def _write(documents: list[dict[str, Any]], note: str) -> None:
    (_ROOT / "benchmarks" / "RESULTS.md").write_text(results.markdown(documents, note))
    roofs = [
        d for d in documents if d.get("mode") == "train" and d["machine"]["dtype"] == "float32"
    ]
    if roofs:
        (_ROOT / "docs").mkdir(exist_ok=True)
        roofline.draw(_ROOT / "docs" / "roofline.svg", roofs)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _arguments(argv)
    if arguments.what == "write":
        _write([json.loads(path.read_text()) for path in arguments.json], arguments.note)
        return 0
    module = steps if arguments.what == "steps" else growth
    rows = [row for threads in dict.fromkeys(arguments.threads) for row in module.measure(threads)]
    document = {
        "what": arguments.what,
        "machine": machine.describe(max(arguments.threads), "float32"),
        "rows": rows,
    }
    arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    print(module.markdown(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
