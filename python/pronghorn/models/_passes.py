"""Where the batches of each epoch come from: arrays, or an object that gives batches."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pronghorn.models._batch_run import BatchRun
from pronghorn.models._batch_source import BatchSource
from pronghorn.models._feed import Feed, Labels
from pronghorn.random._seed import next_seed
from pronghorn.utils._batches import unpack_x_y_sample_weight

if TYPE_CHECKING:
    from pronghorn._engine import Run
    from pronghorn.models._compile import CompiledModel
    from pronghorn.models._objective import Objective

_DEFAULT_BATCH = 32


def batches_of(rows: int, batch_size: int | None, steps: int | None) -> tuple[int, int]:
    """(batch size, batches to run): by default 32 rows a batch, or what `steps` makes it."""
    size = batch_size or (math.ceil(rows / steps) if steps else _DEFAULT_BATCH)
    total = math.ceil(rows / size)
    return size, min(total, steps) if steps else total


class ArrayPasses:
    """Epochs over arrays.

    Usually an epoch is one pass over the data. With `steps_per_epoch` a pass may last for several
    epochs; the epoch in which it ends is cut short, as in Keras. Evaluation begins anew each time.
    """

    def __init__(
        self,
        model: CompiledModel,
        feed: Feed,
        batch_size: int | None,
        limit: int | None,
        training: bool,
        shuffle: bool = False,
    ) -> None:
        self._model, self._feed, self._training, self._shuffle = model, feed, training, shuffle
        self._size, steps = batches_of(feed.rows, batch_size, limit)
        self._limit = limit if training else None
        self.steps: int | None = limit or steps if training else steps
        self._run: Run | None = None

    def next(self) -> tuple[Run, int]:
        """The pass, and the number of its batches in this epoch."""
        assert self.steps is not None
        run = self._run
        if run is None or self._limit is None or run.done >= run.steps:
            seed = next_seed() if self._shuffle else None
            run = self._model._run(self._feed, self._size, self._training, seed, run)
            self._run = run
        else:
            run.reset_results()
        left = run.steps - run.done
        if left < self.steps:
            warnings.warn(
                f"`steps_per_epoch` is {self.steps}, but only {left} batches of {self._size} "
                "samples are left in this pass over the data; the epoch is shorter.",
                stacklevel=4,
            )
        return run, min(left, self.steps)

    def close(self) -> None:
        """Nothing to end."""


class BatchPasses:
    """Epochs of an object that gives batches."""

    def __init__(
        self,
        model: CompiledModel,
        source: BatchSource,
        training: bool,
        class_weight: Any = None,
        labels: Labels | None = None,
    ) -> None:
        self._model, self._source, self._training = model, source, training
        self._class_weight, self._labels = class_weight, labels or Labels()
        self._begun: BatchRun | None = None

    @property
    def steps(self) -> int | None:
        """Batches of an epoch, as far as known."""
        return self._source.steps

    def begin(self) -> tuple[Feed, Objective]:
        """Fetches the first batch, for the model to be prepared on; it stays the first.

        Raises:
            ValueError: If there is none, or it does not fit.
        """
        source = self._source.epoch()
        batch = next(source, None)
        if batch is None:
            raise ValueError(
                f"`{self._labels.x}` must give at least one batch. Received: an empty "
                f"{self._source.kind}."
            )
        feed, objective = self._convert(batch)
        self._begun = BatchRun(_chain(feed, map(self._feed, source)), self._start)
        return feed, objective

    def next(self) -> tuple[BatchRun, int | None] | None:
        """The batches of the next epoch; None if no data are left."""
        run, self._begun = self._begun, None
        if run is None and not self._training:
            self._source.close()
        run = run or BatchRun(map(self._feed, self._source.epoch()), self._start)
        return (run, self.steps) if run.first() is not None else None

    def close(self) -> None:
        """Ends a pass that has begun."""
        self._source.close()

    def _convert(self, batch: Any) -> tuple[Feed, Objective]:
        x, y, weight = unpack_x_y_sample_weight(batch)
        return self._model._convert(x, y, weight, self._class_weight, self._labels)

    def _feed(self, batch: Any) -> Feed:
        return self._convert(batch)[0]

    def _start(self, feed: Feed) -> Run:
        return self._model._run(feed, feed.rows, self._training)


def _chain(first: Feed, others: Iterator[Feed]) -> Iterator[Feed]:
    yield first
    yield from others


Passes = ArrayPasses | BatchPasses
