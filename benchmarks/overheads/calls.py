"""Latency of single calls, and of what comes before the first one."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from .figure import Figure, median_seconds
from .networks import PREDICTION, TINY, compiled, data, network


def one_row() -> Iterator[Figure]:
    """One row through 40-100-100-10, from Python."""
    model = network(PREDICTION)
    x, _ = data(PREDICTION, 1)
    calls = {
        "model(x)": (lambda: model(x), 1.5),
        "predict_on_batch(x)": (lambda: model.predict_on_batch(x), 1.5),
        "predict(x, verbose=0)": (lambda: model.predict(x, verbose=0), 5.0),
    }
    for name, (call, target) in calls.items():
        yield Figure(f"one row: {name}", 1e6 * median_seconds(call), "µs", target)


def one_epoch() -> Iterator[Figure]:
    """An epoch of 32 rows, and compilation with the first step."""
    for dims in (TINY, PREDICTION):
        model = compiled(network(dims))
        x, y = data(dims, 32)

        def fit(model=model, x=x, y=y):  # type: ignore[no-untyped-def]
            model.fit(x, y, batch_size=32, verbose=0)

        name = "-".join(map(str, dims))
        yield Figure(f"fit of one epoch of 32 rows: {name}", 1e6 * median_seconds(fit), "µs", 60)
    times = []
    for _ in range(9):
        model = network(PREDICTION)
        x, y = data(PREDICTION, 32)
        start = time.perf_counter()
        compiled(model).train_on_batch(x, y)
        times.append(time.perf_counter() - start)
    yield Figure("compile and first step", 1e3 * statistics.median(times), "ms", 5)


_FIRST_MODEL = (
    "import pronghorn as k; k.Sequential([k.Input((4,)), k.layers.Dense(3)]).predict([[0.]*4],"
    " verbose=0)"
)


def importing(runs: int = 11) -> Iterator[Figure]:
    """Fresh processes: what the package takes on top of NumPy, and what the first model does."""
    scripts = {
        "numpy": "import numpy",
        "package": "import numpy, pronghorn",
        "model": _FIRST_MODEL,
    }
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[float]] = {name: [] for name in scripts}
    for number in range(runs + 1):
        for name, script in scripts.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", script], check=True, env=environment)
            if number > 0:  # the first round may have to compile modules
                times[name].append(1e3 * (time.perf_counter() - start))
    medians = {name: statistics.median(values) for name, values in times.items()}
    yield Figure("import beyond NumPy", medians["package"] - medians["numpy"], "ms", 40)
    first = medians["model"] - medians["numpy"]
    yield Figure("import, first model and prediction beyond NumPy", first, "ms", 100)
