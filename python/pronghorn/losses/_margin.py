"""Losses of scores and of directions: hinges and cosine similarity."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pronghorn.config import epsilon
from pronghorn.losses._function import REGISTRY, Float64, in_float64, loss_function
from pronghorn.losses._loss import FunctionLoss


def _signs(targets: ArrayLike) -> Float64:
    """Targets of 0 and 1 as -1 and 1; others as they are."""
    array = in_float64(targets)
    binary = np.isin(np.asarray(array), (0.0, 1.0)).all()
    return 2.0 * array - 1.0 if binary else array


@loss_function()
def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """mean_j max(1 - y_true_j y_pred_j, 0) for each sample.

    Args:
        y_true: Targets -1 or 1, or 0 or 1, shape (n, m).
        y_pred: Scores of the same shape.

    Returns:
        Shape (n,).

    Example:
        >>> hinge([[0, 1]], [[0.5, 0.5]]).tolist()
        [1.0]
    """
    return np.maximum(1.0 - _signs(y_true) * in_float64(y_pred), 0.0).mean(axis=-1)


@loss_function()
def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """mean_j max(1 - y_true_j y_pred_j, 0)^2 for each sample.

    Args:
        y_true: Targets -1 or 1, or 0 or 1, shape (n, m).
        y_pred: Scores of the same shape.

    Returns:
        Shape (n,).

    Example:
        >>> squared_hinge([[0, 1]], [[0.5, 0.5]]).tolist()
        [1.25]
    """
    return np.square(np.maximum(1.0 - _signs(y_true) * in_float64(y_pred), 0.0)).mean(axis=-1)


@loss_function()
def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """max(n - s + 1, 0) with s = sum_j y_true_j y_pred_j, n = max_j (1 - y_true_j) y_pred_j.

    Args:
        y_true: One-hot targets, shape (n, m).
        y_pred: Scores of the same shape.

    Returns:
        Shape (n,).

    Example:
        >>> categorical_hinge([[0, 1, 0]], [[0.5, 0.25, 0.0]]).tolist()
        [1.25]
    """
    c, p = in_float64(y_true), in_float64(y_pred)
    hit, other = (c * p).sum(axis=-1), ((1.0 - c) * p).max(axis=-1)
    return np.maximum(other - hit + 1.0, 0.0)


@loss_function()
def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Any:
    """Minus the cosine of the angle between target and prediction: -1 where they agree.

    Norms below epsilon are taken for epsilon.

    Args:
        y_true: Targets, shape (n, m).
        y_pred: Predictions of the same shape.
        axis: The axis of the vectors.

    Returns:
        Shape (n,).

    Example:
        >>> cosine_similarity([[0.0, 1.0]], [[0.0, 3.0]]).tolist()
        [-1.0]
    """

    def unit(x: ArrayLike) -> Float64:
        values = in_float64(x)
        norm = np.sqrt(np.square(values).sum(axis=axis, keepdims=True))
        return in_float64(values / np.maximum(norm, epsilon()))

    return -(unit(y_true) * unit(y_pred)).sum(axis=axis)


@REGISTRY.add()
class Hinge(FunctionLoss):
    """The mean of max(1 - y_true y_pred, 0), targets -1 or 1 (or 0 or 1).

    Args:
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> float(Hinge()([[0, 1]], [[0.5, 0.5]]))
        1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


@REGISTRY.add()
class SquaredHinge(FunctionLoss):
    """The mean of max(1 - y_true y_pred, 0)^2, targets -1 or 1 (or 0 or 1).

    Args:
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> float(SquaredHinge()([[0, 1]], [[0.5, 0.5]]))
        1.25
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "squared_hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


@REGISTRY.add()
class CategoricalHinge(FunctionLoss):
    """The mean of max(n - s + 1, 0): the right score s one above all others n.

    Args:
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> float(CategoricalHinge()([[0, 1, 0]], [[0.5, 0.25, 0.0]]))
        1.25
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)


@REGISTRY.add()
class CosineSimilarity(FunctionLoss):
    """Minus the mean cosine of the angle between target and prediction.

    Args:
        axis: The axis of the vectors.
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> float(CosineSimilarity()([[0.0, 1.0]], [[0.0, 3.0]]))
        -1.0
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            cosine_similarity,
            reduction,
            name,
            dtype,
            axis=axis,
        )
