"""A pass that calls the model's step for each batch, in the shape of the engine's `Run`."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import _tree
from pronghorn._autodiff import Tensor, silenced
from pronghorn.models._feed import Feed
from pronghorn.models._objective import plain_number

if TYPE_CHECKING:
    from pronghorn._engine import Array


@dataclass
class StepFeed(Feed):
    """Data of a pass whose structure only the model's own steps understand.

    Attributes:
        x: Structure of the inputs.
        y: Structure of the targets; None where there are none.
        weight: Structure of the sample weights; None where there are none.
    """

    x: Any = None
    y: Any = None
    weight: Any = None

    def part(self, start: int, stop: int) -> StepFeed:
        """The samples from `start` to `stop`, as views."""
        return self.rows_of(np.s_[start:stop], stop - start)

    def rows_of(self, rows: Any, count: int) -> StepFeed:
        """Some of the samples."""
        return StepFeed(
            [x[rows] for x in self.xs],
            [None if y is None else y[rows] for y in self.ys],
            [None if w is None else w[rows] for w in self.sample_weights],
            count,
            x=self.x,
            y=self.y,
            weight=self.weight,
        )

    def batch(self, rows: Any) -> Any:
        """Some of the samples as `data` gives them."""
        if self.x == 0 and self.y == 0 and self.weight is None:  # one array each
            return Tensor(_rows_of(self.xs[0], rows)), Tensor(_rows_of(self.ys[0], rows))
        return self.rows_of(rows, 0).data()

    def data(self) -> Any:
        """The batch as a step takes it: x, (x, y) or (x, y, sample_weight)."""
        x = _packed(self.x, self.xs)
        y = None if self.y is None else _packed(self.y, self.ys)
        weight = None if self.weight is None else _packed(self.weight, self.sample_weights)
        if weight is not None:
            return x, y, weight
        return x if y is None and not isinstance(x, tuple) else (x, y) if y is not None else (x,)


def _rows_of(array: Any, rows: Any) -> Any:
    return array[rows] if type(rows) is slice else array.take(rows, axis=0)


def _packed(structure: Any, arrays: Any) -> Any:
    return _tree.pack_as(structure, [None if a is None else Tensor(a) for a in arrays])


class StepResults:
    """Logs of all batches so far; of two, the later ones hold."""

    def __init__(self, logs: dict[str, float]) -> None:
        self.logs = logs

    def __add__(self, later: StepResults) -> StepResults:
        return later


class StepRun:
    """Calls ``train_step`` or ``test_step`` for each batch.

    Args:
        model: The model.
        feed: Its data.
        batch_size: Rows a batch.
        training: Which step.
        seed: Of the order of the samples; None is in order.
    """

    def __init__(
        self, model: Any, feed: StepFeed, batch_size: int, training: bool, seed: int | None
    ) -> None:
        self._model, self._feed, self._size = model, feed, batch_size
        self._step = model.train_step if training else model.test_step
        self.steps = math.ceil(feed.rows / batch_size)
        self.done = 0
        self._order: Array | None = None
        if seed is not None:
            self._order = np.random.Generator(np.random.Philox(seed)).permutation(feed.rows)
        self._logs: dict[str, float] = {}

    def advance(
        self, max_steps: int = -1, max_seconds: float = -1.0, learning_rates: Any = None
    ) -> int:
        """Runs batches, up to a number or a time, and gives their number."""
        del learning_rates  # the optimizer reads its own
        began, count = time.perf_counter(), 0
        with silenced():
            while self.done < self.steps and count != max_steps:
                start = self.done * self._size
                stop = min(start + self._size, self._feed.rows)
                rows: Any = np.s_[start:stop] if self._order is None else self._order[start:stop]
                found = self._step(self._feed.batch(rows))
                self._logs = self._named(found)
                self.done += 1
                count += 1
                if 0 <= max_seconds < time.perf_counter() - began:
                    break
        return count

    def _named(self, found: Any) -> dict[str, float]:
        if not isinstance(found, dict):
            raise TypeError(
                f"A step must return a dict of numbers by name. Received: {type(found).__name__}"
            )
        return {name: plain_number(value) for name, value in _flat(found).items()}

    def reset_results(self) -> None:
        """Forgets what the metrics saw."""
        self._model.reset_metrics()

    def results(self) -> Any:
        """The logs so far."""
        return StepResults(self._logs)


def _flat(logs: dict[str, Any]) -> dict[str, Any]:
    """Results by the order of their names; those of `compile_metrics` stand where that stands."""
    found: dict[str, Any] = {}
    for name, value in sorted(logs.items()):
        found.update(_flat(value) if isinstance(value, dict) else {name: value})
    return found
