"""Running a model without changing it: evaluate, predict, and their one-batch forms."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import _validation, config
from pronghorn.callbacks import CallbackList
from pronghorn.models._batch_run import BatchRun
from pronghorn.models._batch_source import BatchSource, is_source, reject_with_source
from pronghorn.models._column_run import Columns, rows_at_once
from pronghorn.models._compile import CompiledModel
from pronghorn.models._passes import ArrayPasses, BatchPasses, Passes, batches_of
from pronghorn.utils._batches import unpack_x_y_sample_weight

if TYPE_CHECKING:
    from pronghorn._engine import Array, Run

# Seconds between two updates of a live progress bar.
TICK = 0.05


def limited(steps: int | None) -> int | None:
    """`steps`, at most those that ``config.max_steps_per_epoch`` allows."""
    most = config.max_steps_per_epoch()
    return steps if most is None or (steps is not None and steps < most) else most


class EvaluatingModel(CompiledModel):
    """A model that evaluates and predicts."""

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics on data, dropout off.

        Args:
            x: Inputs, or an object that gives batches, as in `fit`.
            y: Targets; None if `x` gives batches.
            batch_size: Rows a batch; None is 32. Has no effect if `x` gives batches.
            verbose: 0 silent, 1 or "auto" a bar, 2 one line.
            sample_weight: Weight of each sample.
            steps: Number of batches; None is all.
            callbacks: List of callbacks.
            return_dict: Whether to return a dict by name.

        Returns:
            The loss, or a list of loss and metrics, or a dict of them.

        Raises:
            ValueError: If the model is not compiled or the data do not fit.

        Example:
            >>> import numpy as np, pronghorn as keras
            >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
            >>> model.set_weights([[[2.0]]])
            >>> model.compile(loss="mse")
            >>> model.evaluate(np.ones((5, 1)), np.zeros((5, 1)), verbose=0)
            4.0
        """
        self._assert_compiled("evaluate")
        level = _validation.verbose(verbose)
        size = _validation.batch_size(batch_size)
        steps = limited(_validation.steps(steps, "steps"))
        passes: Passes
        if is_source(x):
            source = BatchSource(x, steps, False, "x")
            reject_with_source(source, "x", y=y, sample_weight=sample_weight)
            passes = BatchPasses(self, source, training=False)
            feed, objective = passes.begin()
        else:
            feed, objective = self._convert(x, y, sample_weight)
            passes = ArrayPasses(self, feed, size, steps, training=False)
        self._prepare(feed, objective)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_progbar=level != 0,
                model=self,
                verbose=level,
                epochs=1,
                steps=passes.steps,
            )
        try:
            logs = self._evaluate_pass(passes, callbacks, live=level == 1, alone=True)
        finally:
            passes.close()
        return logs if return_dict else objective.in_order(logs)

    def _evaluate_pass(
        self, passes: Passes, callbacks: CallbackList, live: bool, alone: bool
    ) -> dict[str, float]:
        """Logs of one evaluation, within `fit` or alone; empty if a generator is exhausted."""
        found = passes.next()
        if found is None:
            warnings.warn("No data to validate on are left.", stacklevel=3)
            return {}
        run, steps = found
        self._begin_steps()
        callbacks.on_test_begin()
        logs = self._advance(
            run,
            steps,
            begin=callbacks.on_test_batch_begin if callbacks.has_batch_hooks("test") else None,
            end=callbacks.on_test_batch_end,
            tick=callbacks.progbar.update if live and callbacks.progbar else None,
            tell=callbacks.progbar.see if alone and callbacks.progbar else None,
        )
        callbacks.on_test_end(logs)
        return logs

    def _advance(
        self,
        run: Run | BatchRun,
        steps: int | None,
        begin: Callable[[int], None] | None,
        end: Callable[[int, dict[str, float]], None],
        tick: Callable[[int, dict[str, float]], None] | None = None,
        rates: Callable[[int], Array | float] = lambda count: 0.0,
        stop: Callable[[], bool] = lambda: False,
        tell: Callable[[int], None] | None = None,
    ) -> dict[str, float]:
        """Runs `steps` batches: one by one for hooks, in slices for a bar, otherwise at once.

        Args:
            run: The pass.
            steps: Number of batches; None, for a `BatchRun` alone, is until they end.
            begin: Hook before each batch; None if no callback has batch hooks.
            end: Hook after each batch.
            tick: Called about every `TICK` seconds if there are no hooks.
            rates: Learning rates of the next `count` steps.
            stop: Whether to stop after a batch.
            tell: Told how many batches a `BatchRun` had, which may not have been known.

        Returns:
            The logs at the end.
        """
        if isinstance(run, BatchRun):
            return self._advance_batches(run, steps, begin, end, tick, rates, stop, tell)
        assert steps is not None
        done = 0
        while done < steps and not stop():
            left = steps - done
            if begin is not None:
                count = min(self.steps_per_execution, left)
                begin(done)
                run.advance(count, learning_rates=rates(count))
                end(done + self.steps_per_execution - 1, self._logs(run.results()))
                done += count
            elif tick is not None:
                done += run.advance(left, TICK, learning_rates=rates(left))
                tick(done, self._logs(run.results()))
            else:
                done += run.advance(left, learning_rates=rates(left))
        return self._logs(run.results())

    def _advance_batches(
        self,
        run: BatchRun,
        steps: int | None,
        begin: Callable[[int], None] | None,
        end: Callable[[int, dict[str, float]], None],
        tick: Callable[[int, dict[str, float]], None] | None,
        rates: Callable[[int], Array | float],
        stop: Callable[[], bool],
        tell: Callable[[int], None] | None,
    ) -> dict[str, float]:
        """As `_advance`, for batches that come one by one."""
        done, shown = 0, time.perf_counter()
        while (steps is None or done < steps) and not stop():
            wanted = self.steps_per_execution
            count = run.ready(wanted if steps is None else min(wanted, steps - done))
            if count == 0:
                break
            if begin is not None:
                begin(done)
            run.advance(count, rates(count))
            done += count
            if begin is not None:
                end(done - count + wanted - 1, self._logs(run.results()))
            elif tick is not None and time.perf_counter() - shown > TICK:
                tick(done, self._logs(run.results()))
                shown = time.perf_counter()
        if done == steps:
            run.ready(1)  # lets the source see that its epoch is over
        if tell is not None:
            tell(done)
        return self._logs(run.results())

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Outputs for data, dropout off. They do not depend on the batch size.

        Args:
            x: Inputs, or an object that gives batches; of each the x alone counts.
            batch_size: Rows a batch, which is what callbacks and the bar count; None is 32.
            verbose: 0 silent, 1 or "auto" a bar, 2 one line.
            steps: Number of batches; None is all.
            callbacks: List of callbacks.

        Returns:
            Array of shape (samples, ...), in the structure of the model's outputs.

        Raises:
            ValueError: If the data do not fit.

        Example:
            >>> import numpy as np, pronghorn as keras
            >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
            >>> model.predict(np.ones((3, 4)), verbose=0).shape
            (3, 2)
        """
        size_fits = batch_size is None or (type(batch_size) is int and batch_size > 0)
        whole = steps is None and config.max_steps_per_epoch() is None
        if verbose == 0 and size_fits and whole and not callbacks:
            plain = self._plain_predict(x)
            if plain is not None:
                return plain
        level = _validation.verbose(verbose)
        size = _validation.batch_size(batch_size)
        steps = limited(_validation.steps(steps, "steps"))
        if is_source(x):
            return self._predict_source(BatchSource(x, steps, False, "x"), level, callbacks)
        if self._predicts_by_steps(x):
            return self._predict_by_steps(x, size or 32)
        arrays = self._run_inputs(x)
        if not self.built:
            self._peek_output_shapes([(None, *array.shape[1:]) for array in arrays])
            self._build_from(arrays)
        size, count = batches_of(len(arrays[0]), size, steps)
        if level == 0 and not callbacks:
            return self._pack_outputs(self._predict_rows(arrays, 0, size * count))
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks, add_progbar=level != 0, model=self, verbose=level, epochs=1, steps=count
            )
        callbacks.on_predict_begin()
        outputs = self._predict_chunks(arrays, size, count, callbacks, live=level == 1)
        callbacks.on_predict_end()
        return self._pack_outputs(outputs)

    def _predict_source(self, source: BatchSource, level: int, callbacks: Any) -> Any:
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_progbar=level != 0,
                model=self,
                verbose=level,
                epochs=1,
                steps=source.steps,
            )
        callbacks.on_predict_begin()
        chunks: list[list[Array]] = []
        try:
            for done, batch in enumerate(source.epoch()):
                arrays = self._input_arrays(unpack_x_y_sample_weight(batch)[0])
                if not self.built:
                    self._peek_output_shapes([(None, *array.shape[1:]) for array in arrays])
                    self._build_from(arrays)
                callbacks.on_predict_batch_begin(done)
                chunks.append(self._get_engine().predict(arrays))
                outputs = self._pack_outputs(chunks[-1])
                callbacks.on_predict_batch_end(done, {"outputs": outputs})
        finally:
            source.close()
        if not chunks:
            raise ValueError(f"`x` must give at least one batch. Received: an empty {source.kind}.")
        callbacks.on_predict_end()
        return self._pack_outputs([np.concatenate(parts) for parts in zip(*chunks, strict=True)])

    def _predict_rows(self, arrays: Sequence[Array], start: int, stop: int) -> list[Array]:
        if isinstance(arrays, Columns):
            stop = min(stop, len(arrays[0]))
            at_once = rows_at_once(self._bytes_a_row(), 32)
            parts = [
                self._get_engine().predict(
                    self._prepared([array[i : min(i + at_once, stop)] for array in arrays])
                )
                for i in range(start, stop, at_once)
            ]
            return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]
        if start == 0 and stop >= len(arrays[0]):
            return self._get_engine().predict(arrays)
        return self._get_engine().predict([array[start:stop] for array in arrays])

    def _predict_chunks(
        self,
        arrays: Sequence[Array],
        size: int,
        count: int,
        callbacks: CallbackList,
        live: bool,
    ) -> list[Array]:
        """As `_advance`: by batches for hooks, in timed chunks for a bar, otherwise at once."""
        hooks = callbacks.has_batch_hooks("predict")
        chunks: list[list[Array]] = []
        done, chunk = 0, max(1, 8192 // size) if live else count
        if hooks:
            chunk = self.steps_per_execution
        while done < count:
            began = time.perf_counter()
            batches = min(chunk, count - done)
            if hooks:
                callbacks.on_predict_batch_begin(done)
            outputs = self._predict_rows(arrays, done * size, (done + batches) * size)
            chunks.append(outputs)
            done += batches
            if hooks:
                last = done - batches + chunk - 1
                callbacks.on_predict_batch_end(last, {"outputs": self._pack_outputs(outputs)})
            elif live and callbacks.progbar:
                callbacks.progbar.update(done)
                spent = time.perf_counter() - began
                chunk = max(1, int(chunk * min(8.0, TICK / max(spent, 1e-6))))
        if len(chunks) == 1:
            return chunks[0]
        return [np.concatenate(parts) for parts in zip(*chunks, strict=True)]

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch; the same as ``predict(x, verbose=0)``.

        Args:
            x: Inputs.

        Example:
            >>> import numpy as np, pronghorn as keras
            >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
            >>> model.predict_on_batch(np.ones((3, 4))).shape
            (3, 2)
        """
        plain = self._plain_predict(x)
        return self.predict(x, verbose=0) if plain is None else plain

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics on one batch.

        Args:
            x: Inputs.
            y: Targets.
            sample_weight: Weight of each sample.
            return_dict: Whether to return a dict by name.

        Returns:
            The loss, or a list of loss and metrics, or a dict of them.
        """
        self._assert_compiled("test_on_batch")
        feed, objective = self._convert(x, y, sample_weight)
        self._prepare(feed, objective)
        self._begin_steps()
        run = self._run(feed, feed.rows, training=False)
        run.advance()
        logs = self._logs(run.results())
        return logs if return_dict else objective.in_order(logs)
