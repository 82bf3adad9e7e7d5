"""The command line: ``python -m pronghorn info``, ``demo`` and ``bench``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from pronghorn import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: The words of the command line; None for those of the process.

    Returns:
        0 for success; the exit status otherwise.
    """
    options = _parser().parse_args(arguments)
    if options.command == "info":
        return _info()
    if options.command == "bench":
        from pronghorn._bench import short
        from pronghorn._bench.processors import processors

        return short.run(options.threads or processors(), options.json)
    from pronghorn import _demo

    return _demo.run(epochs=options.epochs, seed=options.seed, plot=options.plot)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pronghorn", description="Dense neural networks on CPUs, with Keras's interface."
    )
    parser.add_argument("--version", action="version", version=f"pronghorn {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="show version, instruction set, BLAS and threads")
    demo = commands.add_parser("demo", help="train a small network on handwritten digits")
    demo.add_argument("--epochs", type=_positive, default=30, help="passes over the data (30)")
    demo.add_argument("--seed", type=int, default=1, help="seed of all random numbers (1)")
    demo.add_argument("--plot", metavar="PNG", help="draw the learning curves (needs matplotlib)")
    bench = commands.add_parser(
        "bench", help="compare with the installed libraries on this machine"
    )
    bench.add_argument("--threads", type=_positive, help="of every library (all processors)")
    bench.add_argument("--json", metavar="FILE", help="write everything that was measured")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {number}")
    return number


def _info() -> int:
    from pronghorn import _engine

    info = _engine.info()
    rows = {
        "pronghorn": info["version"],
        "compiler": info["compiler"],
        "instruction sets": _listed(info["isas"]),
        "this CPU runs": _listed(info["supported_isas"]),
        "in use": info["isa"],
        "BLAS": f"{info['blas']} {info['blas_version']}".strip(),
        "threads": f"{info['threads']} ({os.cpu_count()} processors)",
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value}")
    return 0


def _listed(names: Any) -> str:
    return names if isinstance(names, str) else ", ".join(names)


if __name__ == "__main__":
    sys.exit(main())
