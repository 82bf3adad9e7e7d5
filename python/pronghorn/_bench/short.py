"""``python -m pronghorn bench``: less than a minute, with the libraries that are installed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pronghorn._bench import machine, report, rounds
from pronghorn._bench.registry import PREDICTORS, TRAINERS, Peer
from pronghorn._bench.workloads import WORKLOADS

_WORKLOADS = ("tiny", "rl", "mnist128", "tabular", "mnist512")
_TRAINERS = ("pronghorn", "torch-fused", "jax-scan", "sklearn")
_PREDICTORS = ("pronghorn", "numpy", "onnxruntime", "torch", "jax", "sklearn")
_ROWS = (1, 32, 1024)


def _installed(peers: dict[str, Peer], names: tuple[str, ...]) -> list[Peer]:
    return [peers[name] for name in names if not peers[name].missing()]


def run(threads: int, path: str | None = None) -> int:
    """Measures and prints two tables: training in samples a second, prediction in time a call.

    Args:
        threads: Threads and processors that every library may use.
        path: File for everything as JSON; None for none.

    Returns:
        0, or 1 if a library failed.
    """
    description = machine.describe(threads, "float32")
    versions = ", ".join(f"{name} {version}" for name, version in description["versions"].items())
    print(f"{description['cpu']}, {description['isa']}, {threads} threads\n{versions}\n")
    settings = rounds.Settings(rounds=3, seconds=0.08, threads=threads, dtype="float32")
    training = rounds.train(
        _installed(TRAINERS, _TRAINERS), [WORKLOADS[name] for name in _WORKLOADS], settings
    )
    print("Training with Adam, samples a second (medians of three rounds):\n")
    print(report.markdown(training, "train"))
    prediction = rounds.predict(_installed(PREDICTORS, _PREDICTORS), _ROWS, settings)
    print("Prediction through 40-100-100-10, time of a call by its number of rows:\n")
    print(report.markdown(prediction, "predict"))
    for name in _WORKLOADS:
        workload = WORKLOADS[name]
        dims = "-".join(map(str, workload.dims))
        print(f"{name}: {dims} {workload.activation}, batches of {workload.batch_size}")
    print(
        "% FMA, % STREAM: of what the processor can compute and move, probed in the same process."
    )
    failures = [m for m in (*training, *prediction) if m.failure]
    for m in failures:
        print(f"{m.case}: {m.peer} failed: {m.failure}", file=sys.stderr)
    if path is not None:
        document = {
            "machine": description,
            "training": [m.as_json() for m in training],
            "prediction": [m.as_json() for m in prediction],
        }
        Path(path).write_text(json.dumps(document, indent=1) + "\n")
    return 1 if failures else 0
