"""The measured process: answers one JSON line for each JSON line on its standard input.

Requests: ``prepare_training``, ``train``, ``loss``, ``prepare_prediction``, ``predict``. Between
requests it sleeps in a read, so that only one peer runs at a time.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
import traceback
from typing import Any

from .registry import PEERS, Peer
from .workloads import PredictionProblem, Problem, Workload


class Child:
    """Holds the runner between requests."""

    def __init__(self, peer: Peer, threads: int, dtype: str) -> None:
        self._peer = peer
        self._threads = threads
        self._dtype = dtype
        self._module = importlib.import_module(f".runners.{peer.module}", __package__)
        self._problem: Any = None
        self._runner: Any = None

    def _drop(self) -> None:
        self._runner = self._problem = None
        gc.collect()

    def prepare_training(self, workload: dict[str, Any]) -> dict[str, Any]:
        self._drop()
        workload["dims"] = tuple(workload["dims"])
        self._problem = Problem(Workload(**workload), self._dtype)
        self._problem.y  # noqa: B018 - makes the data now, not inside a measurement
        self._runner = self._module.Trainer(self._problem, self._threads, **self._peer.options)
        return {}

    def train(self, epochs: int) -> dict[str, Any]:
        start = time.perf_counter()
        self._runner.train(epochs)
        return {"seconds": time.perf_counter() - start}

    def loss(self) -> dict[str, Any]:
        return {"loss": self._problem.loss(self._runner.weights())}

    def prepare_prediction(self, rows: int) -> dict[str, Any]:
        """Also compares the first answer with float64 NumPy."""
        self._drop()
        self._problem = PredictionProblem(rows, self._dtype)
        self._runner = self._module.Predictor(self._problem, self._threads, **self._peer.options)
        answer = self._runner.predict(self._problem.x)
        return {"error": float(abs(answer - self._problem.expected).max())}

    def predict(self, calls: int) -> dict[str, Any]:
        predict, x = self._runner.predict, self._problem.x
        start = time.perf_counter()
        for _ in range(calls):
            predict(x)
        return {"seconds": time.perf_counter() - start}

    def probe_flops(self) -> dict[str, Any]:
        """What this process's processors can compute at most just now; pronghorn's child alone."""
        from pronghorn import _engine

        return {"flops": _engine.peak_flops(self._dtype == "float64", self._threads)}

    def probe_bandwidth(self) -> dict[str, Any]:
        from pronghorn import _engine

        return {"bandwidth": _engine.stream_bandwidth(self._threads)}


def main() -> None:
    """``python -m pronghorn._bench.child {train,steps,predict} PEER THREADS DTYPE``."""
    mode, name, threads, dtype = sys.argv[1:]
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    # Libraries size their pools by the processors that they may use; not all heed a variable.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])
    child: Child | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if child is None:
                child = Child(PEERS[mode][name], int(threads), dtype)
            answer = getattr(child, request.pop("do"))(**request)
        except Exception as error:  # the parent reports it and goes on without this peer
            traceback.print_exc()
            answer = {"failure": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
