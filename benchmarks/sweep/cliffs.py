"""Shapes beside each other: how much more one more column, row or layer costs than it should."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import pronghorn

_WIDTHS = (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 47, 48, 49, 63, 64, 65, 95, 96, 100)
_WIDTHS += (127, 128, 129, 160, 191, 192, 255, 256, 257, 383, 384, 511, 512, 513, 767, 1023, 1024)
_BATCHES = (1, 2, 3, 4, 7, 8, 11, 12, 15, 16, 23, 24, 31, 32, 33, 47, 63, 64, 65, 96, 127, 128)
_BATCHES += (129, 192, 255, 256, 511, 512)


@dataclass(frozen=True)
class Pair:
    """A shape and the next one. ``excess`` is the growth of time over that of the arithmetic."""

    kind: str  # what grows, and in which work
    size: int
    seconds: float  # of a sample, at `size`
    next_seconds: float
    arithmetic: float  # the quotient that the operations give
    excess: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Net:
    """A network with data, ready to be timed; one call is one epoch or one prediction."""

    def __init__(
        self, dims: tuple[int, ...], batch: int, training: bool, rows: int | None = None
    ) -> None:
        rng = np.random.default_rng(0)
        layers = [pronghorn.layers.Dense(n, activation="relu") for n in dims[1:-1]]
        output = pronghorn.layers.Dense(dims[-1])
        self._model = pronghorn.Sequential([pronghorn.Input((dims[0],)), *layers, output])
        self._model.compile("adam", "mean_squared_error")
        self._training, self._batch = training, batch
        flops = 2.0 * sum(a * b for a, b in itertools.pairwise(dims))
        self.flops = flops * (3 if training else 1)
        steps = max(1, min(256, round(2e8 / (self.flops * batch + 2e4)))) if training else 1
        self._rows = rows or batch * steps
        self._x = rng.standard_normal((self._rows, dims[0]), np.float32)
        self._y = rng.standard_normal((self._rows, dims[-1]), np.float32)
        self._repeats = 1
        self.seconds()
        seconds = self.seconds() * self._rows
        self._repeats = max(1, round(4e-3 / seconds))

    def seconds(self) -> float:
        """Of one sample."""
        model, x, y = self._model, self._x, self._y
        start = time.perf_counter()
        if self._training:
            model.fit(x, y, batch_size=self._batch, epochs=self._repeats, verbose=0)
        else:
            for _ in range(self._repeats):
                model.predict_on_batch(x)
        return (time.perf_counter() - start) / (self._repeats * self._rows)


def _compare(first: Net, second: Net, rounds: int) -> tuple[float, float]:
    """Seconds of both, measured in turns: the medians of the better half of the rounds."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for which in (0, 1) if number % 2 else (1, 0):
            times[which].append((first, second)[which].seconds())
    best = [statistics.median(sorted(t)[: (rounds + 1) // 2]) for t in times]
    return best[0], best[1]


def _pair(kind: str, size: int, make: Callable[[int], Net], rounds: int) -> Pair:
    first, second = make(size), make(size + 1)
    seconds, next_seconds = _compare(first, second, rounds)
    arithmetic = second.flops / first.flops
    return Pair(kind, size, seconds, next_seconds, arithmetic, next_seconds / seconds / arithmetic)


def measure(rounds: int, kinds: list[str] | None = None) -> Iterator[Pair]:
    """Every pair. A net of two equal hidden layers; width grows, or the batch."""
    work: dict[str, tuple[tuple[int, ...], Callable[[int], Net]]] = {
        "train-width": (_WIDTHS, lambda n: Net((64, n, n, 10), 64, True)),
        "predict-width": (_WIDTHS, lambda n: Net((64, n, n, 10), 256, False)),
        "train-inputs": (_WIDTHS, lambda n: Net((n, 128, 10), 64, True)),
        "train-outputs": (_WIDTHS, lambda n: Net((64, 128, n), 64, True)),
        "train-batch": (_BATCHES, lambda n: Net((100, 128, 128, 10), n, True)),
        "predict-batch": (_BATCHES, lambda n: Net((100, 128, 128, 10), n, False)),
    }
    for kind in kinds or list(work):
        sizes, make = work[kind]
        for size in sizes:
            yield _pair(kind, size, make, rounds)
