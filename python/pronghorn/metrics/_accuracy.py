"""How often predictions are right."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn._numbers import integer, real
from pronghorn.losses._function import as_numbers
from pronghorn.metrics._function import class_indices, metric_function, same_shape
from pronghorn.metrics._metric import REGISTRY
from pronghorn.metrics._reduction import MeanMetricWrapper


@metric_function
def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """1 where prediction and target are equal, 0 elsewhere.

    Args:
        y_true: Targets.
        y_pred: Predictions of the same shape.

    Returns:
        Array of their shape.

    Example:
        >>> accuracy([1, 2], [1, 3]).tolist()
        [1.0, 0.0]
    """
    targets, predictions = same_shape(y_true, y_pred)
    return targets == predictions


@metric_function
def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> Any:
    """1 where (prediction > threshold) equals the target, 0 elsewhere.

    Args:
        y_true: Targets, 0 or 1.
        y_pred: Predictions of the same shape.
        threshold: Above it a prediction stands for 1.

    Returns:
        Array of their shape.

    Example:
        >>> binary_accuracy([1, 0, 0], [0.9, 0.2, 0.7]).tolist()
        [1.0, 1.0, 0.0]
    """
    targets, predictions = same_shape(y_true, y_pred)
    return targets == (predictions > threshold)


@metric_function
def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """1 for each sample whose largest prediction is at its largest target, 0 for others.

    Args:
        y_true: Targets as rows, shape (n, classes).
        y_pred: Predictions of the same shape.

    Returns:
        Shape (n,).

    Example:
        >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]]).tolist()
        [1.0, 0.0]
    """
    targets, predictions = same_shape(y_true, y_pred)
    return targets.argmax(axis=-1) == predictions.argmax(axis=-1)


@metric_function
def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """1 for each sample whose largest prediction is at its class, 0 for others.

    Args:
        y_true: Class indices, shape (n,) or (n, 1).
        y_pred: Predictions, shape (n, classes).

    Returns:
        Shape (n,).

    Example:
        >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]]).tolist()
        [1.0, 0.0]
    """
    predictions = as_numbers(y_pred, "y_pred")
    return class_indices(y_true, predictions) == predictions.argmax(axis=-1)


def _in_top_k(labels: NDArray[Any], predictions: NDArray[Any], k: int) -> NDArray[np.bool_]:
    """Whether fewer than k predictions are above the label's; a label out of range is not in."""
    count = predictions.shape[-1]
    index = np.clip(labels, 0, count - 1).astype(np.intp)
    at_label = np.take_along_axis(predictions, index[..., None], axis=-1)
    at_label = np.where(np.isnan(at_label), -np.inf, at_label)
    above = (predictions > at_label).sum(axis=-1)
    return np.asarray((above < k) & (labels == index))


@metric_function
def top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> Any:
    """1 for each sample whose largest target is among the k largest predictions, 0 for others.

    Args:
        y_true: Targets as rows, shape (n, classes).
        y_pred: Predictions of the same shape.
        k: How many predictions count, >= 1.

    Returns:
        Shape (n,).

    Example:
        >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.5, 0.1, 0.4]], k=2).tolist()
        [1.0]
    """
    targets, predictions = same_shape(y_true, y_pred)
    return _in_top_k(targets.argmax(axis=-1), predictions, integer(k, "k", low=1))


@metric_function
def sparse_top_k_categorical_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5, from_sorted_ids: bool = False
) -> Any:
    """1 for each sample whose class is among the k largest predictions, 0 for others.

    Args:
        y_true: Class indices, shape (n,) or (n, 1).
        y_pred: Predictions, shape (n, classes).
        k: How many predictions count, >= 1.
        from_sorted_ids: Not available; must be False.

    Returns:
        Shape (n,).

    Example:
        >>> sparse_top_k_categorical_accuracy([2], [[0.5, 0.1, 0.4]], k=2).tolist()
        [1.0]
    """
    _refuse_sorted_ids(from_sorted_ids)
    predictions = as_numbers(y_pred, "y_pred")
    return _in_top_k(class_indices(y_true, predictions), predictions, integer(k, "k", low=1))


def _refuse_sorted_ids(from_sorted_ids: bool) -> None:
    if from_sorted_ids:
        raise ValueError("`from_sorted_ids` is not available; it must be False. Received True.")


class _Accuracy(MeanMetricWrapper):
    _direction: ClassVar[str | None] = "up"


@REGISTRY.add()
class Accuracy(_Accuracy):
    """The fraction of predictions that equal their target.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> Accuracy()([1, 2, 3, 4], [0, 2, 3, 4])
        0.75
    """

    def __init__(self, name: str = "accuracy", dtype: str | None = None) -> None:
        super().__init__(accuracy, name, dtype)


@REGISTRY.add()
class BinaryAccuracy(_Accuracy):
    """The fraction of bits that are right.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.
        threshold: Above it a prediction stands for 1; in (0, 1).

    Example:
        >>> BinaryAccuracy()([1, 1, 0, 0], [0.98, 1, 0, 0.6])
        0.75
    """

    def __init__(
        self, name: str = "binary_accuracy", dtype: str | None = None, threshold: float = 0.5
    ) -> None:
        self.threshold = real(
            threshold, "threshold", low=0.0, high=1.0, open_low=True, open_high=True
        )
        super().__init__(binary_accuracy, name, dtype, threshold=self.threshold)


@REGISTRY.add()
class CategoricalAccuracy(_Accuracy):
    """The fraction of samples whose class is predicted, targets as rows.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]])
        0.5
    """

    def __init__(self, name: str = "categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


@REGISTRY.add()
class SparseCategoricalAccuracy(_Accuracy):
    """The fraction of samples whose class is predicted, targets as indices.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.4, 0.6]])
        0.5
    """

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


@REGISTRY.add()
class TopKCategoricalAccuracy(_Accuracy):
    """The fraction of samples whose class is among the k likeliest, targets as rows.

    Args:
        k: How many predictions count, >= 1.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> TopKCategoricalAccuracy(k=2)([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.5, 0.1, 0.4]])
        0.5
    """

    def __init__(
        self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: str | None = None
    ) -> None:
        self.k = integer(k, "k", low=1)
        super().__init__(top_k_categorical_accuracy, name, dtype, k=self.k)


@REGISTRY.add()
class SparseTopKCategoricalAccuracy(_Accuracy):
    """The fraction of samples whose class is among the k likeliest, targets as indices.

    Args:
        k: How many predictions count, >= 1.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.
        from_sorted_ids: Not available; must be False.

    Example:
        >>> SparseTopKCategoricalAccuracy(k=2)([2, 1], [[0.1, 0.9, 0.8], [0.5, 0.1, 0.4]])
        0.5
    """

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: str | None = None,
        from_sorted_ids: bool = False,
    ) -> None:
        _refuse_sorted_ids(from_sorted_ids)
        self.k = integer(k, "k", low=1)
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=self.k)
