"""A cross-entropy that wrong labels disturb less."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pronghorn._numbers import real
from pronghorn.losses._function import REGISTRY, check_labels, in_float64, loss_function
from pronghorn.losses._loss import FunctionLoss


@loss_function()
def categorical_generalized_cross_entropy(y_true: ArrayLike, y_pred: ArrayLike, q: float) -> Any:
    """(1 - p_y^q) / q for each sample with class y.

    Args:
        y_true: Class indices, shape (n,) or (n, 1).
        y_pred: Probabilities p, shape (n, classes).
        q: Between cross-entropy (0) and mean absolute error (1), in (0, 1).

    Returns:
        Shape (n,).

    Source: Zhang & Sabuncu, arXiv:1805.07836, eq. 6.

    Example:
        >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5).tolist()
        [1.0]
    """
    p, labels = in_float64(y_pred), in_float64(y_true)
    if labels.ndim == p.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    index = check_labels(labels, p.shape[-1])
    at_label = np.take_along_axis(p, index[..., None], axis=-1)[..., 0]
    return (1.0 - np.power(at_label, q)) / q


@REGISTRY.add()
class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """The mean of (1 - p_y^q) / q: one class of several, targets as indices.

    Args:
        q: Between cross-entropy (0) and mean absolute error (1), in (0, 1).
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
        1.0
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            categorical_generalized_cross_entropy,
            reduction,
            name,
            dtype,
            q=real(q, "q", low=0.0, high=1.0, open_low=True, open_high=True),
        )
