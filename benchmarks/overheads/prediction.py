"""Prediction of batches against onnxruntime, and from two Python threads."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator

from pronghorn._bench import rounds
from pronghorn._bench.registry import PREDICTORS

from .figure import Figure
from .networks import PREDICTION, data, network


def batches() -> Iterator[Figure]:
    """32, 1024 and 65,536 rows through 40-100-100-10, one process a library, interleaved."""
    peers = [PREDICTORS[name] for name in ("pronghorn", "onnxruntime")]
    if any(peer.missing() for peer in peers):
        return
    for threads in (1, 2):
        settings = rounds.Settings(rounds=9, seconds=0.1, threads=threads, dtype="float32")
        measured = rounds.predict(peers, [32, 1024, 65536], settings)
        for own, other in zip(measured[::2], measured[1::2], strict=True):
            ratio = statistics.median(a / b for a, b in zip(own.rates, other.rates, strict=True))
            name = f"prediction of {own.case} rows against onnxruntime, {threads} threads"
            detail = {
                "pronghorn_us": 1e6 * int(own.case) / statistics.median(own.rates),
                "onnxruntime_us": 1e6 * int(own.case) / statistics.median(other.rates),
            }
            yield Figure(name, ratio, "×", 1.3, at_least=True, detail=detail)


def _rate(model: object, x: object, threads: int, calls: int) -> float:
    """Calls a second of that many Python threads together."""
    barrier = threading.Barrier(threads + 1)

    def work() -> None:
        barrier.wait()
        for _ in range(calls):
            model(x)  # type: ignore[operator]

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    barrier.wait()
    start = time.perf_counter()
    for worker in workers:
        worker.join()
    return threads * calls / (time.perf_counter() - start)


def two_callers() -> Iterator[Figure]:
    """Two Python threads that predict at once, the engine on one thread for each call."""
    from pronghorn import _engine

    model = network(PREDICTION)
    _engine.set_num_threads(1)
    try:
        for rows, calls in ((32, 4000), (1024, 400)):
            x, _ = data(PREDICTION, rows)
            model(x)
            found = []
            for _ in range(7):
                one = _rate(model, x, 1, calls)
                found.append(_rate(model, x, 2, calls) / one)
            name = f"two threads predicting {rows} rows each against one"
            yield Figure(name, statistics.median(found), "×", 1.8, at_least=True)
    finally:
        _engine.set_num_threads(0)
