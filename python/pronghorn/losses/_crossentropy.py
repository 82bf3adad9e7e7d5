"""Cross-entropies: of classes by index, of classes as rows, and of independent bits.

Probabilities are kept away from 0 and 1 by ``config.epsilon()``, as in Keras; logits go through
log-sum-exp and lose nothing however large they are.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn._numbers import integer, real
from pronghorn.config import floatx
from pronghorn.losses._function import (
    REGISTRY,
    Float64,
    check_labels,
    clip_probabilities,
    in_float64,
    loss_function,
)
from pronghorn.losses._loss import FunctionLoss


def _smoothing(label_smoothing: float) -> float:
    return real(label_smoothing, "label_smoothing", low=0.0, high=1.0)


def _log_probabilities(predictions: Float64, from_logits: bool) -> Float64:
    """The logarithm of p of rows on the last axis, from logits or from positive numbers."""
    if from_logits:
        shifted = predictions - predictions.max(axis=-1, keepdims=True)
        return in_float64(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
    p = predictions / predictions.sum(axis=-1, keepdims=True)
    return np.log(clip_probabilities(p, np.dtype(floatx())))


@loss_function("bce", "BCE")
def binary_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """mean_j of -c_j log p_j - (1 - c_j) log(1 - p_j) for each sample.

    Args:
        y_true: Targets c in [0, 1], shape (n, m).
        y_pred: Probabilities p, or logits with ``from_logits``, of the same shape.
        from_logits: True if p = sigmoid(y_pred).
        label_smoothing: s in [0, 1]; the targets become c (1 - s) + s / 2.
        axis: The axis that the mean is taken over.

    Returns:
        Shape (n,).

    Example:
        >>> binary_crossentropy([[1.0]], [[0.0]], from_logits=True).round(6).tolist()
        [0.693147]
    """
    smoothing = _smoothing(label_smoothing)
    p = in_float64(y_pred)
    c = in_float64(y_true) * (1.0 - smoothing) + 0.5 * smoothing
    if from_logits:
        # max(z, 0) - c z + log(1 + exp(-|z|)) never exponentiates a positive number.
        value = np.maximum(p, 0.0) - c * p + np.log1p(np.exp(-np.abs(p)))
    else:
        q = clip_probabilities(p, np.dtype(floatx()))
        value = -(c * np.log(q) + (1.0 - c) * np.log1p(-q))
    return value.mean(axis=axis)


@loss_function()
def categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """-sum_j c_j log p_j for each sample.

    Args:
        y_true: Targets c, rows that sum to 1, shape (n, classes).
        y_pred: Probabilities p (rows are normalised), or logits, of the same shape.
        from_logits: True if p = softmax(y_pred).
        label_smoothing: s in [0, 1]; the targets become c (1 - s) + s / classes.
        axis: The axis of the classes.

    Returns:
        Shape (n,).

    Example:
        >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(6).tolist()
        [0.693147]
    """
    smoothing = _smoothing(label_smoothing)
    p = np.moveaxis(in_float64(y_pred), axis, -1)
    c = np.moveaxis(in_float64(y_true), axis, -1)
    c = c * (1.0 - smoothing) + smoothing / p.shape[-1]
    return -(c * _log_probabilities(p, from_logits)).sum(axis=-1)


@loss_function()
def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """-log p_y for each sample with class y.

    Args:
        y_true: Class indices, shape (n,) or (n, 1).
        y_pred: Probabilities p (rows are normalised), or logits, shape (n, classes).
        from_logits: True if p = softmax(y_pred).
        ignore_class: An index whose samples have loss 0; None for none.
        axis: The axis of the classes.

    Returns:
        Shape (n,).

    Raises:
        ValueError: For labels that are fractional or outside 0..classes-1.

    Example:
        >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]]).round(6).tolist()
        [0.693147]
    """
    p = np.moveaxis(in_float64(y_pred), axis, -1)
    labels = in_float64(y_true)
    if labels.ndim == p.ndim and labels.shape[axis] == 1:
        labels = np.squeeze(labels, axis=axis)
    if labels.shape != p.shape[:-1]:
        raise ValueError(
            f"[sparse_categorical_crossentropy] `y_true` must have the shape of `y_pred` without "
            f"the axis of classes, {p.shape[:-1]}; received {labels.shape}."
        )
    ignored = np.zeros(labels.shape, bool)
    if ignore_class is not None:
        ignored = labels == integer(ignore_class, "ignore_class")
        labels = np.where(ignored, 0.0, labels)
        p = np.where(ignored[..., None], 1.0, p)
    index = check_labels(labels, p.shape[-1])
    chosen = np.take_along_axis(_log_probabilities(p, from_logits), index[..., None], axis=-1)
    return np.where(ignored, 0.0, -chosen[..., 0])


@REGISTRY.add()
class BinaryCrossentropy(FunctionLoss):
    """The mean of -c log p - (1 - c) log(1 - p): bits, each with a probability of its own.

    Args:
        from_logits: True if p = sigmoid(y_pred).
        label_smoothing: s in [0, 1]; the targets become c (1 - s) + s / 2.
        axis: The axis that the mean is taken over.
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(float(BinaryCrossentropy(from_logits=True)([[1.0]], [[0.0]])), 6)
        0.693147
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=bool(from_logits),
            label_smoothing=_smoothing(label_smoothing),
            axis=axis,
        )


@REGISTRY.add()
class CategoricalCrossentropy(FunctionLoss):
    """The mean of -sum_j c_j log p_j: one class of several, targets as rows.

    Args:
        from_logits: True if p = softmax(y_pred).
        label_smoothing: s in [0, 1]; the targets become c (1 - s) + s / classes.
        axis: The axis of the classes.
        reduction: See ``Loss``.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 6)
        0.693147
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=bool(from_logits),
            label_smoothing=_smoothing(label_smoothing),
            axis=axis,
        )


@REGISTRY.add()
class SparseCategoricalCrossentropy(FunctionLoss):
    """The mean of -log p_y: one class of several, targets as indices.

    Args:
        from_logits: True if p = softmax(y_pred).
        ignore_class: An index whose samples do not count; None for none.
        reduction: See ``Loss``.
        axis: The axis of the classes.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 6)
        0.693147
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=bool(from_logits),
            ignore_class=None if ignore_class is None else integer(ignore_class, "ignore_class"),
            axis=axis,
        )

    def _counted(self, y_true: Any, values: NDArray[Any]) -> NDArray[np.bool_] | None:
        ignored = self._settings["ignore_class"]
        return None if ignored is None else np.reshape(y_true != ignored, values.shape)
