"""Training: fit and train_on_batch."""

from __future__ import annotations

import warnings
from typing import Any

from pronghorn import _validation, config
from pronghorn._engine import Run
from pronghorn.callbacks import CallbackList
from pronghorn.models._batch_source import BatchSource, is_source, reject_with_source
from pronghorn.models._evaluation import EvaluatingModel, limited
from pronghorn.models._feed import VALIDATION, Feed, Labels
from pronghorn.models._passes import ArrayPasses, BatchPasses, Passes


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
            x: Inputs: arrays, pandas objects or lists; several as a list or a dict by name. Or an
                object that gives batches (x,), (x, y) or (x, y, sample_weight): a generator, a
                `PyDataset`, a loader or data set of another library, any other iterable.
            y: Targets, like `x`; None if `x` gives batches.
            batch_size: Rows a batch; None is 32. Has no effect if `x` gives batches.
            epochs: Number of the last epoch.
            verbose: 0 silent, 1 or "auto" a bar, 2 one line an epoch.
            callbacks: List of callbacks.
            validation_split: Fraction of the data, taken from the end, to validate on.
            validation_data: (x, y) or (x, y, sample_weight) to validate on, or an object that
                gives batches.
            shuffle: Whether to draw a new order of the samples, or of the batches of a finite
                PyDataset, for each epoch. Other objects give their own order.
            class_weight: Weight of each class, as a dict.
            sample_weight: Weight of each sample in the loss and in weighted metrics.
            initial_epoch: Number of the first epoch, to go on with a training.
            steps_per_epoch: Batches an epoch; None is one pass over the data.
            validation_steps: Batches to validate on; None is all. If `validation_data` gives
                batches, each validation begins it anew; a generator goes on.
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
        most = config.max_epochs()
        if most is not None and most < last:
            last = most
        steps = limited(_validation.steps(steps_per_epoch, "steps_per_epoch"))
        frequency = _validation.validation_epochs(validation_freq)
        shuffle = _validation.flag(shuffle, "shuffle")
        val_size = _validation.batch_size(validation_batch_size, "validation_batch_size") or size
        val_steps = limited(_validation.steps(validation_steps, "validation_steps"))
        passes, validation = self._passes(
            (x, y, sample_weight, class_weight),
            (size, steps, shuffle),
            (validation_data, validation_split, val_size, val_steps),
        )
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_history=True,
                add_progbar=level != 0,
                model=self,
                verbose=level,
                epochs=last,
                steps=passes.steps,
            )
        self.stop_training = False
        logs: dict[str, float] = {}
        try:
            self._initial_epoch = first
            callbacks.on_train_begin()  # a backup that is restored makes it begin later
            for epoch in range(self._initial_epoch, last):
                trained = self._train_epoch(epoch, passes, callbacks, live=level == 1)
                if trained is None:
                    break
                logs = dict(trained)
                if validation is not None and _validation.is_validation_epoch(epoch, frequency):
                    results = self._evaluate_pass(validation, callbacks, False, alone=False)
                    logs.update((f"val_{name}", value) for name, value in results.items())
                    logs = dict(sorted(logs.items()))
                callbacks.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
            optimizer = self.optimizer
            if last > 0 and (optimizer.use_ema or optimizer._own_end):  # `_trained` copies slots
                optimizer.finalize_variable_values(optimizer._trained)
            callbacks.on_train_end(logs)
        finally:
            passes.close()
            if validation is not None:
                validation.close()
        return self.history

    def _passes(
        self,
        data: tuple[Any, Any, Any, Any],
        cut: tuple[int | None, int | None, bool],
        validating: tuple[Any, Any, int | None, int | None],
    ) -> tuple[Passes, Passes | None]:
        """Checks all data and makes the model ready for them; gives training and validation.

        Args:
            data: x, y, sample_weight, class_weight.
            cut: Batch size, batches an epoch, whether to shuffle.
            validating: Data, fraction to split off, batch size, batches.
        """
        x, y, weight, class_weight = data
        size, steps, shuffle = cut
        val_data, split, val_size, val_steps = validating
        passes: Passes
        if is_source(x):
            source = BatchSource(x, steps, shuffle, "x")
            reject_with_source(source, "x", y=y, sample_weight=weight)
            if split:
                raise ValueError(
                    f"`validation_split` needs arrays. Received: x, a {source.kind}; pass "
                    "`validation_data`."
                )
            passes = BatchPasses(self, source, training=True, class_weight=class_weight)
            feed, objective = passes.begin()
            kept = feed.rows
        else:
            feed, objective = self._convert(x, y, weight, class_weight)
            kept = _validation.validation_split(split, feed.rows) if val_data is None else feed.rows
        validation: Passes | None = None
        val_feed: Feed | None = None
        if is_source(val_data):
            source = BatchSource(val_data, val_steps, False, "validation_data")
            labels = Labels("validation_data", "validation_data", "validation_data")
            validation = BatchPasses(self, source, training=False, labels=labels)
        elif val_data is not None:
            val_x, val_y, val_weight = _validation.unpack_validation_data(val_data)
            val_feed = self._convert(val_x, val_y, val_weight, None, VALIDATION, objective)[0]
        elif kept < feed.rows:
            feed, val_feed = feed.part(0, kept), feed.part(kept, feed.rows)
            if class_weight is not None:  # it is for training alone
                val_feed.sample_weights = [None] * len(val_feed.ys)
        if val_feed is not None:
            validation = ArrayPasses(self, val_feed, val_size, val_steps, training=False)
        if not is_source(x):
            passes = ArrayPasses(self, feed, size, steps, training=True, shuffle=shuffle)
        self._prepare(feed, objective)
        return passes, validation

    def _train_epoch(
        self, epoch: int, passes: Passes, callbacks: CallbackList, live: bool
    ) -> dict[str, float] | None:
        """Logs of the epoch; None, and nothing done, if no data are left for it."""
        found = passes.next()
        if found is None:
            warnings.warn(
                f"`x` has no batches left for epoch {epoch + 1}; training ends here. A generator "
                "must go on for all epochs.",
                stacklevel=3,
            )
            return None
        run, steps = found
        callbacks.on_epoch_begin(epoch)
        self._begin_steps()
        hooks = callbacks.has_batch_hooks("train")
        at_once = not (hooks or live or self.stop_training)
        if at_once and type(run) is Run and steps is not None:
            run.advance(steps, learning_rates=self._learning_rates(steps))
            return self._logs(run.results())
        return self._advance(
            run,
            steps,
            begin=callbacks.on_train_batch_begin if hooks else None,
            end=callbacks.on_train_batch_end,
            tick=callbacks.progbar.update if live and callbacks.progbar else None,
            rates=self._learning_rates,
            stop=lambda: self.stop_training,
            tell=callbacks.progbar.see if callbacks.progbar else None,
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
        self._begin_steps()
        run = self._run(feed, feed.rows, training=True)
        run.advance(1, learning_rates=self._learning_rates(1))
        logs = self._logs(run.results())
        return logs if return_dict else objective.in_order(logs)
