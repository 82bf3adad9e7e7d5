"""Compiling: loss, metrics and optimizer of a model, and the trainer that runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pronghorn import _data, optimizers
from pronghorn._autodiff._record import about_to_change
from pronghorn._engine import Array, Run, Trainer
from pronghorn._numbers import integer
from pronghorn.models import _feed
from pronghorn.models._column_run import ColumnFeed, ColumnRun, Columns, rows_at_once
from pronghorn.models._feed import TRAINING, Feed, Labels
from pronghorn.models._objective import Objective
from pronghorn.models._plain_feed import PlainFeed
from pronghorn.models._resolve import Request, check_identifiers, resolve
from pronghorn.models._step_run import StepResults, StepRun
from pronghorn.models._stepped import SteppedModel
from pronghorn.models._tap_run import TapRun
from pronghorn.optimizers._state import plan_state, read_state

if TYPE_CHECKING:
    from pronghorn._engine import OptimizerSpec


# What a copy makes for itself.
_MADE_ANEW = (
    "_objective",
    "_trainer",
    "_trainer_engine",
    "_optimizer_spec",
    "_plain_feed",
    "_verdict",
)


class CompiledModel(SteppedModel):
    """A model that knows what to minimise and how."""

    def __init__(self, name: str | None = None, trainable: bool = True, dtype: Any = None) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        self.optimizer: Any = None
        self.loss: Any = None
        self.stop_training = False
        self._initial_epoch = 0
        self.steps_per_execution = 1
        self.history: Any = None
        # What else `compile` was told, for the model's file.
        self._compile_options: dict[str, Any] = {}
        self._trainer: Trainer | None = None
        self._trainer_engine: Any = None
        self._optimizer_spec: OptimizerSpec | None = None
        self._plain_feed: PlainFeed | None = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Sets what training minimises and how. Which layers are trainable is read at the next run.

        Args:
            optimizer: Name or object.
            loss: Name, object or function; for several outputs a list, or a dict by output name.
            loss_weights: Factor of each output's loss, in the same structure.
            metrics: List of names or objects; for several outputs a list or dict of them.
            weighted_metrics: The same, to which sample weights apply.
            run_eagerly: Whether to call `train_step` and `test_step` for each batch, in Python,
                even where the engine could run whole epochs.
            steps_per_execution: Batches between two calls of batch-level callbacks.
            jit_compile: Has no effect.
            auto_scale_loss: Has no effect.

        Raises:
            ValueError: For unknown names (with the nearest one suggested). The model then stays
                as it was.

        Example:
            >>> import pronghorn as keras
            >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            >>> model.compile(optimizer="adam", loss="mse", metrics=["mae"])
        """
        request = Request(loss, loss_weights, metrics, weighted_metrics)
        check_identifiers(request)
        # As in Keras, what is not given again stays from an earlier compilation.
        if loss is None:
            request.loss, request.loss_weights = self._request.loss, self._request.loss_weights
        if metrics is None and weighted_metrics is None:
            request.metrics = self._request.metrics
            request.weighted_metrics = self._request.weighted_metrics
        found = None if optimizer is None else optimizers.get(optimizer)
        if found is not None:
            found._check_rule()
        steps = integer(steps_per_execution, "steps_per_execution", low=1)
        self._check_own_objects(request)
        self._run_eagerly = bool(run_eagerly)
        self._stepping = False
        self.optimizer = found
        self.loss = request.loss
        self.steps_per_execution = steps
        self.stop_training = False
        self.compiled = True
        self._request = request
        self._compile_options = {
            "run_eagerly": bool(run_eagerly),
            "steps_per_execution": steps,
            "jit_compile": not run_eagerly if jit_compile == "auto" else bool(jit_compile),
        }
        self._begin_accounts()
        self._trainer = None
        self._trace_again()

    @property
    def run_eagerly(self) -> bool:
        """Whether `compile` asked for it."""
        return self._run_eagerly

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        super()._set_graph(inputs, outputs)
        self._objective = None
        self._trainer = None

    def __getstate__(self) -> dict[str, Any]:
        fresh = dict.fromkeys(_MADE_ANEW)
        state = {**super().__getstate__(), **fresh}
        if self.optimizer is not None and self.built:
            state["_optimizer_state"] = [value for _, value in read_state(self.optimizer, self)]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        arrays = state.pop("_optimizer_state", None)
        super().__setstate__(state)
        take_over = None if arrays is None else plan_state(self.optimizer, self, arrays)
        if take_over is not None:
            take_over()

    def _assert_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"Model '{self.name}' is not compiled: call `compile(optimizer, loss)` before "
                f"`{method}`."
            )

    def _result_names(self) -> tuple[list[str], bool]:
        """Names of the outputs in logs, and whether the outputs are a dict."""
        if self._layer_graph is None:
            return ["output"], False
        if isinstance(self._outputs_struct, dict):
            return sorted(self._outputs_struct), True
        return self.output_names, False

    def _convert(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: Any = None,
        labels: Labels | None = None,
        objective: Objective | None = None,
    ) -> tuple[Feed, Objective]:
        """Checks and converts data, and resolves what to compute on them; changes nothing.

        Raises:
            ValueError: If anything does not fit.
        """
        labels = labels or TRAINING
        if self._own_call:
            self._trace_on(x, labels.x)
        elif self._layer_graph is None:
            self._settle(x, labels.x)
        self._stepping = self._steps_needed()
        if self._stepping:
            return self._step_feed(x, y, sample_weight, class_weight, labels)  # type: ignore[return-value]
        known, plain = self._objective, self._plain_feed
        unweighted = sample_weight is None and class_weight is None
        if (
            plain is not None
            and plain.objective is known
            and (objective is None or objective is known)
        ):
            feed = plain.feed(x, y) if unweighted else None
            if feed is not None:
                return feed, plain.objective
        if x is None:
            raise ValueError(f"`{labels.x}` is missing. Received: {labels.x}=None")
        xs = self._run_inputs(x, labels.x)
        names, keyed = self._result_names()
        shapes = self._peek_output_shapes([(None, *array.shape[1:]) for array in xs])
        parts = _feed.split_targets(y, names, keyed, shapes, labels.y)
        objective = (
            objective
            or self._objective
            or resolve(self._request, names, keyed, shapes, _feed.target_shapes(parts, labels.y))
        )
        if not objective.loss_outputs:
            raise ValueError(
                f"Model '{self.name}' has no loss: pass `loss` to `compile`. Received: loss=None"
            )
        dtype = self._model_dtype()
        ys = _feed.convert_targets(parts, objective, shapes, dtype, labels.y)
        seen = _feed.seen_targets(parts, objective, dtype, labels.y) if objective.tapped else []
        rows = _data.check_lengths([(labels.x, xs), (labels.y, [*ys, *seen])])
        weights = _feed.convert_weights(
            sample_weight,
            class_weight,
            parts,
            names,
            keyed,
            shapes,
            rows,
            dtype,
            labels.sample_weight,
        )
        if isinstance(xs, Columns):
            return ColumnFeed(xs, ys, weights, rows, seen), objective
        feed = Feed(xs, ys, weights, rows, seen)
        if objective is known and unweighted:
            self._plain_feed = PlainFeed.learnt(x, y, feed, objective, shapes[0])
        return feed, objective

    def _assert_optimizer(self) -> None:
        if self.optimizer is None:
            raise ValueError(
                f"Model '{self.name}' has no optimizer: pass `optimizer` to `compile`. "
                "Received: optimizer=None"
            )

    def _prepare(self, feed: Feed, objective: Objective) -> Trainer:
        """The trainer for this graph, made anew after `compile` or a change of layers."""
        if self._stepping:
            self._build_by_call(feed)  # type: ignore[arg-type]
            return None  # type: ignore[return-value]
        self._build_from(feed.xs)
        engine = self._get_engine(current_flags=self._trainer is None)
        optimizer = self.optimizer
        if self._trainer is not None and self._trainer_engine is engine:
            if optimizer is not None and optimizer._trainer is not self._trainer:
                # It has trained another model meanwhile.
                _hand_over(optimizer, self._trainer, self._engine_variables)
            return self._trainer
        spec = None if optimizer is None else optimizer._engine_spec(self._engine_variables)
        specs = objective.engine_metrics
        trainer = Trainer(engine, objective.losses, specs, spec, objective.tapped)
        if optimizer is not None:
            _hand_over(optimizer, trainer, self._engine_variables)
        self._trainer, self._trainer_engine = trainer, engine
        self._optimizer_spec, self._objective = spec, objective
        return trainer

    def _run(
        self,
        feed: Feed,
        batch_size: int,
        training: bool,
        seed: int | None = None,
        again: Run | None = None,
    ) -> Run:
        """Begins a pass over `feed`.

        Args:
            feed: The data.
            batch_size: Rows a batch.
            training: Whether to train.
            seed: Of the order of the samples; None is their own.
            again: The pass over the same data that has just ended.
        """
        if self._stepping:
            return StepRun(self, feed, batch_size, training, seed)  # type: ignore[arg-type, return-value]
        trainer, objective = self._trainer, self._objective
        if trainer is None or objective is None:
            raise self._compiled_meanwhile()
        if isinstance(feed, ColumnFeed):
            return self._run_columns(feed, batch_size, training, seed)
        if training:
            about_to_change(self._engine_variables)
            if not self.optimizer._has_told(self._optimizer_spec):
                self._tell_optimizer(trainer)
        if type(again) is Run and trainer.restart(again, seed):
            return again
        weights = feed.sample_weights
        run = trainer.run(feed.xs, feed.ys, weights, batch_size, training, seed)
        if objective.tapped:
            return TapRun(run, feed, batch_size, objective)  # type: ignore[return-value]
        return run

    def _tell_optimizer(self, trainer: Trainer) -> None:
        """Gives the trainer the optimizer's numbers as they are now."""
        spec = self.optimizer._engine_spec(self._engine_variables)
        if spec != self._optimizer_spec:
            trainer.set_optimizer(spec)
            self._optimizer_spec = spec
        self.optimizer._tell(self._optimizer_spec)

    def _run_columns(
        self, feed: ColumnFeed, batch_size: int, training: bool, seed: int | None
    ) -> Run:
        """Begins a pass over columns that are prepared on the way."""
        at_once = rows_at_once(self._bytes_a_row(), batch_size)
        run: Any = ColumnRun(
            feed,
            batch_size,
            at_once,
            seed,
            self._prepared,
            lambda part: self._run(part, batch_size, training),
        )
        found: Run = run
        return found

    def _begin_steps(self) -> None:
        if self._stepping:
            super()._begin_steps()
        elif (objective := self._objective) is not None and objective.tapped:
            objective.reset_tapped()

    def _compiled_meanwhile(self) -> RuntimeError:
        return RuntimeError(
            f"Model '{self.name}' was compiled or changed while it was running, by a callback or "
            "another thread. End the run first, and start another one afterwards."
        )

    def _learning_rates(self, count: int) -> Array | float:
        """Learning rates of the coming steps."""
        optimizer = self.optimizer
        if type(optimizer._learning_rate) is float:  # one number for all steps
            rate: float = optimizer._learning_rate
            return rate
        rates: Array = optimizer._learning_rates(optimizer._steps, count)
        return rates

    def _logs(self, results: Any) -> dict[str, float]:
        if isinstance(results, StepResults):
            return results.logs
        objective = self._objective
        if objective is None:
            raise self._compiled_meanwhile()
        self._objects = None  # which Python may have used meanwhile
        self._loss_tracker._set_state(*results["loss"])
        if objective.loss_trackers:
            for tracker, i in zip(objective.loss_trackers, objective.loss_outputs, strict=False):
                tracker._set_state(*results["output_losses"][i])
        objective.take_over(results)
        return objective.logs(results)


def _hand_over(optimizer: Any, trainer: Trainer, weights: Any) -> None:
    """Gives `trainer` the state that an optimizer has from an earlier compilation."""
    old = optimizer._trainer
    if old is not None:
        held, wanted = old.get_slots(), trainer.get_slots()
        # By weight, as `apply` lists weights in another order; else by place, for weights that
        # have been made anew.
        named = {(name, id(optimizer._weights[i])): value for name, i, value in held}
        places = [(name, id(weights[i])) for name, i, _ in wanted]
        if named.keys() == set(places):
            values = [named[place] for place in places]
        else:
            if [(n, i, v.shape) for n, i, v in held] != [(n, i, v.shape) for n, i, v in wanted]:
                raise ValueError(
                    f"The optimizer '{optimizer.name}' holds the state of another model, or of "
                    "this one with other weights; compile with a new optimizer."
                )
            values = [value for _, _, value in held]
        pairs = zip(values, wanted, strict=True)
        trainer.set_slots([value.reshape(like.shape) for value, (_, _, like) in pairs])
        trainer.set_state(old.get_state())
    optimizer._bind(trainer, weights)
