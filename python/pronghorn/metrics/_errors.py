"""Errors, divergences and hinges as metrics: the losses of these names, averaged."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pronghorn import losses
from pronghorn._numbers import integer
from pronghorn.metrics import _loss_functions  # noqa: F401  # names of functions come first
from pronghorn.metrics._metric import REGISTRY
from pronghorn.metrics._reduction import MeanMetricWrapper


class _Error(MeanMetricWrapper):
    _direction: ClassVar[str | None] = "down"


@REGISTRY.add("mape", "MAPE")
class MeanAbsolutePercentageError(_Error):
    """The mean of 100 |y_true - y_pred| / |y_true|.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 5.0]])
        37.5
    """

    def __init__(
        self, name: str = "mean_absolute_percentage_error", dtype: str | None = None
    ) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


@REGISTRY.add("msle", "MSLE")
class MeanSquaredLogarithmicError(_Error):
    """The mean of (log(1 + y_true) - log(1 + y_pred))^2.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(MeanSquaredLogarithmicError()([[0.0]], [[1.0]]), 4)
        0.4805
    """

    def __init__(
        self, name: str = "mean_squared_logarithmic_error", dtype: str | None = None
    ) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


@REGISTRY.add()
class LogCoshError(_Error):
    """The mean of log(cosh(y_pred - y_true)).

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(LogCoshError()([[0.0]], [[1.0]]), 4)
        0.4338
    """

    def __init__(self, name: str = "logcosh", dtype: str | None = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


@REGISTRY.add()
class KLDivergence(_Error):
    """The mean of sum_j y_true_j log(y_true_j / y_pred_j).

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 4)
        0.1438
    """

    def __init__(self, name: str = "kl_divergence", dtype: str | None = None) -> None:
        super().__init__(losses.kl_divergence, name, dtype)


@REGISTRY.add()
class Poisson(_Error):
    """The mean of y_pred - y_true log(y_pred).

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(Poisson()([[1.0, 2.0]], [[1.0, 1.0]]), 4)
        1.0
    """

    def __init__(self, name: str = "poisson", dtype: str | None = None) -> None:
        super().__init__(losses.poisson, name, dtype)


@REGISTRY.add()
class Hinge(_Error):
    """The mean of max(1 - y_true y_pred, 0), targets -1 or 1 (or 0 or 1).

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> Hinge()([[0, 1]], [[0.5, 0.5]])
        1.0
    """

    def __init__(self, name: str = "hinge", dtype: str | None = None) -> None:
        super().__init__(losses.hinge, name, dtype)


@REGISTRY.add()
class SquaredHinge(_Error):
    """The mean of max(1 - y_true y_pred, 0)^2, targets -1 or 1 (or 0 or 1).

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> SquaredHinge()([[0, 1]], [[0.5, 0.5]])
        1.25
    """

    def __init__(self, name: str = "squared_hinge", dtype: str | None = None) -> None:
        super().__init__(losses.squared_hinge, name, dtype)


@REGISTRY.add()
class CategoricalHinge(_Error):
    """The mean of max(n - s + 1, 0), see ``losses.categorical_hinge``.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> CategoricalHinge()([[0, 1, 0]], [[0.5, 0.25, 0.0]])
        1.25
    """

    def __init__(self, name: str = "categorical_hinge", dtype: str | None = None) -> None:
        super().__init__(losses.categorical_hinge, name, dtype)


def _cosine(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Any:
    """The cosine of the angle, of which the loss is the negative."""
    return np.negative(losses.cosine_similarity(y_true, y_pred, axis=axis))


@REGISTRY.add()
class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between target and prediction: 1 where they agree.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.
        axis: The axis of the vectors.

    Example:
        >>> CosineSimilarity()([[0.0, 1.0]], [[0.0, 3.0]])
        1.0
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(
        self, name: str = "cosine_similarity", dtype: str | None = None, axis: int = -1
    ) -> None:
        super().__init__(_cosine, name, dtype, axis=integer(axis, "axis"))

    def _engine_spec(self) -> Any:
        return {"name": "cosine_similarity"} if self._settings["axis"] == -1 else None

    def _engine_result(self, total: float, weight: float) -> float:
        return self._finish(-total, weight)

    def _set_state(self, total: float, weight: float) -> None:
        super()._set_state(-total, weight)
