"""Command line: ``python -m benchmarks.sweep --help``."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pronghorn._bench import machine, rounds
from pronghorn._bench.processors import processors
from pronghorn._bench.registry import TRAINERS
from pronghorn._bench.report import best_peer, by_case, ratio

from . import cliffs, plots
from .nets import describe, random_workload

_PEERS = ("pronghorn", "torch-fused", "torch-compiled", "jax-scan")
_QUICK_PEERS = ("pronghorn", "torch-fused", "jax-scan")
_CLIFF = 1.15


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("what", choices=("nets", "cliffs"))
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="nets: default 0")
    parser.add_argument("--count", type=int, default=60, help="nets: how many; default 60")
    parser.add_argument("--peers", nargs="+", metavar="P", choices=list(TRAINERS))
    parser.add_argument("--kinds", nargs="+", metavar="K", help="cliffs: default all")
    parser.add_argument("--rounds", type=int, help="nets: default 7; cliffs: default 15")
    parser.add_argument("--threads", type=int, default=processors())
    parser.add_argument("--quick", action="store_true", help="fewer, shorter rounds; fewer peers")
    parser.add_argument("--json", type=Path, metavar="FILE", help="added to, if it is there")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    return parser.parse_args(argv)


def _nets(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    names = arguments.peers or (_QUICK_PEERS if arguments.quick else _PEERS)
    peers = [TRAINERS[name] for name in names if not TRAINERS[name].missing()]
    rows: list[dict[str, Any]] = []
    seeds = range(arguments.first, arguments.first + arguments.count)
    nets = [random_workload(seed) for seed in seeds]
    for dtype in ("float32", "float64"):  # a process keeps its dtype
        settings = rounds.Settings(
            rounds=arguments.rounds or (3 if arguments.quick else 7),
            seconds=0.06 if arguments.quick else 0.25,
            threads=arguments.threads,
            dtype=dtype,
        )
        chosen = {net.name: net for net, kind in nets if kind == dtype}
        if not chosen:
            continue
        for case, group in by_case(rounds.train(peers, chosen.values(), settings)).items():
            best = best_peer(group)
            rows.append(
                {
                    "seed": int(case),
                    "net": describe(chosen[case], dtype),
                    "flops_per_sample": chosen[case].flops_per_sample,
                    "ratio": ratio(group),
                    "best": best.peer if best else None,
                    "losses": {m.peer: m.check for m in group},
                    "rates": {m.peer: m.rates for m in group},
                    "failures": {m.peer: m.failure for m in group if m.failure},
                }
            )
            print(_net_line(rows[-1]), flush=True)
    return rows


def _net_line(row: dict[str, Any]) -> str:
    times = ", ".join(
        f"{peer} {statistics.median(rates):,.0f}" for peer, rates in row["rates"].items() if rates
    )
    mark = "LOST " if row["ratio"] is not None and row["ratio"] < 1 else ""
    quotient = f"{row['ratio']:.2f}×" if row["ratio"] else "–"
    return f"{mark}{row['seed']:02d} {quotient} {row['net']}: {times}"


def _cliffs(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    number = arguments.rounds or (5 if arguments.quick else 15)
    pronghorn_threads(arguments.threads)
    for pair in cliffs.measure(number, arguments.kinds):
        rows.append(pair.as_json())
        mark = "CLIFF " if pair.excess > _CLIFF else ""
        print(
            f"{mark}{pair.kind} {pair.size} -> {pair.size + 1}: {pair.seconds * 1e9:.1f} ns a "
            f"sample, then {pair.next_seconds * 1e9:.1f}; {100 * (pair.excess - 1):+.0f} % beyond "
            "the arithmetic",
            flush=True,
        )
    return rows


def pronghorn_threads(count: int) -> None:
    """Sets the threads of this process's engine."""
    from pronghorn import _engine

    _engine.set_num_threads(count)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _arguments(argv)
    rows = _nets(arguments) if arguments.what == "nets" else _cliffs(arguments)
    document = {"what": arguments.what, "machine": machine.describe(arguments.threads, "both")}
    if arguments.json:
        if arguments.json.exists():
            rows = [*json.loads(arguments.json.read_text())["rows"], *rows]
        arguments.json.write_text(json.dumps({**document, "rows": rows}, indent=1) + "\n")
    if arguments.what == "nets":
        ratios = sorted(row["ratio"] for row in rows if row["ratio"])
        if ratios:
            lost = sum(value < 1 for value in ratios)
            print(
                f"{len(ratios)} nets: median {statistics.median(ratios):.2f}×, least "
                f"{ratios[0]:.2f}×, {lost} below 1"
            )
    else:
        found = sum(row["excess"] > _CLIFF for row in rows)
        print(f"{len(rows)} pairs, {found} cliffs")
    if arguments.plot:
        plots.draw(arguments.plot, arguments.what, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
