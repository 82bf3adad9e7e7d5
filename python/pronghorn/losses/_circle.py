"""A loss of embeddings: near where the classes agree, far where they differ."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn._numbers import real
from pronghorn.losses._function import REGISTRY, Float64, in_float64, loss_function
from pronghorn.losses._loss import FunctionLoss


def _log_sum_exp(values: Float64, where: NDArray[np.bool_]) -> Float64:
    """Log sum_j exp(values_ij) over the j of `where`; -infinity where there are none."""
    masked = np.where(where, values, -np.inf)
    top = masked.max(axis=1, keepdims=True)
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return in_float64(np.log(np.exp(masked - shift).sum(axis=1)) + shift[:, 0])


@loss_function()
def circle(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    ref_labels: ArrayLike | None = None,
    ref_embeddings: ArrayLike | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """softplus(log sum_j exp(gamma a_j (d_j - m)) + log sum_k exp(gamma b_k (1 - m - d_k))).

    j runs over the references of the sample's class, k over the others; d = max(1 - cosine, 0) is
    the distance, a = m + d, b = max(1 + m - d, 0), m the margin.

    Args:
        y_true: Class indices, shape (n,) or (n, 1).
        y_pred: Embeddings of length 1, shape (n, m).
        ref_labels: Class indices of the references, shape (r,); None for ``y_true``.
        ref_embeddings: Embeddings of the references, shape (r, m); None for ``y_pred``.
        remove_diagonal: Whether a sample is no reference of itself.
        gamma: Factor of the exponents.
        margin: m.

    Returns:
        Shape (n,).

    Source: Sun et al., arXiv:2002.10857, eq. 7 and 8.

    Example:
        >>> rows = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [0.8, 0.6]]
        >>> circle([0, 0, 1, 1], rows).round(4).tolist()
        [38.4, 60.928, 38.4, 60.928]
    """
    labels = np.asarray(y_true).reshape(-1).astype(np.int64)
    p = in_float64(y_pred)
    others = labels if ref_labels is None else np.asarray(ref_labels).reshape(-1).astype(np.int64)
    references = p if ref_embeddings is None else in_float64(ref_embeddings)
    distance = np.maximum(1.0 - p @ references.T, 0.0)
    alike: NDArray[np.bool_] = np.equal(labels[:, None], others[None, :])
    differ = np.logical_not(alike)
    if remove_diagonal:
        np.fill_diagonal(alike, val=False)
    near = gamma * np.maximum(margin + distance, 0.0) * (distance - margin)
    far = gamma * np.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    exponent = _log_sum_exp(near, alike) + _log_sum_exp(far, differ)
    return np.logaddexp(0.0, exponent)


@REGISTRY.add()
class Circle(FunctionLoss):
    """The mean of ``circle`` over the samples whose loss is not zero.

    Args:
        gamma: Factor of the exponents.
        margin: Margin of the distances.
        remove_diagonal: Whether a sample is no reference of itself.
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> rows = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [0.8, 0.6]]
        >>> round(float(Circle()([0, 0, 1, 1], rows)), 3)
        49.664
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            circle,
            reduction,
            name,
            dtype,
            gamma=real(gamma, "gamma"),
            margin=real(margin, "margin"),
            remove_diagonal=bool(remove_diagonal),
        )

    def _counted(self, y_true: Any, values: NDArray[Any]) -> NDArray[np.bool_]:
        return values > 0
