"""Counts of the four outcomes, precision and recall."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import ArrayLike, NDArray

from pronghorn.metrics import _confusion
from pronghorn.metrics._metric import REGISTRY, Metric, by_rows


class _OutcomeCount(Metric):
    """Base of the counts of one outcome."""

    _outcome: ClassVar[str]

    def __init__(
        self, thresholds: Any = None, name: str | None = None, dtype: str | None = None
    ) -> None:
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.thresholds = _confusion.threshold_list(thresholds)
        self._even = _confusion.evenly_distributed(self.thresholds)
        self.accumulator = self.add_variable((len(self.thresholds),), "zeros", name="accumulator")

    @by_rows
    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Takes more samples into account.

        Args:
            y_true: Targets; what is not 0 is positive.
            y_pred: Predictions of the same shape.
            sample_weight: Weights of the samples; None for 1.
        """
        counts = _confusion.count(
            y_true, y_pred, self.thresholds, self._even, self.dtype, sample_weight
        )
        self.accumulator.assign_add(getattr(counts, self._outcome))

    def result(self) -> Any:
        return _one_or_all(self.accumulator.value)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


def _one_or_all(values: NDArray[Any]) -> Any:
    """A number for one threshold, otherwise an array."""
    return float(values[0]) if len(values) == 1 else values.copy()


class _PrecisionOrRecall(Metric):
    """Base of the share of hits among one kind of samples."""

    _direction: ClassVar[str | None] = "up"
    _other: ClassVar[str]

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.top_k = _confusion.optional_index(top_k, "top_k", low=1)
        self.class_id = _confusion.optional_index(class_id, "class_id")
        default = 0.5 if self.top_k is None else _confusion.BELOW_ALL
        self.thresholds = _confusion.threshold_list(thresholds, default)
        self._even = _confusion.evenly_distributed(self.thresholds)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, "zeros", name="true_positives")
        self._rest = self.add_variable(shape, "zeros", name=self._other)
        setattr(self, self._other, self._rest)

    @by_rows
    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Takes more samples into account.

        Args:
            y_true: Targets; what is not 0 is positive.
            y_pred: Predictions of the same shape.
            sample_weight: Weights of the samples; None for 1.
        """
        counts = _confusion.count(
            y_true,
            y_pred,
            self.thresholds,
            self._even,
            self.dtype,
            sample_weight,
            top_k=self.top_k,
            class_id=self.class_id,
        )
        self.true_positives.assign_add(counts.true_positives)
        self._rest.assign_add(getattr(counts, self._other))

    def result(self) -> Any:
        hits = self.true_positives.value
        return _one_or_all(_confusion.ratio(hits, hits + self._rest.value))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


@REGISTRY.add()
class TruePositives(_OutcomeCount):
    """The number of positives predicted as such.

    Args:
        thresholds: Numbers in [0, 1] above which a prediction is positive; None for 0.5.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> TruePositives()([0, 1, 1, 1], [1, 0, 1, 1])
        2.0
    """

    _outcome: ClassVar[str] = "true_positives"


@REGISTRY.add()
class TrueNegatives(_OutcomeCount):
    """The number of negatives predicted as such.

    Args:
        thresholds: Numbers in [0, 1] above which a prediction is positive; None for 0.5.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> TrueNegatives()([0, 1, 1, 1], [1, 0, 1, 1])
        0.0
    """

    _outcome: ClassVar[str] = "true_negatives"


@REGISTRY.add()
class FalsePositives(_OutcomeCount):
    """The number of negatives predicted as positive.

    Args:
        thresholds: Numbers in [0, 1] above which a prediction is positive; None for 0.5.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> FalsePositives()([0, 1, 1, 1], [1, 0, 1, 1])
        1.0
    """

    _outcome: ClassVar[str] = "false_positives"


@REGISTRY.add()
class FalseNegatives(_OutcomeCount):
    """The number of positives predicted as negative.

    Args:
        thresholds: Numbers in [0, 1] above which a prediction is positive; None for 0.5.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> FalseNegatives()([0, 1, 1, 1], [1, 0, 1, 1])
        1.0
    """

    _outcome: ClassVar[str] = "false_negatives"


@REGISTRY.add()
class Precision(_PrecisionOrRecall):
    """Share of hits among the positive predictions: TP / (TP + FP).

    Args:
        thresholds: Numbers in [0, 1] above which a prediction is positive; None for 0.5, or for
            all of the ``top_k``.
        top_k: Only the k largest predictions of a sample can be positive; None for all.
        class_id: The only class that counts, a column; None for all.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> Precision()([0, 1, 1, 1], [1, 0, 1, 1])
        0.6666666666666666
    """

    _other: ClassVar[str] = "false_positives"


@REGISTRY.add()
class Recall(_PrecisionOrRecall):
    """Share of hits among the positives: TP / (TP + FN).

    Args:
        thresholds: Numbers in [0, 1] above which a prediction is positive; None for 0.5, or for
            all of the ``top_k``.
        top_k: Only the k largest predictions of a sample can be positive; None for all.
        class_id: The only class that counts, a column; None for all.
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Example:
        >>> Recall()([0, 1, 1, 1], [1, 0, 1, 1])
        0.6666666666666666
    """

    _other: ClassVar[str] = "false_negatives"
