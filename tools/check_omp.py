"""Checks that each OpenMP parallel region names its thread count.

A region without `num_threads` takes whatever the process was set to, behind the back of the
engine's own choice. Prints each violation; the exit code is 1 if there is one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("cpp", "tests/cpp", "benchmarks/native")
PRAGMA = re.compile(r'#\s*pragma\s+omp\s[^\n]*|_Pragma\s*\(\s*"omp\s[^"]*"')


def violations(text: str) -> Iterator[tuple[int, str]]:
    """Yields line and text of each parallel pragma in a source that lacks `num_threads`."""
    # Line continuations become blanks of the same length, so that positions stay true.
    joined = text.replace("\\\n", " \v")
    for match in PRAGMA.finditer(joined):
        pragma = match.group()
        if re.search(r"\bparallel\b", pragma) and not re.search(r"\bnum_threads\s*\(", pragma):
            line = len(re.findall(r"[\n\v]", joined[: match.start()])) + 1
            yield line, " ".join(pragma.split())


def main() -> int:
    """Prints the violations."""
    found = 0
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in {".cpp", ".hpp"}:
                continue
            for line, pragma in violations(path.read_text()):
                print(f"{path.relative_to(ROOT)}:{line}: {pragma}: name num_threads(...)")
                found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
