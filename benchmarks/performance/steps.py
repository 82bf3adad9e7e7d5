"""How the time of a training step divides."""

from __future__ import annotations

import time
from typing import Any

import pronghorn
from pronghorn import _engine
from pronghorn._bench.runners.pronghorn_runner import Trainer
from pronghorn._bench.workloads import WORKLOADS, Problem

_SECONDS = 0.4


def _warm(trainer: Trainer) -> float:
    """Trains for a while, so that all cores are awake; seconds of the last epoch."""
    start = before = time.perf_counter()
    while True:
        trainer.train(1)
        now = time.perf_counter()
        if now - start > _SECONDS:
            return now - before
        before = now


def measure(threads: int) -> list[dict[str, Any]]:
    """Seconds of each kind of work in every workload, as ``pronghorn.profile`` sees them."""
    _engine.set_num_threads(threads)
    rows = []
    for workload in WORKLOADS.values():
        trainer = Trainer(Problem(workload), threads)
        seconds = _warm(trainer)
        epochs = max(1, round(_SECONDS / seconds))
        with pronghorn.profile() as report:
            trainer.train(epochs)
        work: dict[str, float] = {}
        for line in report.lines:
            work[line.work] = work.get(line.work, 0.0) + line.seconds
        rows.append(
            {
                "workload": workload.name,
                "threads": threads,
                "seconds": report.seconds,
                "steps": epochs * workload.steps,
                "work": work,
                "outside": report.outside,
            }
        )
    return rows


def markdown(rows: list[dict[str, Any]]) -> str:
    """Workload x work: percent of the time of fit."""
    columns = (
        "forward",
        "dX",
        "dW and update",
        "dX, dW, update",
        "loss",
        "waiting",
        "rows",
        "totals",
    )
    lines = [
        "| workload | a step | " + " | ".join(columns) + " | outside the engine |",
        "|---" * (len(columns) + 3) + "|",
    ]
    for row in rows:
        cells = [f"{100 * row['work'].get(name, 0) / row['seconds']:.1f} %" for name in columns]
        cells.append(f"{100 * row['outside'] / row['seconds']:.1f} %")
        step = 1e6 * row["seconds"] / row["steps"]
        time = f"{step:.1f} µs" if step < 1000 else f"{step / 1e3:.2f} ms"
        lines.append(f"| {row['workload']} | {time} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
