"""Command line: ``python -m benchmarks.peers --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pronghorn._bench import machine, report, rounds
from pronghorn._bench.processors import processors
from pronghorn._bench.registry import PREDICTORS, TRAINERS, Peer
from pronghorn._bench.workloads import PREDICTION_ROWS, WORKLOADS


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description="Compares pronghorn with other libraries on the same networks and data.",
    )
    parser.add_argument("--mode", choices=("train", "predict"), default="train")
    parser.add_argument(
        "--workloads", nargs="+", metavar="W", choices=list(WORKLOADS), default=list(WORKLOADS)
    )
    parser.add_argument("--rows", nargs="+", type=int, metavar="N", default=list(PREDICTION_ROWS))
    parser.add_argument("--peers", nargs="+", metavar="P", help="default: all that are installed")
    parser.add_argument("--rounds", type=int, help="default 7, with --quick 3")
    parser.add_argument("--seconds", type=float, help="of one round of one peer; default 0.5")
    parser.add_argument("--threads", type=int, default=processors())
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--quick", action="store_true", help="fewer, shorter rounds; fewer peers")
    parser.add_argument("--json", type=Path, metavar="FILE", help="added to, if it is there")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    arguments = parser.parse_args(argv)
    known = TRAINERS if arguments.mode == "train" else PREDICTORS
    unknown = set(arguments.peers or ()) - set(known)
    if unknown:
        parser.error(f"unknown peers {sorted(unknown)}; there are {', '.join(known)}")
    return arguments


def _choose(arguments: argparse.Namespace) -> tuple[list[Peer], dict[str, list[str]]]:
    """The peers to run, and by name those that cannot run with the packages that they lack."""
    known = TRAINERS if arguments.mode == "train" else PREDICTORS
    wanted = arguments.peers or [
        name for name, peer in known.items() if peer.in_quick or not arguments.quick
    ]
    missing = {name: known[name].missing() for name in wanted if known[name].missing()}
    return [known[name] for name in wanted if name not in missing], missing


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _arguments(argv)
    peers, missing = _choose(arguments)
    for name, packages in missing.items():
        print(f"not measured: {name} (not installed: {', '.join(packages)})")
    if not peers:
        print("no peer is installed", file=sys.stderr)
        return 1
    settings = rounds.Settings(
        rounds=arguments.rounds or (3 if arguments.quick else 7),
        seconds=arguments.seconds or (0.1 if arguments.quick else 0.5),
        threads=arguments.threads,
        dtype=arguments.dtype,
    )
    description = machine.describe(settings.threads, settings.dtype)
    if arguments.mode == "train":
        measurements = rounds.train(
            peers, [WORKLOADS[name] for name in arguments.workloads], settings
        )
        for case, group in report.by_case(measurements).items():
            before = rounds.initial_loss(WORKLOADS[case], settings.dtype)
            losses = ", ".join(f"{m.peer} {m.check:.4f}" for m in group if m.check is not None)
            epochs = WORKLOADS[case].sanity_epochs
            print(f"{case}: loss {before:.4f}, after {epochs} epochs: {losses}")
            for m in rounds.outliers(group, before):
                print(f"WARNING: {case}: {m.peer} did not learn like the others")
    else:
        measurements = rounds.predict(peers, arguments.rows, settings)
        for m in measurements:
            if m.check is not None and m.check > 1e-5:
                print(f"WARNING: {m.case} rows: {m.peer} is off by {m.check:.2g}")
    for m in measurements:
        if m.failure:
            print(f"FAILED: {m.case}: {m.peer}: {m.failure}")
    print(", ".join(f"{k} {v}" for k, v in description.items() if k != "versions"))
    print(", ".join(f"{k} {v}" for k, v in description["versions"].items()))
    table = report.markdown(measurements, arguments.mode)
    print("\n" + table)
    if arguments.markdown:
        arguments.markdown.write_text(table)
    if arguments.json:
        report.write_json(arguments.json, description, measurements, missing, arguments.mode)
    if arguments.plot:
        report.plot(arguments.plot, description, measurements)
    return 1 if any(m.failure for m in measurements) else 0


if __name__ == "__main__":
    raise SystemExit(main())
