"""Metrics of plain values: Sum, Mean, and the mean of a function of targets and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn._serialization import _known
from pronghorn._serialization._objects import serialize_keras_object
from pronghorn.losses._function import as_numbers
from pronghorn.losses._loss import masked_weights, weigh
from pronghorn.metrics._metric import REGISTRY, Metric

if TYPE_CHECKING:
    from pronghorn._engine import MetricSpec


def _sample_values(
    values: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Values in float64, and weights of one number a value, where there are any."""
    array = as_numbers(values, "values").astype(np.float64)
    if sample_weight is None:
        return array, None
    return weigh(array, sample_weight)


@REGISTRY.add()
class Sum(Metric):
    """The weighted sum of values.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> Sum()([1.0, 3.0, 5.0], sample_weight=[1, 1, 0])
        4.0
    """

    def __init__(self, name: str = "sum", dtype: str | None = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        array, weights = _sample_values(values, sample_weight)
        self.total.assign_add(array.sum() if weights is None else (array * weights).sum())

    def result(self) -> float:
        return float(self.total)

    def _set_state(self, total: float, weight: float) -> None:
        self.total._assign_float(total)


@REGISTRY.add()
class Mean(Metric):
    """The weighted mean of values.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> Mean()([1.0, 3.0, 5.0], sample_weight=[1, 1, 0])
        2.0
    """

    def __init__(self, name: str | None = "mean", dtype: str | None = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        self._add(values, sample_weight)

    def _add(self, values: ArrayLike, sample_weight: ArrayLike | None) -> None:
        count: Any = sample_weight
        if type(count) is int and np.ndim(values) == 0:  # the loss of a batch
            self.total.assign_add(float(cast("Any", values)) * count)
            self.count.assign_add(count)
            return
        array, weights = _sample_values(values, sample_weight)
        # Axes after the first are averaged: a sample counts once however many values it has.
        axes = tuple(range(1, array.ndim))
        if weights is None:
            self.total.assign_add(array.mean(axis=axes).sum())
            self.count.assign_add(array.shape[0] if array.ndim else 1)
        else:
            self.total.assign_add((array * weights).mean(axis=axes).sum())
            self.count.assign_add(weights.mean(axis=axes).sum())

    def result(self) -> float:
        return self._finish(float(self.total), float(self.count))

    def _set_state(self, total: float, weight: float) -> None:
        self.total._assign_float(total)
        self.count._assign_float(weight)


@REGISTRY.add()
class MeanMetricWrapper(Mean):
    """The weighted mean of fn(y_true, y_pred).

    Args:
        fn: A function of (y_true, y_pred, ...) with one value a sample.
        name: A name; None makes one from the class.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.
        **kwargs: Further arguments of ``fn``.

    Example:
        >>> def square(y_true, y_pred):
        ...     return (np.asarray(y_true) - np.asarray(y_pred)) ** 2
        >>> MeanMetricWrapper(square)([0.0, 0.0], [1.0, 3.0])
        5.0
    """

    _heeds_masks = True

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, dtype)
        self._fn = fn
        self._settings = kwargs

    def update_state(  # type: ignore[override]  # Keras's hierarchy: a Mean with two arguments
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Takes more samples into account.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: Weights of the samples; None for 1.
        """
        values = self._fn(y_true, y_pred, **self._settings)
        mask = getattr(y_pred, "_keras_mask", None) if self._heeds_masks else None
        if mask is not None:
            sample_weight = masked_weights(np.shape(mask), sample_weight, mask, False)
        self._add(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        if type(self) is MeanMetricWrapper:
            return {
                **super().get_config(),
                "fn": serialize_keras_object(self._fn),
                **self._settings,
            }
        return {**super().get_config(), **self._settings}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """The metric of a configuration."""
        arguments = dict(config)
        if isinstance(arguments.get("fn"), str):  # as Keras 2 writes it
            named = _known.find_function("keras.metrics", arguments["fn"])
            arguments["fn"] = arguments["fn"] if named is None else named
        if isinstance(arguments.get("fn"), (str, dict)):
            arguments["fn"] = REGISTRY.deserialize(arguments["fn"])
        return cls(**arguments)

    def _engine_spec(self) -> MetricSpec | None:
        spec_of = getattr(self._fn, "_metric_spec", None)
        if spec_of is None:
            return None
        return cast("MetricSpec | None", spec_of(**self._settings))
