"""Cross-entropies in which what is predicted well weighs less."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pronghorn._numbers import real
from pronghorn.config import floatx
from pronghorn.losses._crossentropy import _smoothing
from pronghorn.losses._function import REGISTRY, clip_probabilities, in_float64, loss_function
from pronghorn.losses._loss import FunctionLoss


@loss_function()
def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """mean_j of w u^gamma b, b the binary cross-entropy, for each sample.

    u = c (1 - p) + (1 - c) p is how far p is from the target c.

    Args:
        y_true: Targets c in [0, 1], shape (n, m).
        y_pred: Probabilities p, or logits with ``from_logits``, of the same shape.
        apply_class_balancing: Whether w = alpha c + (1 - alpha) (1 - c) is a factor.
        alpha: Weight of class 1, in [0, 1].
        gamma: How fast the weight falls, >= 0.
        from_logits: True if p = sigmoid(y_pred).
        label_smoothing: s in [0, 1]; the targets become c (1 - s) + s / 2.
        axis: The axis that the mean is taken over.

    Returns:
        Shape (n,).

    Source: Lin et al., arXiv:1708.02002, eq. 5.

    Example:
        >>> binary_focal_crossentropy([[1.0]], [[0.5]]).round(4).tolist()
        [0.1733]
    """
    gamma = real(gamma, "gamma", low=0.0)
    smoothing = _smoothing(label_smoothing)
    c = in_float64(y_true) * (1.0 - smoothing) + 0.5 * smoothing
    p = in_float64(y_pred)
    if from_logits:
        p = 1.0 / (1.0 + np.exp(-p))
    q = clip_probabilities(p, np.dtype(floatx()))
    value = -(c * np.log(q) + (1.0 - c) * np.log1p(-q))
    value = value * np.power(c * (1.0 - p) + (1.0 - c) * p, gamma)
    if apply_class_balancing:
        value = value * (c * alpha + (1.0 - c) * (1.0 - alpha))
    return value.mean(axis=axis)


@loss_function()
def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """-alpha sum_j c_j (1 - p_j)^gamma log p_j for each sample.

    Args:
        y_true: Targets c, rows that sum to 1, shape (n, classes).
        y_pred: Probabilities p (rows are normalised), or logits, of the same shape.
        alpha: Factor of every class.
        gamma: How fast the weight falls, >= 0.
        from_logits: True if p = softmax(y_pred).
        label_smoothing: s in [0, 1]; the targets become c (1 - s) + s / classes.
        axis: The axis of the classes.

    Returns:
        Shape (n,).

    Source: Lin et al., arXiv:1708.02002, eq. 5.

    Example:
        >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4).tolist()
        [0.0433]
    """
    gamma = real(gamma, "gamma", low=0.0)
    smoothing = _smoothing(label_smoothing)
    p = np.moveaxis(in_float64(y_pred), axis, -1)
    c = np.moveaxis(in_float64(y_true), axis, -1)
    c = c * (1.0 - smoothing) + smoothing / p.shape[-1]
    if from_logits:
        p = np.exp(p - p.max(axis=-1, keepdims=True))
    q = clip_probabilities(p / p.sum(axis=-1, keepdims=True), np.dtype(floatx()))
    return -(alpha * c * np.power(1.0 - q, gamma) * np.log(q)).sum(axis=-1)


@REGISTRY.add()
class BinaryFocalCrossentropy(FunctionLoss):
    """The mean of w u^gamma b: the binary cross-entropy b, less of it where p is near the target.

    Args:
        apply_class_balancing: Whether w = alpha c + (1 - alpha) (1 - c) is a factor.
        alpha: Weight of class 1, in [0, 1].
        gamma: How fast the weight falls, >= 0.
        from_logits: True if p = sigmoid(y_pred).
        label_smoothing: s in [0, 1]; the targets become c (1 - s) + s / 2.
        axis: The axis that the mean is taken over.
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(float(BinaryFocalCrossentropy()([[1.0]], [[0.5]])), 4)
        0.1733
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=bool(apply_class_balancing),
            alpha=real(alpha, "alpha", low=0.0, high=1.0),
            gamma=real(gamma, "gamma", low=0.0),
            from_logits=bool(from_logits),
            label_smoothing=_smoothing(label_smoothing),
            axis=axis,
        )


@REGISTRY.add()
class CategoricalFocalCrossentropy(FunctionLoss):
    """The mean of -alpha sum_j c_j (1 - p_j)^gamma log p_j.

    Args:
        alpha: Factor of every class.
        gamma: How fast the weight falls, >= 0.
        from_logits: True if p = softmax(y_pred).
        label_smoothing: s in [0, 1]; the targets become c (1 - s) + s / classes.
        axis: The axis of the classes.
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(float(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
        0.0433
    """

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=real(alpha, "alpha"),
            gamma=real(gamma, "gamma", low=0.0),
            from_logits=bool(from_logits),
            label_smoothing=_smoothing(label_smoothing),
            axis=axis,
        )
