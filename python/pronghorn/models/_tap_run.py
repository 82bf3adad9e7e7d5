"""A pass of the engine whose outputs metrics in Python see, in the shape of the engine's `Run`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pronghorn._autodiff import silenced
from pronghorn.metrics._metric import adds_rows

if TYPE_CHECKING:
    from pronghorn._engine import Array, Results, Run
    from pronghorn.models._feed import Feed
    from pronghorn.models._objective import Objective, TrackedMetric


class TapRun:
    """Lets the engine run some batches and shows their outputs to the metrics, and so on.

    Training goes on before the metrics see a batch, but what they see is what the model gave for
    it before its update. Metrics that add up rows see many batches at once, others one by one. How
    many batches come at a time depends on shapes alone, so that sums repeat to the last bit.

    Args:
        run: The engine's pass.
        feed: Its data.
        batch_size: Rows a batch.
        objective: Whose metrics are to see the outputs.
    """

    def __init__(self, run: Run, feed: Feed, batch_size: int, objective: Objective) -> None:
        self._run, self._feed, self._size = run, feed, batch_size
        self._at_once: list[tuple[int, TrackedMetric]] = []
        self._by_batch: list[tuple[int, TrackedMetric]] = []
        for output in objective.tapped:
            for tracked in objective.metrics[output]:
                if tracked.spec is None:
                    row = self._at_once if adds_rows(tracked.metric) else self._by_batch
                    row.append((output, tracked))
        self._outputs = objective.tapped
        self._most = run.tap_steps

    @property
    def steps(self) -> int:
        """Batches of the pass."""
        return self._run.steps

    @property
    def done(self) -> int:
        """Batches run so far."""
        return self._run.done

    def advance(
        self, max_steps: int = -1, max_seconds: float = -1.0, learning_rates: Any = 0.0
    ) -> int:
        """Runs batches, up to a number or a time, and gives their number."""
        began, count = time.perf_counter(), 0
        wanted = self.steps - self.done
        wanted = wanted if max_steps < 0 else min(wanted, max_steps)
        while count < wanted:
            steps = min(self._most - self.done % self._most, wanted - count)
            one_rate = isinstance(learning_rates, float)
            rates = learning_rates if one_rate else learning_rates[count : count + steps]
            self._advance(steps, rates)
            count += steps
            if 0 <= max_seconds < time.perf_counter() - began:
                break
        return count

    def _advance(self, steps: int, rates: Any) -> None:
        first = self.done * self._size
        last = min(first + steps * self._size, self._feed.rows)
        outputs = self._run.tap(steps)
        self._run.advance(steps, learning_rates=rates)
        order = self._run.order(first, last)
        rows = slice(first, last) if order is None else order
        targets: dict[int, Array] = {}
        weights: dict[int, Array | None] = {}
        for output in self._outputs:
            target, weight = self._feed.seen[output], self._feed.sample_weights[output]
            assert target is not None
            targets[output] = target[rows]
            weights[output] = None if weight is None else weight[rows]
        with silenced():
            for output, tracked in self._at_once:
                _show(tracked, targets[output], outputs[output], weights[output])
            if self._by_batch:
                self._show_batches(last - first, targets, outputs, weights)

    def _show_batches(
        self,
        rows: int,
        targets: dict[int, Array],
        outputs: list[Array | None],
        weights: dict[int, Array | None],
    ) -> None:
        for start in range(0, rows, self._size):
            batch = slice(start, start + self._size)
            for output, tracked in self._by_batch:
                predicted, weight = outputs[output], weights[output]
                assert predicted is not None
                part = None if weight is None else weight[batch]
                _show(tracked, targets[output][batch], predicted[batch], part)

    def reset_results(self) -> None:
        """Forgets the engine's sums."""
        self._run.reset_results()

    def results(self) -> Results:
        """The engine's sums so far."""
        return self._run.results()


def _show(tracked: TrackedMetric, target: Any, output: Any, weight: Array | None) -> None:
    if tracked.weighted and weight is not None:
        tracked.metric.update_state(target, output, sample_weight=weight)
    else:
        tracked.metric.update_state(target, output)
