"""Busy neighbours, many rows, and memory."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .figure import Figure
from .networks import MNIST128, MNIST512, TINY, compiled, data, network

_SPIN = "while True: pass"


def _train_rate(model: Any, x: Any, y: Any, batch: int, seconds: float) -> float:
    rows, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        model.fit(x, y, batch_size=batch, verbose=0)
        rows += len(x)
    return rows / spent


def busy_neighbours() -> Iterator[Figure]:
    """Training while a foreign process computes on each core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    for dims, batch in ((MNIST128, 32), (MNIST512, 128)):
        x, y = data(dims, 4096)
        model = compiled(network(dims))
        model.fit(x, y, batch_size=batch, verbose=0)
        ratios = []
        for _ in range(3):
            idle = _train_rate(model, x, y, batch, 0.5)
            foreign = [subprocess.Popen([sys.executable, "-c", _SPIN]) for _ in range(cores or 1)]
            try:
                time.sleep(0.2)
                ratios.append(100 * _train_rate(model, x, y, batch, 1.5) / idle)
            finally:
                for process in foreign:
                    process.kill()
                    process.wait()
        name = "-".join(map(str, dims))
        value = statistics.median(ratios)
        yield Figure(f"{name} beside busy processes, of idle", value, "%", 40, at_least=True)


def many_rows(most: int = 10_000_000) -> Iterator[Figure]:
    """Time a sample from 10^3 rows to 10^7, shuffled; the largest data come from a file.

    Passes over the same number of samples are compared, so that fit's own cost is in all alike.
    """
    columns = 16
    model = compiled(network((columns, 32, 3)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.npy"
        x = np.lib.format.open_memmap(file, "w+", np.float32, (most, columns))
        block = np.random.default_rng(0).standard_normal((10_000, columns), dtype=np.float32)
        for start in range(0, most, len(block)):
            x[start : start + len(block)] = block[: min(len(block), most - start)]
        y = np.tile(np.arange(3, dtype=np.int32), most // 3 + 1)[:most]
        times: dict[int, list[float]] = {}
        sizes = [size for size in (10**3, 10**4, 10**5, 10**6, 10**7) if size <= most]
        for _ in range(3):
            for size in sizes:
                epochs = max(1, 10**6 // size)
                start = time.perf_counter()
                model.fit(x[:size], y[:size], batch_size=64, epochs=epochs, verbose=0)
                spent = (time.perf_counter() - start) / (epochs * size)
                times.setdefault(size, []).append(1e9 * spent)
        del x
        gc.collect()
    medians = {size: statistics.median(values) for size, values in times.items()}
    spread = 100 * (max(medians.values()) / min(medians.values()) - 1)
    detail = {"ns_a_sample": {str(size): value for size, value in medians.items()}}
    yield Figure("spread of the time a sample, 10³ to 10⁷ rows", spread, "%", 10, detail=detail)


_MEMORY = """
import sys
from benchmarks.overheads.scaling import _peak
dims, batch, clip = eval(sys.argv[1])
from benchmarks.overheads.networks import compiled, data, network
import pronghorn as keras
x, y = data(dims, 4 * batch)
small = compiled(network((4, 8, 3)))
small.fit(*data((4, 8, 3), 64), verbose=0)  # loads everything, starts the threads
before = _peak()
model = compiled(network(dims), keras.optimizers.Adam(clipnorm=clip or None))
model.fit(x, y, batch_size=batch, epochs=2, verbose=0)
print(_peak() - before, model.count_params())
"""


def _peak() -> int:
    """The most bytes that the process has had in memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])
    raise OSError("/proc/self/status has no VmHWM")


def memory() -> Iterator[Figure]:
    """Peak memory of building and training beyond data, as a share of what is allowed."""
    if not Path("/proc/self/status").exists():
        return
    cases = (((*MNIST512,), 128, 0.0), ((784, 2048, 2048, 10), 512, 0.0))
    for dims, batch, clip in (*cases, ((784, 2048, 2048, 10), 512, 1.0), ((*TINY,), 32, 0.0)):
        answer = subprocess.run(
            [sys.executable, "-c", _MEMORY, repr((dims, batch, clip))],
            check=True,
            capture_output=True,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        used, parameters = map(int, answer.stdout.split())
        activations = 2 * 4 * batch * sum(dims[1:])  # with their gradients
        allowed = 1.25 * (4 * parameters * (3 + bool(clip)) + activations) + 10e6
        name = f"{'-'.join(map(str, dims))} b{batch}{' clipnorm' if clip else ''}"
        detail = {"used_mb": used / 1e6, "allowed_mb": allowed / 1e6}
        yield Figure(
            f"peak memory of {name}, of allowed", 100 * used / allowed, "%", 100, False, detail
        )
