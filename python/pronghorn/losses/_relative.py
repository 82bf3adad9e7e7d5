"""Losses of relative errors, of logarithms, and of counts."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pronghorn.config import epsilon
from pronghorn.losses._function import REGISTRY, in_float64, loss_function
from pronghorn.losses._loss import FunctionLoss


@loss_function("mape", "MAPE")
def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """100 mean_j |y_true_j - y_pred_j| / max(|y_true_j|, epsilon) for each sample.

    Args:
        y_true: Targets, shape (n, m).
        y_pred: Predictions of the same shape.

    Returns:
        Shape (n,).

    Example:
        >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 5.0]]).tolist()
        [37.5]
    """
    size = np.maximum(np.abs(y_true), epsilon())
    return 100.0 * np.abs(np.subtract(y_true, y_pred) / size).mean(axis=-1)


@loss_function("msle", "MSLE")
def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """mean_j (log(1 + y_true_j) - log(1 + y_pred_j))^2 for each sample.

    Numbers below epsilon are taken for epsilon.

    Args:
        y_true: Targets, shape (n, m).
        y_pred: Predictions of the same shape.

    Returns:
        Shape (n,).

    Example:
        >>> mean_squared_logarithmic_error([[0.0]], [[1.0]]).round(4).tolist()
        [0.4805]
    """
    least = epsilon()
    difference = np.log1p(np.maximum(y_pred, least)) - np.log1p(np.maximum(y_true, least))
    return np.square(difference).mean(axis=-1)


@loss_function()
def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """mean_j log(cosh(y_pred_j - y_true_j)) for each sample.

    About e^2 / 2 for small errors e and |e| - log 2 for large ones.

    Args:
        y_true: Targets, shape (n, m).
        y_pred: Predictions of the same shape.

    Returns:
        Shape (n,).

    Example:
        >>> log_cosh([[0.0]], [[1.0]]).round(4).tolist()
        [0.4338]
    """
    size = np.abs(np.subtract(y_pred, y_true))
    return (size + np.log1p(np.exp(-2.0 * size)) - np.log(2.0)).mean(axis=-1)


@loss_function()
def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """mean_j (y_pred_j - y_true_j log(y_pred_j + epsilon)) for each sample.

    Args:
        y_true: Targets, shape (n, m).
        y_pred: Predictions, positive, of the same shape.

    Returns:
        Shape (n,).

    Example:
        >>> poisson([[1.0, 2.0]], [[1.0, 1.0]]).round(4).tolist()
        [1.0]
    """
    p = in_float64(y_pred)
    return (p - in_float64(y_true) * np.log(p + epsilon())).mean(axis=-1)


@loss_function("kld", "KLD")
def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """sum_j y_true_j log(y_true_j / y_pred_j) for each sample, both cut to [epsilon, 1].

    Args:
        y_true: Target distributions, rows of shape (n, m).
        y_pred: Predicted distributions of the same shape.

    Returns:
        Shape (n,).

    Source: Kullback & Leibler, Ann. Math. Stat. 22(1), 1951.

    Example:
        >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).round(4).tolist()
        [0.1438]
    """
    target = np.clip(y_true, epsilon(), 1.0)
    return (target * np.log(target / np.clip(y_pred, epsilon(), 1.0))).sum(axis=-1)


@REGISTRY.add()
class MeanAbsolutePercentageError(FunctionLoss):
    """The mean of 100 |y_true - y_pred| / |y_true|.

    Args:
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 5.0]]))
        37.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


@REGISTRY.add()
class MeanSquaredLogarithmicError(FunctionLoss):
    """The mean of (log(1 + y_true) - log(1 + y_pred))^2.

    Args:
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(float(MeanSquaredLogarithmicError()([[0.0]], [[1.0]])), 4)
        0.4805
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


@REGISTRY.add()
class LogCosh(FunctionLoss):
    """The mean of log(cosh(y_pred - y_true)).

    Args:
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(float(LogCosh()([[0.0]], [[1.0]])), 4)
        0.4338
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "log_cosh",
        dtype: str | None = None,
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


@REGISTRY.add()
class Poisson(FunctionLoss):
    """The mean of y_pred - y_true log(y_pred): counts with predicted rates.

    Args:
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> float(Poisson()([[1.0, 2.0]], [[1.0, 1.0]]))
        0.9999998211860657
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "poisson",
        dtype: str | None = None,
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)


@REGISTRY.add()
class KLDivergence(FunctionLoss):
    """The mean of sum_j y_true_j log(y_true_j / y_pred_j): distance of distributions.

    Args:
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
        0.1438
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: str | None = None,
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)
