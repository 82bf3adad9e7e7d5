"""The best of one rate where another one is as demanded."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pronghorn._numbers import real
from pronghorn.metrics import _confusion
from pronghorn.metrics._metric import REGISTRY, Metric, by_rows


class _Trade(Metric):
    """Base of the best ``_wanted`` rate among the thresholds whose ``_given`` rate suffices."""

    _direction: ClassVar[str | None] = "up"
    _given: ClassVar[str]
    _wanted: ClassVar[str]

    def __init__(
        self,
        value: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        self.value = real(value, self._given, low=0.0, high=1.0)
        self.num_thresholds = _confusion.threshold_count(num_thresholds, low=1)
        self.class_id = _confusion.optional_index(class_id, "class_id")
        steps = self.num_thresholds - 1
        self.thresholds = [i / steps for i in range(self.num_thresholds)] if steps else [0.5]
        shape = (self.num_thresholds,)
        self.true_positives = self.add_variable(shape, "zeros", name="true_positives")
        self.false_positives = self.add_variable(shape, "zeros", name="false_positives")
        self.true_negatives = self.add_variable(shape, "zeros", name="true_negatives")
        self.false_negatives = self.add_variable(shape, "zeros", name="false_negatives")

    @by_rows
    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Takes more samples into account.

        Args:
            y_true: Targets; what is not 0 is positive.
            y_pred: Predictions in [0, 1] of the same shape.
            sample_weight: Weights of the samples; None for 1.
        """
        counts = _confusion.count(
            y_true,
            y_pred,
            self.thresholds,
            self.num_thresholds > 1,
            self.dtype,
            sample_weight,
            class_id=self.class_id,
        )
        for variable, sums in zip(self.variables, counts, strict=True):
            variable.assign_add(sums)

    def _rate(self, name: str) -> Any:
        hits, alarms, rejections, misses = (each.value for each in self.variables)
        if name == "precision":
            return _confusion.ratio(hits, hits + alarms)
        if name == "specificity":
            return _confusion.ratio(rejections, rejections + alarms)
        return _confusion.ratio(hits, hits + misses)  # recall, also called sensitivity

    def result(self) -> float:
        enough = self._rate(self._given) >= self.value
        return float(np.where(enough, self._rate(self._wanted), 0.0).max(initial=0.0))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "class_id": self.class_id,
            "num_thresholds": self.num_thresholds,
            self._given: self.value,
        }


@REGISTRY.add()
class SensitivityAtSpecificity(_Trade):
    """The best sensitivity among the thresholds with at least a given specificity.

    Args:
        specificity: The least specificity, in [0, 1].
        num_thresholds: How many thresholds, evenly distributed over [0, 1], are tried.
        class_id: The only class that counts, a column; None for all.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Raises:
        ValueError: For `specificity` outside [0, 1] or `num_thresholds` outside [1, 1000000].

    Example:
        >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
        0.5
    """

    _given: ClassVar[str] = "specificity"
    _wanted: ClassVar[str] = "sensitivity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = self.value


@REGISTRY.add()
class SpecificityAtSensitivity(_Trade):
    """The best specificity among the thresholds with at least a given sensitivity.

    Args:
        sensitivity: The least sensitivity, in [0, 1].
        num_thresholds: How many thresholds, evenly distributed over [0, 1], are tried.
        class_id: The only class that counts, a column; None for all.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Raises:
        ValueError: For `sensitivity` outside [0, 1] or `num_thresholds` outside [1, 1000000].

    Example:
        >>> SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
        0.6666666666666666
    """

    _given: ClassVar[str] = "sensitivity"
    _wanted: ClassVar[str] = "specificity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = self.value


@REGISTRY.add()
class PrecisionAtRecall(_Trade):
    """The best precision among the thresholds with at least a given recall.

    Args:
        recall: The least recall, in [0, 1].
        num_thresholds: How many thresholds, evenly distributed over [0, 1], are tried.
        class_id: The only class that counts, a column; None for all.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Raises:
        ValueError: For `recall` outside [0, 1] or `num_thresholds` outside [1, 1000000].

    Example:
        >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
        0.5
    """

    _given: ClassVar[str] = "recall"
    _wanted: ClassVar[str] = "precision"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = self.value


@REGISTRY.add()
class RecallAtPrecision(_Trade):
    """The best recall among the thresholds with at least a given precision.

    Args:
        precision: The least precision, in [0, 1].
        num_thresholds: How many thresholds, evenly distributed over [0, 1], are tried.
        class_id: The only class that counts, a column; None for all.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Raises:
        ValueError: For `precision` outside [0, 1] or `num_thresholds` outside [1, 1000000].

    Example:
        >>> RecallAtPrecision(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
        1.0
    """

    _given: ClassVar[str] = "precision"
    _wanted: ClassVar[str] = "recall"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = self.value
