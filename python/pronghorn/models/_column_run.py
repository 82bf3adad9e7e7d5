"""Passes over tables whose prepared form would take too much memory: some rows at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn.models._batch_run import add_results
from pronghorn.models._feed import Feed

if TYPE_CHECKING:
    from pronghorn._engine import Array, Results, Run

# Up to so many bytes of prepared columns are kept for a whole run; beyond, so many at a time.
MOST_BYTES, BYTES_AT_ONCE = 2**30, 2**28


class Columns(list[Any]):
    """Inputs of a model that are columns as they came."""


class ColumnFeed(Feed):
    """Data of which the inputs are columns as they came, to be prepared."""

    def part(self, start: int, stop: int) -> ColumnFeed:
        """The samples from `start` to `stop`, as views."""
        found = super().part(start, stop)
        return ColumnFeed(found.xs, found.ys, found.sample_weights, found.rows, found.seen)

    def prepared(self, rows: Any, prepare: Callable[[Sequence[Array]], list[Array]]) -> Feed:
        """Some of the samples, prepared by `prepare`."""
        xs = prepare([x[rows] for x in self.xs])
        return Feed(
            xs,
            [None if y is None else y[rows] for y in self.ys],
            [None if w is None else w[rows] for w in self.sample_weights],
            len(xs[0]),
            [None if y is None else y[rows] for y in self.seen],
        )


def rows_at_once(bytes_a_row: int, batch_size: int) -> int:
    """Rows to prepare together: whole batches.

    Example:
        >>> rows_at_once(2**20, 100)
        200
    """
    return max(1, BYTES_AT_ONCE // max(1, bytes_a_row) // batch_size) * batch_size


class ColumnRun:
    """Prepares some batches, lets the engine run them, and so on; in the shape of its `Run`.

    Args:
        feed: Columns, targets and weights.
        batch_size: Rows a batch.
        at_once: Rows to prepare together, a multiple of the batch size.
        seed: Of the order of the samples; None is in order.
        prepare: Makes inputs of the engine from columns.
        start: Begins the engine's run of prepared data.
    """

    def __init__(
        self,
        feed: ColumnFeed,
        batch_size: int,
        at_once: int,
        seed: int | None,
        prepare: Callable[[Sequence[Array]], list[Array]],
        start: Callable[[Feed], Run],
    ) -> None:
        self._feed, self._size, self._at_once = feed, batch_size, at_once
        self._prepare, self._start = prepare, start
        self._order: Array | None = None
        if seed is not None:
            self._order = np.random.Generator(np.random.Philox(seed)).permutation(feed.rows)
        self.steps = math.ceil(feed.rows / batch_size)
        self.done = 0
        self._inner: Run | None = None
        self._results: Any = None

    def advance(
        self, max_steps: int = -1, max_seconds: float = -1.0, learning_rates: Any = 0.0
    ) -> int:
        """Runs batches, up to a number or a time, and gives their number."""
        began, count = time.perf_counter(), 0
        wanted = self.steps - self.done
        wanted = wanted if max_steps < 0 else min(wanted, max_steps)
        while count < wanted:
            if self._inner is None:
                self._inner = self._next()
            inner = self._inner
            steps = min(inner.steps - inner.done, wanted - count)
            one_rate = isinstance(learning_rates, float)
            rates = learning_rates if one_rate else learning_rates[count : count + steps]
            spent = time.perf_counter() - began
            left = max(0.0, max_seconds - spent) if max_seconds >= 0 else -1.0
            ran = inner.advance(steps, left, learning_rates=rates)
            count += ran
            self.done += ran
            if inner.done == inner.steps:
                self._results, self._inner = self.results(), None
            if 0 <= max_seconds < time.perf_counter() - began:
                break
        return count

    def _next(self) -> Run:
        start = self.done * self._size
        stop = min(start + self._at_once, self._feed.rows)
        rows: Any = slice(start, stop) if self._order is None else self._order[start:stop]
        return self._start(self._feed.prepared(rows, self._prepare))

    def reset_results(self) -> None:
        """Forgets the sums so far."""
        self._results = None
        if self._inner is not None:
            self._inner.reset_results()

    def results(self) -> Results:
        """The sums so far."""
        found = self._results
        if self._inner is not None:
            inner = self._inner.results()
            found = inner if found is None else add_results(found, inner)
        together: Results = found
        return together
