"""Losses of the overlap of predictions and targets, over a whole batch or over axes."""

from typing import Any

from numpy.typing import ArrayLike

from pronghorn._numbers import real
from pronghorn.config import epsilon
from pronghorn.losses._function import REGISTRY, in_float64, loss_function
from pronghorn.losses._loss import FunctionLoss


@loss_function()
def dice(y_true: ArrayLike, y_pred: ArrayLike, axis: int | tuple[int, ...] | None = None) -> Any:
    """1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred) + epsilon).

    Args:
        y_true: Targets, any shape.
        y_pred: Predictions of the same shape.
        axis: The axes of the sums; None for one number for the whole batch.

    Returns:
        The shape without ``axis``; a scalar for None.

    Source: Milletari et al., arXiv:1606.04797, with sums in place of sums of squares.

    Example:
        >>> dice([[0.0, 1.0]], [[0.5, 0.5]]).round(4).item()
        0.5
    """
    c, p = in_float64(y_true), in_float64(y_pred)
    total = c.sum(axis=axis) + p.sum(axis=axis) + epsilon()
    return 1.0 - 2.0 * (c * p).sum(axis=axis) / total


@loss_function()
def tversky(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: int | tuple[int, ...] | None = None,
) -> Any:
    """1 - i / (i + alpha m + beta f + epsilon).

    i = sum(y_true y_pred), m = sum(y_true (1 - y_pred)), f = sum(y_pred (1 - y_true)).

    Args:
        y_true: Targets, any shape.
        y_pred: Predictions of the same shape.
        alpha: Weight of targets that are missed.
        beta: Weight of predictions that are wrong.
        axis: The axes of the sums; None for one number for the whole batch.

    Returns:
        The shape without ``axis``; a scalar for None.

    Source: Salehi et al., arXiv:1706.05721, eq. 4.

    Example:
        >>> tversky([[0.0, 1.0]], [[0.5, 0.5]]).round(4).item()
        0.5
    """
    c, p = in_float64(y_true), in_float64(y_pred)
    both = (c * p).sum(axis=axis)
    missed, wrong = ((1.0 - p) * c).sum(axis=axis), (p * (1.0 - c)).sum(axis=axis)
    return 1.0 - both / (both + missed * alpha + wrong * beta + epsilon())


@REGISTRY.add()
class Dice(FunctionLoss):
    """1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred)).

    Args:
        reduction: See ``Loss``.
        name: A name.
        axis: The axes of the sums; None for one number for the whole batch.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(float(Dice()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
        0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: int | tuple[int, ...] | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            dice,
            reduction,
            name,
            dtype,
            axis=axis,
        )


@REGISTRY.add()
class Tversky(FunctionLoss):
    """1 - i / (i + alpha m + beta f) with hits i, misses m and false alarms f.

    Args:
        alpha: Weight of targets that are missed.
        beta: Weight of predictions that are wrong.
        reduction: See ``Loss``.
        name: A name.
        axis: The axes of the sums; None for one number for the whole batch.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(float(Tversky()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
        0.5
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: int | tuple[int, ...] | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            tversky,
            reduction,
            name,
            dtype,
            alpha=real(alpha, "alpha"),
            beta=real(beta, "beta"),
            axis=axis,
        )
