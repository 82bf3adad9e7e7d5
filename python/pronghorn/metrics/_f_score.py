"""Weighted harmonic means of precision and recall."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn import config
from pronghorn._numbers import real
from pronghorn._suggest import unknown
from pronghorn.losses._function import as_numbers
from pronghorn.metrics._metric import REGISTRY, Metric, MetricVariable, by_rows

_AVERAGES = (None, "micro", "macro", "weighted")


@REGISTRY.add()
class FBetaScore(Metric):
    """(1 + beta^2) P R / (beta^2 P + R) with precision P and recall R, of each class or averaged.

    Args:
        average: None for one value a class, ``"micro"`` for one of all decisions together,
            ``"macro"`` for the mean, ``"weighted"`` for the mean by the number of targets.
        beta: How many times more recall counts than precision, > 0.
        threshold: Above it a prediction is positive, in (0, 1]; None: the largest of each sample
            is.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Raises:
        ValueError: For an unknown `average`, `beta` of at most 0, or `threshold` outside (0, 1].

    Example:
        >>> y_true = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 0]])
        >>> y_pred = np.array([[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]])
        >>> FBetaScore(beta=2.0, threshold=0.5)(y_true, y_pred).round(4).tolist()
        [0.3846, 0.9091, 0.8333]
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        if average not in _AVERAGES:
            raise unknown("average", average, [str(each) for each in _AVERAGES])
        self.average = average
        self.beta = real(beta, "beta", low=0.0, open_low=True)
        self.threshold = (
            None
            if threshold is None
            else real(threshold, "threshold", low=0.0, high=1.0, open_low=True)
        )
        self._sums: list[MetricVariable] = []

    def _build(self, classes: int) -> None:
        shape = () if self.average == "micro" else (classes,)
        names = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")
        for name in names:
            variable = self.add_variable(shape, "zeros", name=name)
            setattr(self, name, variable)
            self._sums.append(variable)

    @by_rows
    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Takes more samples into account.

        Args:
            y_true: Targets 0 or 1, shape (n, classes).
            y_pred: Predictions of the same shape.
            sample_weight: Weights of the samples, shape (n,); None for 1.
        """
        targets = as_numbers(y_true, "y_true").astype(self.dtype).astype(np.float64)
        predictions = as_numbers(y_pred, "y_pred").astype(self.dtype)
        if targets.ndim != 2 or targets.shape != predictions.shape:
            raise ValueError(
                f"{type(self).__name__} takes targets and predictions of the shape (samples, "
                f"classes); received {targets.shape} and {predictions.shape}."
            )
        if not self._sums:
            self._build(predictions.shape[1])
        if self.threshold is None:
            top = predictions.max(axis=-1, keepdims=True)
            chosen = ((predictions >= top) & (np.abs(predictions) > 1e-9)).astype(np.float64)
        else:
            chosen = (predictions > self.threshold).astype(np.float64)
        weights: Any = 1.0
        if sample_weight is not None:
            weights = np.asarray(sample_weight, np.float64).reshape(-1, 1)
        axis = None if self.average == "micro" else 0
        parts = (chosen * targets, chosen * (1.0 - targets), (1.0 - chosen) * targets, targets)
        for variable, part in zip(self._sums, parts, strict=True):
            variable.assign_add((part * weights).sum(axis=axis))

    def result(self) -> Any:
        if not self._sums:
            return 0.0
        hits, alarms, misses, weights = (variable.value for variable in self._sums)
        least = config.epsilon()
        precision, recall = hits / (hits + alarms + least), hits / (hits + misses + least)
        square = self.beta * self.beta
        score: NDArray[Any] = (
            (1.0 + square) * precision * recall / (square * precision + recall + least)
        )
        if self.average == "weighted":
            return float((score * weights / (weights.sum() + least)).sum())
        return score if self.average is None else float(np.mean(score))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


@REGISTRY.add()
class F1Score(FBetaScore):
    """2 P R / (P + R) with precision P and recall R, of each class or averaged.

    Args:
        average: None for one value a class, ``"micro"`` for one of all decisions together,
            ``"macro"`` for the mean, ``"weighted"`` for the mean by the number of targets.
        threshold: Above it a prediction is positive, in (0, 1]; None: the largest of each sample
            is.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Raises:
        ValueError: For an unknown `average` or `threshold` outside (0, 1].

    Example:
        >>> round(
        ...     F1Score(average="micro", threshold=0.5)([[1, 0], [0, 1]], [[0.9, 0.6], [0, 1]]), 4
        ... )
        0.8
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        configuration = super().get_config()
        del configuration["beta"]
        return configuration
