"""Command line: ``python -m benchmarks.recorded --help``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from pronghorn._bench import machine, report, rounds
from pronghorn._bench.processors import processors
from pronghorn._bench.registry import STEPPERS
from pronghorn._bench.workloads import WORKLOADS

_WORKLOADS = ("tiny", "rl", "mnist128", "tabular", "mnist512", "large")
_PEER = "torch"


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recorded",
        description="Compares steps with Python of the user's own with PyTorch's plain loop.",
    )
    parser.add_argument(
        "--workloads", nargs="+", metavar="W", choices=list(WORKLOADS), default=list(_WORKLOADS)
    )
    parser.add_argument("--ways", nargs="+", choices=list(STEPPERS), default=list(STEPPERS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2, help="of one round of one way")
    parser.add_argument("--threads", type=int, default=processors())
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--json", type=Path, metavar="FILE", help="added to, if it is there")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    return parser.parse_args(argv)


def table(measurements: list[rounds.Measurement]) -> str:
    """Microseconds of a step, and how many times PyTorch's speed that is."""
    ways = list(dict.fromkeys(m.peer for m in measurements))
    own = [way for way in ways if way != _PEER]
    heads = [f"{way}, µs" for way in ways]
    if _PEER in ways:
        heads += [f"{way} / {_PEER}" for way in own]
    lines = ["| workload | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for case, group in report.by_case(measurements).items():
        rates = {m.peer: m.rate for m in group}
        size = 1e6 * WORKLOADS[case].batch_size
        cells = [f"{size / rate:.4g}" if rate else "–" for rate in map(rates.get, ways)]
        if _PEER in ways:
            peer = rates[_PEER]
            cells += [f"{(rates[w] or 0) / peer:.2f}×" if peer else "–" for w in own]
        lines.append(f"| {case} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _arguments(argv)
    peers = [STEPPERS[way] for way in arguments.ways]
    missing = {peer.name: peer.missing() for peer in peers if peer.missing()}
    for name, packages in missing.items():
        print(f"not measured: {name} (not installed: {', '.join(packages)})")
    settings = rounds.Settings(
        arguments.rounds, arguments.seconds, arguments.threads, arguments.dtype
    )
    measurements = rounds.train(
        [peer for peer in peers if peer.name not in missing],
        [WORKLOADS[name] for name in arguments.workloads],
        settings,
        mode="steps",
    )
    description = machine.describe(settings.threads, settings.dtype)
    for case, group in report.by_case(measurements).items():
        before = rounds.initial_loss(WORKLOADS[case], settings.dtype)
        for m in rounds.outliers(group, before):
            print(f"WARNING: {case}: {m.peer} did not learn like the others")
    for m in measurements:
        if m.failure:
            print(f"FAILED: {m.case}: {m.peer}: {m.failure}")
    text = table(measurements)
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text(text)
    if arguments.json:
        report.write_json(arguments.json, description, measurements, missing, "steps")
    return 1 if any(m.failure for m in measurements) else 0


if __name__ == "__main__":
    raise SystemExit(main())
