"""What a model keeps account of: its loss, the metrics of `compile` and those among attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pronghorn import metrics
from pronghorn.models._compile_metrics import CompileMetrics, Named
from pronghorn.models._graph_model import GraphModel
from pronghorn.models._objects import Objects
from pronghorn.models._resolve import Request

if TYPE_CHECKING:
    from pronghorn.models._objective import Objective


class MeasuredModel(GraphModel):
    """The part of a model that holds metrics."""

    _keeps_metrics = True

    def __init__(self, name: str | None = None, trainable: bool = True, dtype: Any = None) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        self.compiled = False
        self._request = Request()
        self._loss_tracker = metrics.Mean(name="loss")
        self._compile_metrics: CompileMetrics | None = None
        # Who computes: the engine as the objective says, or Python with the objects. Both are made
        # when the outputs are known.
        self._objective: Objective | None = None
        self._objects: Objects | None = None

    def _begin_accounts(self) -> None:
        """Begins anew after `compile`."""
        self._objective = self._objects = None
        self._loss_tracker = metrics.Mean(name="loss")
        asked = self._request.metrics is not None or self._request.weighted_metrics is not None
        self._compile_metrics = (
            CompileMetrics(self._named_metrics, self._update_metrics) if asked else None
        )

    def _compiled_objects(self, y: Any, y_pred: Any) -> Objects:
        if self._objects is None:
            names = None if self._layer_graph is None else self.output_names
            self._objects = Objects(self._request, names, False, y, y_pred, self._objective)
        return self._objects

    def _named_metrics(self) -> Named | None:
        source = self._objects or self._objective
        return None if source is None else source.named_metrics()

    def _update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        self._compiled_objects(y, y_pred).update(y, y_pred, sample_weight)

    @property
    def metrics(self) -> list[Any]:
        """What is kept account of, as objects with `name` and `result()`.

        The loss, the metrics of `compile` as one, those among the attributes of the model and its
        layers, and the losses of the outputs if several have one.
        """
        found: list[Any] = []
        if self.compiled:
            found.append(self._loss_tracker)
            if self._compile_metrics is not None:
                found.append(self._compile_metrics)
        found += super().metrics
        source = self._objects or self._objective
        if self.compiled and source is not None:
            found += source.loss_trackers
        return list(dict.fromkeys(found))

    @property
    def metrics_names(self) -> list[str]:
        """Names of `metrics`."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Forgets what the metrics saw."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Results of all metrics by name.

        Raises:
            ValueError: If metrics were given to `compile` and no data were seen yet.

        Example:
            >>> import numpy as np, pronghorn as keras
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> model.compile("sgd", "mse", metrics=["mae"])
            >>> _ = model.evaluate(np.ones((4, 2)), np.ones(4), verbose=0)
            >>> list(model.get_metrics_result())
            ['loss', 'mae']
        """
        results: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            results.update(result if isinstance(result, dict) else {metric.name: result})
        return results

    def _log_order(self) -> list[str]:
        """Names of results in the order in which metrics were declared, the loss first."""
        names = ["loss"]
        for metric in self.metrics:
            names += metric.names() if isinstance(metric, CompileMetrics) else [metric.name]
        return list(dict.fromkeys(names))
