"""Training: fit and train_on_batch."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from pronghorn import _validation
from pronghorn.callbacks import CallbackList
from pronghorn.models._evaluation import EvaluatingModel, batches_of
from pronghorn.models._feed import VALIDATION, Feed
from pronghorn.random._seed import next_seed

if TYPE_CHECKING:
    from pronghorn._engine import Run
    from pronghorn.models._objective import Objective


class _Epochs:
    """Where each epoch's batches come from.

    Usually an epoch is one pass over the data. With `steps_per_epoch` a pass may last for several
    epochs; the epoch in which it ends is cut short, as in Keras.
    """

    def __init__(
        self, model: TrainingModel, feed: Feed, size: int, steps: int | None, shuffle: bool
    ) -> None:
        self._model, self._feed, self._size, self._shuffle = model, feed, size, shuffle
        self._limit = steps
        self.steps = steps or math.ceil(feed.rows / size)
        self._run: Run | None = None

    def next(self) -> tuple[Run, int]:
        """The pass, and the number of its batches in this epoch."""
        if self._limit is None or self._run is None or self._run.done >= self._run.steps:
            seed = next_seed() if self._shuffle else None
            self._run = self._model._run(self._feed, self._size, training=True, seed=seed)
        else:
            self._run.reset_results()
        left = self._run.steps - self._run.done
        if left < self.steps:
            warnings.warn(
                f"`steps_per_epoch` is {self.steps}, but only {left} batches of {self._size} "
                "samples are left in this pass over the data; the epoch is shorter.",
                stacklevel=4,
            )
        return self._run, min(left, self.steps)


class TrainingModel(EvaluatingModel):
    """A model that trains."""

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Trains for a number of epochs.

        Args:
            x: Inputs: arrays, pandas objects or lists; several as a list or a dict by name.
            y: Targets, likewise.
            batch_size: Rows a batch; None is 32.
            epochs: Number of the last epoch.
            verbose: 0 silent, 1 or "auto" a bar, 2 one line an epoch.
            callbacks: List of callbacks.
            validation_split: Fraction of the data, taken from the end, to validate on.
            validation_data: (x, y) or (x, y, sample_weight) to validate on.
            shuffle: Whether to draw a new order of the samples for each epoch.
            class_weight: Weight of each class, as a dict.
            sample_weight: Weight of each sample in the loss and in weighted metrics.
            initial_epoch: Number of the first epoch, to go on with a training.
            steps_per_epoch: Batches an epoch; None is one pass over the data.
            validation_steps: Batches to validate on; None is all.
            validation_batch_size: Rows a batch in validation; None is `batch_size`.
            validation_freq: Validate every so many epochs, or after the listed ones.

        Returns:
            The History: ``history`` is a dict of lists, a value an epoch.

        Raises:
            ValueError: If the model is not compiled, or an argument does not fit; the model is
                then as it was.
            TypeError: If an argument is of the wrong kind.

        Example:
            >>> import numpy as np, pronghorn as keras
            >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
            >>> model.compile("sgd", "mse")
            >>> x = np.arange(8.0)[:, None] / 8
            >>> sorted(model.fit(x, 2 * x, epochs=2, verbose=0).history)
            ['loss']
        """
        self._assert_compiled("fit")
        self._assert_optimizer()
        level = _validation.verbose(verbose)
        size = _validation.batch_size(batch_size)
        last, first = _validation.epochs(epochs, initial_epoch)
        steps = _validation.steps(steps_per_epoch, "steps_per_epoch")
        frequency = _validation.validation_epochs(validation_freq)
        shuffle = _validation.flag(shuffle, "shuffle")
        feed, objective = self._convert(x, y, sample_weight, class_weight)
        validation = self._validation_feed(feed, objective, validation_split, validation_data)
        if validation is feed:
            kept = _validation.validation_split(validation_split, feed.rows)
            feed, validation = feed.part(0, kept), feed.part(kept, feed.rows)
            if class_weight is not None:  # it is for training alone
                validation.sample_weights = [None] * len(validation.ys)
        size, _ = batches_of(feed.rows, size, steps)
        if validation is not None:
            validation_steps = _validation.steps(validation_steps, "validation_steps")
            val_size, val_steps = batches_of(
                validation.rows,
                _validation.batch_size(validation_batch_size, "validation_batch_size")
                or _validation.batch_size(batch_size),
                validation_steps,
            )
        self._prepare(feed, objective)
        source = _Epochs(self, feed, size, steps, shuffle)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_history=True,
                add_progbar=level != 0,
                model=self,
                verbose=level,
                epochs=last,
                steps=source.steps,
            )
        self.stop_training = False
        logs: dict[str, float] = {}
        callbacks.on_train_begin()
        for epoch in range(first, last):
            callbacks.on_epoch_begin(epoch)
            logs = dict(self._train_epoch(source, callbacks, live=level == 1))
            if validation is not None and _validation.is_validation_epoch(epoch, frequency):
                results = self._evaluate_feed(validation, val_size, val_steps, callbacks, False)
                logs.update((f"val_{name}", value) for name, value in results.items())
                logs = dict(sorted(logs.items()))
            callbacks.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        callbacks.on_train_end(logs)
        return self.history

    def _validation_feed(
        self, feed: Feed, objective: Objective, split: Any, data: Any
    ) -> Feed | None:
        """Validation data; `feed` itself if they are to be split off it."""
        if data is not None:
            x, y, weight = _validation.unpack_validation_data(data)
            return self._convert(x, y, weight, labels=VALIDATION, objective=objective)[0]
        return feed if _validation.validation_split(split, feed.rows) < feed.rows else None

    def _train_epoch(
        self, source: _Epochs, callbacks: CallbackList, live: bool
    ) -> dict[str, float]:
        run, steps = source.next()
        return self._advance(
            run,
            steps,
            begin=callbacks.on_train_batch_begin if callbacks.has_batch_hooks("train") else None,
            end=callbacks.on_train_batch_end,
            tick=callbacks.progbar.update if live and callbacks.progbar else None,
            rates=self._learning_rates,
            stop=lambda: self.stop_training,
        )

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """One update on one batch.

        Args:
            x: Inputs.
            y: Targets.
            sample_weight: Weight of each sample.
            class_weight: Weight of each class, as a dict.
            return_dict: Whether to return a dict by name.

        Returns:
            The loss before the update, or a list of loss and metrics, or a dict of them.

        Raises:
            ValueError: If the model is not compiled or the data do not fit.
        """
        self._assert_compiled("train_on_batch")
        self._assert_optimizer()
        feed, objective = self._convert(x, y, sample_weight, class_weight)
        self._prepare(feed, objective)
        run = self._run(feed, feed.rows, training=True)
        run.advance(1, learning_rates=self._learning_rates(1))
        logs = self._logs(run.results())
        return logs if return_dict else objective.in_order(logs)
