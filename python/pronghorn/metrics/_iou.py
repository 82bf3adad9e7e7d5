"""Intersection over union of predicted and true classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn import config
from pronghorn._numbers import integer, real
from pronghorn.losses._function import as_numbers
from pronghorn.metrics._metric import REGISTRY, Metric, by_rows


@REGISTRY.add()
class IoU(Metric):
    """The mean over some classes of TP / (TP + FP + FN), from one confusion matrix of all.

    Args:
        num_classes: How many classes there are; what is none of them does not count.
        target_class_ids: The classes whose ratio is averaged.
        name: A name.
        dtype: The dtype that weights are rounded to: None or ``"int"`` for whole numbers,
            ``"float32"`` or ``"float64"``.
        ignore_class: A class whose samples do not count; None for none.
        sparse_y_true: Whether targets are class indices; otherwise rows of scores.
        sparse_y_pred: Whether predictions are class indices; otherwise rows of scores.
        axis: The axis of the classes of rows of scores.

    Example:
        >>> round(IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]), 4)
        0.3333
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        whole = dtype in (None, "int", "int32", "int64")
        super().__init__(None if whole else dtype, name)
        self._whole = whole
        self._given_dtype = "int32" if dtype in (None, "int") else str(dtype)
        self.num_classes = integer(num_classes, "num_classes", low=1)
        self.target_class_ids = [integer(each, "target_class_ids") for each in target_class_ids]
        if any(not 0 <= each < self.num_classes for each in self.target_class_ids):
            raise ValueError(
                f"`target_class_ids` must lie in 0..{self.num_classes - 1}, as `num_classes` is "
                f"{self.num_classes}; received {self.target_class_ids}."
            )
        self.ignore_class = None if ignore_class is None else integer(ignore_class, "ignore_class")
        self.sparse_y_true = bool(sparse_y_true)
        self.sparse_y_pred = bool(sparse_y_pred)
        self.axis = integer(axis, "axis")
        shape = (self.num_classes, self.num_classes)
        self.total_cm = self.add_variable(shape, "zeros", name="total_confusion_matrix")

    @property
    def dtype(self) -> str:
        """The dtype that weights are rounded to."""
        return self._given_dtype

    @by_rows
    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Takes more samples into account.

        Args:
            y_true: Class indices, or rows of scores.
            y_pred: Class indices, or rows of scores.
            sample_weight: Weights of the samples; None for 1.
        """
        true = self._classes(as_numbers(y_true, "y_true"), self.sparse_y_true)
        predicted = self._classes(as_numbers(y_pred, "y_pred"), self.sparse_y_pred)
        if true.shape != predicted.shape:
            raise ValueError(
                f"{type(self).__name__} takes one class for each of the same samples; received "
                f"`y_true` of shape {np.shape(y_true)}, `y_pred` of shape {np.shape(y_pred)}."
            )
        weights = np.asarray(1.0 if sample_weight is None else sample_weight)
        weights = weights.astype(np.int64 if self._whole else np.float64).reshape(-1)
        weights = np.broadcast_to(weights, true.shape)
        counted = np.ones(true.shape, bool)
        for each in (true, predicted):
            counted &= (each >= 0) & (each < self.num_classes)
        if self.ignore_class is not None:
            counted &= true != self.ignore_class
        cell = true[counted] * self.num_classes + predicted[counted]
        sums = np.bincount(cell, weights[counted], minlength=self.num_classes**2)
        self.total_cm.assign_add(sums.reshape(self.total_cm.shape))

    def _classes(self, values: NDArray[Any], sparse: bool) -> NDArray[np.int64]:
        chosen = values if sparse else values.argmax(axis=self.axis)
        return np.asarray(chosen).astype(np.int64).reshape(-1)

    def result(self) -> float:
        matrix = self.total_cm.value
        hits = np.diag(matrix)
        union = matrix.sum(axis=0) + matrix.sum(axis=1) - hits
        hits, union = hits[self.target_class_ids], union[self.target_class_ids]
        seen = union > 1e-9
        ratios = np.where(seen, hits / (union + config.epsilon()), 0.0)
        return float(ratios.sum() / (seen.sum() + config.epsilon()))

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "dtype": self.dtype,
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }

    def _config_without(self, *names: str) -> dict[str, Any]:
        return {key: value for key, value in IoU.get_config(self).items() if key not in names}


@REGISTRY.add()
class BinaryIoU(IoU):
    """The mean of TP / (TP + FP + FN) of the classes 0 and 1 of thresholded predictions.

    Args:
        target_class_ids: The classes whose ratio is averaged.
        threshold: From it on a prediction stands for 1.
        name: A name.
        dtype: As for ``IoU``.

    Example:
        >>> round(BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]), 4)
        0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = real(threshold, "threshold")

    @by_rows
    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Takes more samples into account.

        Args:
            y_true: Targets 0 or 1.
            y_pred: Predictions of the same shape.
            sample_weight: Weights of the samples; None for 1.
        """
        scores = as_numbers(y_pred, "y_pred").astype(np.float32)
        super().update_state(y_true, scores >= np.float32(self.threshold), sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {
            "target_class_ids": self.target_class_ids,
            "threshold": self.threshold,
            "name": self.name,
            "dtype": self.dtype,
        }


@REGISTRY.add()
class MeanIoU(IoU):
    """The mean of TP / (TP + FP + FN) of all classes that occur.

    Args:
        num_classes: How many classes there are; what is none of them does not count.
        name: A name.
        dtype: As for ``IoU``.
        ignore_class: A class whose samples do not count; None for none.
        sparse_y_true: Whether targets are class indices; otherwise rows of scores.
        sparse_y_pred: Whether predictions are class indices; otherwise rows of scores.
        axis: The axis of the classes of rows of scores.

    Example:
        >>> round(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]), 4)
        0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        count = integer(num_classes, "num_classes", low=1)
        super().__init__(
            count, range(count), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        return self._config_without("target_class_ids")


@REGISTRY.add()
class OneHotIoU(IoU):
    """IoU of targets, and usually predictions, that are rows of scores.

    Args:
        num_classes: How many classes there are.
        target_class_ids: The classes whose ratio is averaged.
        name: A name.
        dtype: As for ``IoU``.
        ignore_class: A class whose samples do not count; None for none.
        sparse_y_pred: Whether predictions are class indices; otherwise rows of scores.
        axis: The axis of the classes of rows of scores.

    Example:
        >>> metric = OneHotIoU(num_classes=2, target_class_ids=[0])
        >>> round(metric([[1, 0], [0, 1], [1, 0]], [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]]), 4)
        0.3333
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        return self._config_without("sparse_y_true")


@REGISTRY.add()
class OneHotMeanIoU(MeanIoU):
    """MeanIoU of targets, and usually predictions, that are rows of scores.

    Args:
        num_classes: How many classes there are.
        name: A name.
        dtype: As for ``IoU``.
        ignore_class: A class whose samples do not count; None for none.
        sparse_y_pred: Whether predictions are class indices; otherwise rows of scores.
        axis: The axis of the classes of rows of scores.

    Example:
        >>> metric = OneHotMeanIoU(num_classes=2)
        >>> round(metric([[1, 0], [0, 1], [1, 0]], [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]]), 4)
        0.1667
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config_without("target_class_ids", "sparse_y_true")
