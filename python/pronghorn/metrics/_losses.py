"""Losses as metrics: squared and absolute error, and the cross-entropies."""

import math
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pronghorn import losses
from pronghorn._numbers import integer, real
from pronghorn.metrics import _loss_functions  # noqa: F401  # names of functions come first
from pronghorn.metrics._metric import REGISTRY
from pronghorn.metrics._reduction import MeanMetricWrapper


class _Error(MeanMetricWrapper):
    _direction: ClassVar[str | None] = "down"


@REGISTRY.add("mse", "MSE")
class MeanSquaredError(_Error):
    """The mean of (y_pred - y_true)^2.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> MeanSquaredError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])
        0.25
    """

    def __init__(self, name: str = "mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


@REGISTRY.add()
class RootMeanSquaredError(_Error):
    """The square root of the mean of (y_pred - y_true)^2 over all samples.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> RootMeanSquaredError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])
        0.5
    """

    _heeds_masks = False  # as in Keras

    def __init__(self, name: str = "root_mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)

    def _finish(self, total: float, weight: float) -> float:
        mean = super()._finish(total, weight)
        # A sum of negative weights can make the mean negative; its root is then not a number.
        return math.sqrt(mean) if mean >= 0 else math.nan


@REGISTRY.add("mae", "MAE")
class MeanAbsoluteError(_Error):
    """The mean of |y_pred - y_true|.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> MeanAbsoluteError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])
        0.25
    """

    def __init__(self, name: str = "mean_absolute_error", dtype: str | None = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


@REGISTRY.add("bce", "BCE")
class BinaryCrossentropy(_Error):
    """The mean of -c log p - (1 - c) log(1 - p), see ``losses.BinaryCrossentropy``.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.
        from_logits: True if p = sigmoid(y_pred).
        label_smoothing: s in [0, 1]; the targets become c (1 - s) + s / 2.

    Example:
        >>> round(BinaryCrossentropy()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]), 4)
        0.8149
    """

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            losses.binary_crossentropy,
            name,
            dtype,
            from_logits=bool(from_logits),
            label_smoothing=real(label_smoothing, "label_smoothing", low=0.0, high=1.0),
        )


@REGISTRY.add()
class CategoricalCrossentropy(_Error):
    """The mean of -sum_j c_j log p_j, see ``losses.CategoricalCrossentropy``.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.
        from_logits: True if p = softmax(y_pred).
        label_smoothing: s in [0, 1]; the targets become c (1 - s) + s / classes.
        axis: The axis of the classes.

    Example:
        >>> round(CategoricalCrossentropy()([[0, 1, 0]], [[0.05, 0.95, 0]]), 4)
        0.0513
    """

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            losses.categorical_crossentropy,
            name,
            dtype,
            from_logits=bool(from_logits),
            label_smoothing=real(label_smoothing, "label_smoothing", low=0.0, high=1.0),
            axis=axis,
        )


@REGISTRY.add()
class SparseCategoricalCrossentropy(_Error):
    """The mean of -log p_y, see ``losses.SparseCategoricalCrossentropy``.

    Args:
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.
        from_logits: True if p = softmax(y_pred).
        ignore_class: An index whose samples have the value 0; None for none.
        axis: The axis of the classes.

    Example:
        >>> round(SparseCategoricalCrossentropy()([1], [[0.05, 0.95, 0]]), 4)
        0.0513
    """

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        self.ignore_class = ignore_class
        super().__init__(
            losses.sparse_categorical_crossentropy,
            name,
            dtype,
            from_logits=bool(from_logits),
            ignore_class=None if ignore_class is None else integer(ignore_class, "ignore_class"),
            axis=axis,
        )

    def update_state(  # type: ignore[override]  # as in MeanMetricWrapper
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Takes more samples into account; as in Keras, ignored ones count unless weighted.

        Args:
            y_true: Class indices.
            y_pred: Probabilities or logits.
            sample_weight: Weights of the samples; None for 1.
        """
        if sample_weight is not None and self.ignore_class is not None:
            counted = np.asarray(y_true) != self.ignore_class
            sample_weight = np.asarray(sample_weight, np.float64) * counted.reshape(
                np.shape(sample_weight)
            )
        super().update_state(y_true, y_pred, sample_weight)
