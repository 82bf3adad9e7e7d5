"""Losses and metrics as Python objects, for models that train step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import _tree, losses, metrics
from pronghorn._autodiff import Tensor
from pronghorn.layers._masked_array import plain
from pronghorn.losses._function import same_rank
from pronghorn.models import _resolve
from pronghorn.models._compile_metrics import log_names

if TYPE_CHECKING:
    from pronghorn.models._objective import Objective
    from pronghorn.models._resolve import Request


def needs_objects(request: Request) -> bool:
    """Whether a loss was asked for that the engine does not compute."""
    for identifier in _tree.flatten(request.loss):
        if identifier is None or _resolve._by_shape(identifier):
            continue
        found = losses.get(identifier)
        spec = found._engine_spec() if isinstance(found, losses.Loss) else None
        if not isinstance(found, losses.Loss):
            spec = losses._function.engine_spec(found)
        if spec is None:
            return True
    return False


class _UsersLoss(losses.Loss):
    """A user's function of (y_true, y_pred), one value a sample, as a loss."""

    def __init__(self, function: Any) -> None:
        super().__init__(name=getattr(function, "__name__", "loss"))
        self._function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self._function(*same_rank(y_true, y_pred))


class Objects:
    """The losses and metrics of `compile`, matched to outputs once these are seen.

    Args:
        request: From `compile`.
        names: Of the outputs; None where the model does not know them.
        keyed: Whether the outputs are a dict.
        targets: As given.
        outputs: Of a call.
        objective: What the engine computed so far, whose metrics then go on; None if it did not.
    """

    def __init__(
        self,
        request: Request,
        names: Sequence[str] | None,
        keyed: bool,
        targets: Any,
        outputs: Any,
        objective: Objective | None = None,
    ) -> None:
        flat = _tree.flatten(outputs)
        if isinstance(outputs, dict):
            names, keyed = sorted(outputs), True
        elif names is None or len(names) != len(flat):
            names = [f"output_{i + 1}" for i in range(len(flat))]
        self._names, self._keyed = list(names), keyed
        shapes = [
            tuple(np.shape(leaf) if not hasattr(leaf, "shape") else leaf.shape) for leaf in flat
        ]
        wanted = self.targets(targets)
        self.losses: list[Any] = []
        self._order = _resolve.loss_order(request.loss, self._names, keyed)
        rows = _resolve._per_output_losses(request.loss, self._names, keyed)
        for identifier, shape, target in zip(rows, shapes, wanted, strict=True):
            self.losses.append(self._loss(identifier, shape, target))
        weights = _resolve._loss_weights(request.loss_weights, self._names)
        self.loss_weights = [1.0 if weight is None else weight for weight in weights]
        self.metrics: list[tuple[int, bool, metrics.Metric]] = []
        for weighted, given in ((False, request.metrics), (True, request.weighted_metrics)):
            argument = "weighted_metrics" if weighted else "metrics"
            lists = _resolve._per_output_metrics(given, self._names, argument)
            for i, row in enumerate(lists):
                for identifier in row:
                    metric = self._metric(identifier, shapes[i], wanted[i])
                    self.metrics.append((i, weighted, metric))
        several = sum(loss is not None for loss in self.losses) > 1
        self._trackers = [
            metrics.Mean(name=f"{name}_loss") if several and loss is not None else None
            for name, loss in zip(self._names, self.losses, strict=True)
        ]
        if objective is not None:
            self._go_on(objective)

    @staticmethod
    def _metric(identifier: Any, shape: Any, target: Any) -> metrics.Metric:
        kind = _resolve._by_shape(identifier)
        metric = _resolve.metric_object(
            (kind and _resolve._flavour(kind, shape, _shape_of(target))) or identifier
        )
        if isinstance(identifier, str):
            metric.name = identifier
        return metric

    def _go_on(self, objective: Objective) -> None:
        """Takes over the metrics that the engine filled, which were asked for in the same order."""
        found = dict(enumerate(metric for _, metric in objective.named_metrics()))
        self.metrics = [(i, w, found[k]) for k, (i, w, _) in enumerate(self.metrics)]
        places = [k for k in self._order if self._trackers[k] is not None]
        for k, tracker in zip(places, objective.loss_trackers, strict=True):
            self._trackers[k] = tracker

    def named_metrics(self) -> list[tuple[str, metrics.Metric]]:
        """The metrics with their names in logs, those without sample weights first."""
        names = log_names(self._of(False), self._of(True), len(self._names) > 1)
        return list(zip(names, (metric for _, _, metric in self.metrics), strict=True))

    def _of(self, weighted: bool) -> list[tuple[str, str]]:
        return [(self._names[i], metric.name) for i, w, metric in self.metrics if w is weighted]

    @property
    def loss_trackers(self) -> list[metrics.Mean]:
        """Means of the outputs' losses, if several have one."""
        ordered = (self._trackers[k] for k in self._order)
        return [tracker for tracker in ordered if tracker is not None]

    @staticmethod
    def _loss(identifier: Any, shape: Any, target: Any) -> Any:
        if identifier is None:
            return None
        kind = _resolve._by_shape(identifier)
        name = _resolve._flavour(kind, shape, _shape_of(target)) if kind else identifier
        found = losses.get(name)
        return found if isinstance(found, losses.Loss) else _UsersLoss(found)

    def targets(self, structure: Any) -> list[Any]:
        """One entry an output, in the order of the outputs."""
        if structure is None:
            return [None] * len(self._names)
        if isinstance(structure, dict):
            return [structure.get(name) for name in self._names]
        flat = _tree.flatten(structure)
        if len(flat) != len(self._names):
            raise ValueError(
                f"Targets must have one part for each of the outputs {self._names}. "
                f"Received: {len(flat)} parts."
            )
        return flat

    def loss(self, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """The weighted sum of the outputs' losses; None if there are none."""
        total: Any = None
        weights = _weights(sample_weight, len(self._names), self._names)
        parts = zip(self.losses, self.targets(y), _tree.flatten(y_pred), weights, strict=True)
        for i, (loss, target, output, weight) in enumerate(parts):
            if loss is None:
                continue
            if target is None:
                raise ValueError(
                    f"Output '{self._names[i]}' has the loss '{loss.name}' and needs targets. "
                    "Received: y=None"
                )
            value = loss(target, output, sample_weight=weight)
            tracker = self._trackers[i]
            if tracker is not None:
                tracker.update_state(np.asarray(value), np.shape(output)[0])
            value = value if self.loss_weights[i] == 1 else value * self.loss_weights[i]
            total = value if total is None else total + value
        return total

    def update(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Shows a batch to the metrics."""
        wanted, outputs = self.targets(y), _tree.flatten(y_pred)
        weights = _weights(sample_weight, len(self._names), self._names)
        for i, weighted, metric in self.metrics:
            target = None if wanted[i] is None else np.asarray(wanted[i])
            args = (target, np.asanyarray(plain(outputs[i])))
            weight = np.asarray(weights[i]) if weighted and weights[i] is not None else None
            if weight is not None:
                metric.update_state(*args, sample_weight=weight)
            else:
                metric.update_state(*args)


def _shape_of(target: Any) -> Any:
    return None if target is None else tuple(target.shape)


def _weights(given: Any, count: int, names: Sequence[str]) -> list[Any]:
    if isinstance(given, dict):
        found = [given.get(name) for name in names]
    elif isinstance(given, (list, tuple)):
        found = list(given)
    else:
        found = [given] * count
    return [w._value if isinstance(w, Tensor) else w for w in found]
