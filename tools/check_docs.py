"""Runs what the documentation shows: Python blocks, guides, and the examples.

Each runs in a process and an empty folder of its own, so none leans on another; the blocks of a
guide are one program. Examples that have a quick form run in that. The exit code is 1 if one fails.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def programs() -> list[tuple[str, str]]:
    """Name and source of every program that the documentation shows."""
    found = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        name, blocks = str(page.relative_to(ROOT)), BLOCK.findall(page.read_text())
        if page.parent.name == "guides":
            found.append((name, "\n".join(blocks)))
            continue
        for number, source in enumerate(blocks, 1):
            found.append((f"{name}, block {number}", source))
    for path in sorted((ROOT / "examples").glob("*.py")):
        found.append((str(path.relative_to(ROOT)), path.read_text()))
    return found


def main() -> int:
    """Runs the programs and prints how each ended."""
    failures = 0
    env = {**os.environ, "MPLBACKEND": "Agg"}
    for name, source in programs():
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "program.py"
            script.write_text(source)
            quick = ["--quick"] if '"--quick"' in source else []
            done = subprocess.run(
                [sys.executable, "-W", "error", script.name, *quick],
                cwd=folder,
                env=env,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        print(f"{'ok' if done.returncode == 0 else 'FAILED'}: {name}")
        if done.returncode:
            failures += 1
            print(done.stdout)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
