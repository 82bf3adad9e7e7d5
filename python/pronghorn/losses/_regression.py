"""Losses on numbers: mean squared error, mean absolute error, Huber."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pronghorn._numbers import real
from pronghorn.losses._function import REGISTRY, loss_function
from pronghorn.losses._loss import FunctionLoss


@loss_function("mse", "MSE")
def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """mean_j (y_pred_j - y_true_j)^2 for each sample.

    Args:
        y_true: Targets, shape (n, m).
        y_pred: Predictions of the same shape.

    Returns:
        Shape (n,).

    Example:
        >>> mean_squared_error([[0.0, 1.0]], [[2.0, 1.0]]).tolist()
        [2.0]
    """
    return np.square(np.subtract(y_pred, y_true)).mean(axis=-1)


@loss_function("mae", "MAE")
def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """mean_j |y_pred_j - y_true_j| for each sample.

    Args:
        y_true: Targets, shape (n, m).
        y_pred: Predictions of the same shape.

    Returns:
        Shape (n,).

    Example:
        >>> mean_absolute_error([[0.0, 1.0]], [[2.0, 1.0]]).tolist()
        [1.0]
    """
    return np.abs(np.subtract(y_pred, y_true)).mean(axis=-1)


@loss_function()
def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> Any:
    """mean_j of e^2 / 2 where |e| <= delta and delta * |e| - delta^2 / 2 elsewhere, e = error.

    Args:
        y_true: Targets, shape (n, m).
        y_pred: Predictions of the same shape.
        delta: Where the parabola becomes a line, > 0.

    Returns:
        Shape (n,).

    Source: Huber, Ann. Math. Stat. 35(1), 1964.

    Example:
        >>> huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
        [1.5]
    """
    delta = real(delta, "delta", low=0.0, open_low=True)
    error = np.abs(np.subtract(y_pred, y_true))
    return np.where(
        error <= delta, 0.5 * np.square(error), delta * error - 0.5 * delta * delta
    ).mean(axis=-1)


@REGISTRY.add()
class MeanSquaredError(FunctionLoss):
    """The mean of (y_pred - y_true)^2.

    Args:
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> float(MeanSquaredError()([[0.0, 1.0]], [[2.0, 1.0]]))
        2.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


@REGISTRY.add()
class MeanAbsoluteError(FunctionLoss):
    """The mean of |y_pred - y_true|.

    Args:
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> float(MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 1.0]]))
        1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


@REGISTRY.add()
class Huber(FunctionLoss):
    """The mean of Huber's function of the error: a parabola near zero, lines beyond ``delta``.

    Args:
        delta: Where the parabola becomes a line, > 0.
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> float(Huber()([[0.0, 0.0]], [[1.0, 3.0]]))
        1.5
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: str | None = None,
    ) -> None:
        delta = real(delta, "delta", low=0.0, open_low=True)
        super().__init__(huber, reduction, name, dtype, delta=delta)
