"""The share of the targets' variance that predictions explain."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pronghorn._numbers import integer
from pronghorn._suggest import unknown
from pronghorn.losses._function import as_numbers, same_rank
from pronghorn.metrics._metric import REGISTRY, Metric, MetricVariable, by_rows

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


@REGISTRY.add()
class R2Score(Metric):
    """1 - sum (y - p)^2 / sum (y - mean y)^2, of each column or averaged.

    Args:
        class_aggregation: None for one value a column, ``"uniform_average"`` for the mean,
            ``"variance_weighted_average"`` for the mean by the columns' variances.
        num_regressors: Number of independent variables, for the adjusted score; 0 for the plain
            one.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> round(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]), 4)
        0.5714
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        if class_aggregation not in _AGGREGATIONS:
            allowed = [str(each) for each in _AGGREGATIONS]
            raise unknown("class_aggregation", class_aggregation, allowed)
        self.class_aggregation = class_aggregation
        self.num_regressors = integer(num_regressors, "num_regressors", low=0)
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._sums: list[MetricVariable] = []

    @by_rows
    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Takes more samples into account.

        Args:
            y_true: Targets, shape (n, columns).
            y_pred: Predictions of the same shape.
            sample_weight: Weights of the samples, shape (n,); None for 1.
        """
        targets, predictions = same_rank(
            as_numbers(y_true, "y_true").astype(self.dtype).astype(np.float64),
            as_numbers(y_pred, "y_pred").astype(self.dtype).astype(np.float64),
        )
        if targets.ndim != 2 or targets.shape != predictions.shape:
            raise ValueError(
                "R2Score takes targets and predictions of the shape (samples, columns); received "
                f"{np.shape(y_true)} and {np.shape(y_pred)}."
            )
        if not self._sums:
            names = ("squared_sum", "sum", "residual", "count")
            shape = (targets.shape[1],)
            self._sums = [self.add_variable(shape, "zeros", name=name) for name in names]
        weights = np.asarray(1.0 if sample_weight is None else sample_weight, np.float64)
        weights = np.broadcast_to(weights[:, None] if weights.ndim == 1 else weights, targets.shape)
        error = np.square(targets - predictions)
        for variable, values in zip(
            self._sums, (targets * targets, targets, error, np.ones_like(targets)), strict=True
        ):
            variable.assign_add((values * weights).sum(axis=0))
        self.num_samples.assign_add(targets.size)

    def result(self) -> Any:
        if not self._sums:
            return 0.0
        squares, sums, residual, count = (variable.value for variable in self._sums)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = squares - sums * sums / count
            scores = 1.0 - residual / total
            scores = np.where(np.isinf(scores), 0.0, scores)
            score: Any = scores
            if self.class_aggregation == "uniform_average":
                score = scores.mean()
            elif self.class_aggregation == "variance_weighted_average":
                score = (total * scores).sum() / total.sum()
        if self.num_regressors:
            score = self._adjusted(score)
        return float(score) if np.ndim(score) == 0 else score

    def _adjusted(self, score: Any) -> Any:
        n = float(self.num_samples)
        freedom = n - self.num_regressors - 1.0
        if freedom <= 0:
            warnings.warn(
                f"`num_regressors` is {self.num_regressors}, too many for {n:.0f} targets; the "
                "plain R2 score is given in place of the adjusted one.",
                stacklevel=3,
            )
            return score
        return 1.0 - (1.0 - score) * (n - 1.0) / freedom

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }
