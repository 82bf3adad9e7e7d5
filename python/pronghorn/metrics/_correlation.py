"""Correlations of targets and predictions along an axis, averaged over samples."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pronghorn import config
from pronghorn._arguments import explained
from pronghorn._numbers import integer
from pronghorn.losses._function import Float64
from pronghorn.metrics._function import same_shape
from pronghorn.metrics._metric import REGISTRY
from pronghorn.metrics._reduction import MeanMetricWrapper


def _wide(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Float64, Float64, Any]:
    """Both in float64, and the dtype of the predictions, or of floats."""
    targets, predictions = same_shape(y_true, y_pred)
    kind = predictions.dtype if predictions.dtype.kind == "f" else np.dtype(config.floatx())
    return targets.astype(kind).astype(np.float64), predictions.astype(np.float64), kind


@REGISTRY.add()
@explained
def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Any:
    """The covariance of targets and predictions over the product of their standard deviations.

    Args:
        y_true: Targets.
        y_pred: Predictions of the same shape.
        axis: The axis along which they are compared.

    Returns:
        The shape without ``axis``.

    Example:
        >>> pearson_correlation([[0.0, 1.0, 0.5]], [[0.1, 0.9, 0.5]]).round(4).tolist()
        [1.0]
    """
    targets, predictions, dtype = _wide(y_true, y_pred)

    def standard(values: Float64) -> Float64:
        centred = values - values.mean(axis=axis, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(centred / centred.std(axis=axis, keepdims=True))

    return (standard(targets) * standard(predictions)).mean(axis=axis).astype(dtype)


@REGISTRY.add()
@explained
def concordance_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Any:
    """2 cov(y, p) / (var y + var p + (mean y - mean p)^2), as Keras computes the covariance.

    Args:
        y_true: Targets.
        y_pred: Predictions of the same shape.
        axis: The axis along which they are compared.

    Returns:
        The shape without ``axis``.

    Source: Lin, Biometrics 45(1), 1989.

    Example:
        >>> concordance_correlation([[0.0, 1.0, 0.5]], [[0.1, 0.9, 0.5]]).round(4).tolist()
        [0.9756]
    """
    targets, predictions, dtype = _wide(y_true, y_pred)
    of_target, of_prediction = (
        each.mean(axis=axis, keepdims=True) for each in (targets, predictions)
    )
    # The deviations of the targets from the predictions' mean have the same mean product.
    product = (targets - of_prediction) * (predictions - of_prediction)
    spread = targets.var(axis=axis, keepdims=True) + predictions.var(axis=axis, keepdims=True)
    spread = spread + np.square(of_target - of_prediction) + config.epsilon()
    return (2.0 * product / spread).mean(axis=axis).astype(dtype)


class _Correlation(MeanMetricWrapper):
    _direction: ClassVar[str | None] = "up"


@REGISTRY.add()
class PearsonCorrelation(_Correlation):
    """The mean of Pearson's correlation coefficients of the samples.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.
        axis: The axis along which targets and predictions are compared.

    Example:
        >>> round(PearsonCorrelation()([[0.0, 1.0, 0.5]], [[0.1, 0.9, 0.5]]), 4)
        1.0
    """

    def __init__(
        self, name: str = "pearson_correlation", dtype: str | None = None, axis: int = -1
    ) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=integer(axis, "axis"))


@REGISTRY.add()
class ConcordanceCorrelation(_Correlation):
    """The mean of the concordance correlation coefficients of the samples.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.
        axis: The axis along which targets and predictions are compared.

    Example:
        >>> round(ConcordanceCorrelation()([[0.0, 1.0, 0.5]], [[0.1, 0.9, 0.5]]), 4)
        0.9756
    """

    def __init__(
        self, name: str = "concordance_correlation", dtype: str | None = None, axis: int = -1
    ) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=integer(axis, "axis"))
