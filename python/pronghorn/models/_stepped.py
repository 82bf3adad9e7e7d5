"""Models whose steps run in Python: losses, metrics, layers or steps of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import _data, _tree
from pronghorn._autodiff import _record, paused
from pronghorn.models import _feed
from pronghorn.models._column_run import Columns
from pronghorn.models._measured import MeasuredModel
from pronghorn.models._objects import needs_objects
from pronghorn.models._preparation import Prepared
from pronghorn.models._step_data import as_input, as_target, leaves, outline_of, weights_in_order
from pronghorn.models._step_run import StepFeed

if TYPE_CHECKING:
    from pronghorn.models._feed import Labels

_STEPS = ("train_step", "test_step", "compute_loss", "compute_metrics")


class StepObjective:
    """What stands for an `Objective`: the names of logs in the order of the model's metrics."""

    loss_outputs = (0,)

    def __init__(self, model: Any) -> None:
        self._model = model

    def in_order(self, logs: dict[str, float]) -> Any:
        """Values of `logs` as train_on_batch and evaluate list them; one value alone if one."""
        if len(logs) == 1:
            return next(iter(logs.values()))
        return list(self.as_declared(logs).values())

    def as_declared(self, logs: dict[str, float]) -> dict[str, float]:
        """`logs`, the loss first, then the metrics as they were declared."""
        names = [name for name in self._model._log_order() if name in logs]
        return {name: logs[name] for name in (*names, *(n for n in logs if n not in names))}


class SteppedModel(MeasuredModel):
    """The part of a model that users override: steps, and what they are made of."""

    optimizer: Any

    def __init__(self, name: str | None = None, trainable: bool = True, dtype: Any = None) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        self._run_eagerly = False
        self._stepping = False  # whether the last run called steps
        self._objects_needed = False
        self._verdict: tuple[Any, bool] | None = None  # of the layers, for an engine

    # How the model runs.

    @property
    def run_mode(self) -> str:
        """How training runs: "compiled", "split" or "recorded".

        Compiled: whole epochs in the engine; metrics that it does not compute see the outputs of
        many batches at a time. Split: the layers' forward and backward passes in the engine, and
        the losses, steps or optimizers of your own in Python. Recorded: the layers that are not the
        engine's run in Python too.
        """
        if not self._is_compiled_graph():
            return "recorded"
        return "split" if self._trains_by_steps() else "compiled"

    def _trains_by_steps(self) -> bool:
        if self._run_eagerly or self._objects_needed or self._has_masks:
            return True
        if self.optimizer is not None and self.optimizer._steps_in_python:
            return True
        cls, base = type(self), SteppedModel  # one by one, since every call of `fit` comes here
        if cls.train_step is not base.train_step or cls.test_step is not base.test_step:
            return True
        if cls.compute_loss is not base.compute_loss:
            return True
        if cls.compute_metrics is not base.compute_metrics:
            return True
        # What an engine was made of does not change while it is there.
        if self._verdict is not None and self._verdict[0] is self._engine:
            return self._verdict[1]
        layers = self._flatten_layers()
        found = self._need_steps(layers)
        if self._engine is not None and not any(layer._users_own for layer in layers):
            self._verdict = self._engine, found
        return found

    @staticmethod
    def _need_steps(layers: Sequence[Any]) -> bool:
        for layer in layers:
            if layer._users_own and layer._attributes().metrics:  # which are logged
                return True
            for variable in layer._weights:
                if variable.constraint is not None and not variable._constrained_by_engine:
                    return True
                if variable.overwrite_with_gradient:
                    return True
            if layer._penalises_beyond_engine():
                return True
        return False

    def _steps_needed(self) -> bool:
        return self._trains_by_steps() or not self._is_compiled_graph()

    # What users override.

    def train_step(self, data: Any) -> dict[str, Any]:
        """One update on one batch; called by `fit` for a subclass that overrides it.

        Args:
            data: x, (x, y) or (x, y, sample_weight), of tensors.

        Returns:
            Numbers by name, as `fit` logs them.
        """
        from pronghorn.ops import GradientTape

        x, y, weight = _unpacked(data)
        variables = self.trainable_weights
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, weight, training=True)
            scaled = loss if self.optimizer is None else self.optimizer.scale_loss(loss)
        variables = variables or self.trainable_weights
        self._loss_tracker.update_state(np.asarray(loss), _rows(x))
        if variables:
            gradients = tape.gradient(scaled, variables)
            self.optimizer.apply(gradients, variables)
        return self.compute_metrics(x, y, y_pred, weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Loss and metrics of one batch; called by `evaluate` for a subclass that overrides it.

        Args:
            data: x, (x, y) or (x, y, sample_weight), of tensors.
        """
        x, y, weight = _unpacked(data)
        y_pred = self(x, training=False)
        loss = self.compute_loss(x, y, y_pred, weight, training=False)
        self._loss_tracker.update_state(np.asarray(loss), _rows(x))
        return self.compute_metrics(x, y, y_pred, weight)

    def predict_step(self, data: Any) -> Any:
        """Outputs for one batch; called by `predict` for a subclass that overrides it.

        Args:
            data: x, or a tuple that begins with it.
        """
        return self(_unpacked(data)[0], training=False)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The number that training minimises: the compiled losses and those that layers add.

        Args:
            x: Inputs.
            y: Targets.
            y_pred: What the model gave for `x`.
            sample_weight: Weight of each sample.
            training: Whether it is for an update.

        Raises:
            ValueError: If there is no loss at all.
        """
        del x, training
        total = self._compiled_objects(y, y_pred).loss(y, y_pred, sample_weight)
        for loss in self.losses:
            total = loss if total is None else total + loss
        if total is None:
            raise ValueError(
                f"Model '{self.name}' has no loss: pass `loss` to `compile`, or call `add_loss` in "
                "a layer."
            )
        return total

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Shows a batch to the compiled metrics and returns all results by name.

        Args:
            x: Inputs.
            y: Targets.
            y_pred: What the model gave for `x`.
            sample_weight: Weight of each sample.
        """
        del x
        self._update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    # Data.

    def _trace_on(self, x: Any, label: str) -> None:
        """Looks for the graph that the model's own `call` draws on such inputs."""
        arrays = self._step_arrays(x, label)
        self._try_trace(_tree.pack_as(outline_of(x), arrays))

    def _step_feed(
        self, x: Any, y: Any, weight: Any, class_weight: Any, labels: Labels
    ) -> tuple[StepFeed, StepObjective]:
        """Data as `StepRun` takes them."""
        graph = self._layer_graph is not None and self._is_compiled_graph()
        dtype = self._model_dtype() if graph else self._dtype
        outline = outline_of(x)
        ready = x is not None and self._steps_on_prepared()
        xs: list[Any] = self._run_inputs(x, labels.x) if ready else []
        if ready and not isinstance(xs, Columns):
            outline = Prepared([0] * len(xs))
        else:
            xs = self._step_arrays(x, labels.x)
        ys = [] if y is None else [as_target(part, dtype, labels.y) for part in leaves(y)]
        structure = None if y is None else outline_of(y)
        rows = _data.check_lengths([(labels.x, xs), (labels.y, ys)])
        weights: list[Any] = []
        weight_structure: Any = None
        if weight is not None or class_weight is not None:
            names = [str(i) for i in range(len(ys))]
            outputs = self.output_names if self._layer_graph is not None else names
            given = weights_in_order(weight, y, outputs, labels.sample_weight)
            weights = _feed.convert_weights(
                given, class_weight, ys, names, False, None, rows, dtype, labels.sample_weight
            )
            weight_structure = 0 if len(weights) == 1 else [0] * len(weights)
            if isinstance(structure, dict) and len(structure) == len(weights) > 1:
                weight_structure = structure
        return (
            StepFeed(xs, ys, weights, rows, x=outline, y=structure, weight=weight_structure),
            StepObjective(self),
        )

    def _steps_on_prepared(self) -> bool:
        """Whether columns are prepared once a run: if no step of the user's own looks at them."""
        if self._preparation is None or not self._is_compiled_graph():
            return False
        own = any(getattr(type(self), n) is not getattr(SteppedModel, n) for n in _STEPS)
        layers = self._flatten_layers()
        return not own and all(layer.activity_regularizer is None for layer in layers)

    def _step_arrays(self, x: Any, label: str) -> list[Any]:
        if x is None:
            raise ValueError(f"`{label}` is missing. Received: {label}=None")
        if self._layer_graph is not None and not _tree.is_nested(outline_of(x)):
            return self._fitted_inputs(x, label)
        return [as_input(part, self._dtype, label) for part in leaves(x)]

    def _fitted_inputs(self, x: Any, label: str) -> list[Any]:
        if self._preparation is not None:  # a step of the user's own prepares its batch
            return list(self._columns(x, label))
        return self._input_arrays(x, label)

    def _build_by_call(self, feed: StepFeed) -> None:
        """Calls the model once on a sample, so that all of its weights exist.

        Not if they do: a model with a step of its own may be given data that its `call` is not for.
        """
        layers = self._flatten_layers()[1:]
        if layers and all(layer.built for layer in layers):
            return
        if not self.built or self._layer_graph is None:
            first = feed.part(0, 1).data()
            with paused(), _record.rehearsed():
                self(_unpacked(first)[0], training=False)

    def _begin_steps(self) -> None:
        """Resets the metrics before a pass of steps."""
        if self._stepping:
            self.reset_metrics()
            if self._callless and not self.built:
                self.built = all(layer.built for layer in self.layers)

    def _own_predict_step(self) -> bool:
        return type(self).predict_step is not SteppedModel.predict_step

    def _predicts_by_steps(self, x: Any) -> bool:
        if self._own_predict_step():
            return True
        if self._own_call:
            self._trace_on(x, "x")
        elif self._layer_graph is None:
            self._settle(x, "x")
        return not self._is_compiled_graph()

    def _predict_by_steps(self, x: Any, size: int) -> Any:
        feed, _ = self._step_feed(x, None, None, None, _feed.Labels())
        if self._preparation is not None and self._preparation.complete:
            size = feed.rows
        parts = []
        for start in range(0, feed.rows, size):
            batch = feed.part(start, min(start + size, feed.rows))
            parts.append(self.predict_step(batch.data()))
        columns = zip(*(_tree.flatten(part) for part in parts), strict=True)
        joined = [np.concatenate([np.asarray(each) for each in column]) for column in columns]
        return _tree.pack_as(parts[0], joined)

    def _check_own_objects(self, request: Any) -> None:
        """Notes whether the losses are the engine's."""
        self._objects_needed = needs_objects(request)
        self._verdict = None


def _unpacked(data: Any) -> tuple[Any, Any, Any]:
    if not isinstance(data, tuple):
        return data, None, None
    padded = (*data, None, None)
    return padded[0], padded[1], padded[2]


def _rows(x: Any) -> int:
    return int(_tree.flatten(x)[0].shape[0])
