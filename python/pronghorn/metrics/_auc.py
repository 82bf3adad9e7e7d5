"""The area under a curve of hits against false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn import config
from pronghorn._numbers import integer
from pronghorn._suggest import unknown
from pronghorn.losses._function import as_numbers
from pronghorn.metrics import _confusion
from pronghorn.metrics._metric import REGISTRY, Metric, by_rows

_CURVES = ("ROC", "PR", "PRGAIN")
_SUMMATIONS = ("interpolation", "majoring", "minoring")


@REGISTRY.add()
class AUC(Metric):
    """The area under a curve through the points of many thresholds, by a Riemann sum.

    Args:
        num_thresholds: How many thresholds, evenly distributed from just below 0 to just above 1.
        curve: ``"ROC"`` (recall against the rate of false alarms), ``"PR"`` (precision against
            recall) or ``"PRGAIN"`` (precision gain against recall gain).
        summation_method: ``"interpolation"`` (mid-points; for PR the interpolation of Davis &
            Goadrich), ``"minoring"`` (the lower end of each step) or ``"majoring"`` (the upper).
        name: A name.
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.
        thresholds: Thresholds in [0, 1] in place of the even ones; the two ends are added.
        multi_label: Whether an area is computed for each label (the last axis) and averaged.
        num_labels: How many labels; None to learn it from the data.
        label_weights: Weights of the labels, in the average or, without ``multi_label``, of the
            single values.
        from_logits: Whether predictions are logits.

    Source: Davis & Goadrich, ICML 2006; Flach & Kull, NeurIPS 2015.

    Raises:
        ValueError: For an unknown `curve` or `summation_method`, `num_thresholds` outside
            [2, 1000000], `thresholds` outside [0, 1], or `num_labels` without `multi_label`.

    Example:
        >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
        0.75
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: ArrayLike | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        self.curve = _choice("curve", str(curve).upper(), curve, _CURVES)
        method = str(summation_method).lower()
        self.summation_method = _choice("summation_method", method, summation_method, _SUMMATIONS)
        self._init_from_thresholds = thresholds is not None
        inner: list[float]
        if thresholds is not None:
            inner = sorted(_confusion.threshold_list(list(thresholds)))
            self.num_thresholds = len(inner) + 2
            self._even = _confusion.evenly_distributed([0.0, *inner, 1.0])
        else:
            self.num_thresholds = _confusion.threshold_count(num_thresholds, low=2)
            inner = [i / (self.num_thresholds - 1) for i in range(1, self.num_thresholds - 1)]
            self._even = True
        self._thresholds = [-config.epsilon(), *inner, 1.0 + config.epsilon()]
        self.multi_label = bool(multi_label)
        self.num_labels = None if num_labels is None else integer(num_labels, "num_labels", low=1)
        if self.num_labels is not None and not self.multi_label:
            raise ValueError(
                "`num_labels` is for `multi_label=True` only; received "
                f"num_labels={num_labels!r} with multi_label=False."
            )
        self.label_weights = None if label_weights is None else np.asarray(label_weights, float)
        self._from_logits = bool(from_logits)
        self._built = False
        if not self.multi_label:
            self._build(())
        elif self.num_labels is not None:
            self._build((self.num_labels,))

    @property
    def thresholds(self) -> list[float]:
        """The thresholds, both ends included."""
        return list(self._thresholds)

    def _build(self, labels: tuple[int, ...]) -> None:
        shape = (self.num_thresholds, *labels)
        self.true_positives = self.add_variable(shape, "zeros", name="true_positives")
        self.false_positives = self.add_variable(shape, "zeros", name="false_positives")
        self.true_negatives = self.add_variable(shape, "zeros", name="true_negatives")
        self.false_negatives = self.add_variable(shape, "zeros", name="false_negatives")
        self._built = True

    @by_rows
    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Takes more samples into account.

        Args:
            y_true: Targets; what is not 0 is positive.
            y_pred: Predictions in [0, 1], or logits, of the same shape.
            sample_weight: Weights of the samples; None for 1.
        """
        predictions = as_numbers(y_pred, "y_pred").astype(self.dtype)
        if not self._built:
            if predictions.ndim != 2:
                raise ValueError(
                    "With `multi_label=True`, `y_pred` must have the shape (samples, labels); "
                    f"received {predictions.shape}."
                )
            self._build((predictions.shape[1],))
        if self._from_logits:
            with np.errstate(over="ignore"):
                predictions = 1 / (1 + np.exp(-predictions))
        counts = _confusion.count(
            y_true,
            predictions,
            self._thresholds,
            self._even,
            self.dtype,
            sample_weight,
            multi_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
        )
        for variable, sums in zip(self.variables, counts, strict=True):
            variable.assign_add(sums)

    def result(self) -> float:
        if not self._built:
            return 0.0
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._average(self._interpolated_pr())
        x, y = self._points()
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2.0
        elif self.summation_method == "minoring":
            heights = np.minimum(y[:-1], y[1:])
        else:
            heights = np.maximum(y[:-1], y[1:])
        return self._average((x[:-1] - x[1:]) * heights)

    def _counts(self) -> _confusion.Counts:
        return _confusion.Counts(*(variable.value for variable in self.variables))

    def _points(self) -> tuple[NDArray[Any], NDArray[Any]]:
        hits, alarms, rejections, misses = self._counts()
        recall = _confusion.ratio(hits, hits + misses)
        if self.curve == "ROC":
            return _confusion.ratio(alarms, alarms + rejections), recall
        if self.curve == "PR":
            return recall, _confusion.ratio(hits, hits + alarms)
        odds = _confusion.ratio(hits + misses, rejections + alarms)
        recall_gain = 1.0 - odds * _confusion.ratio(misses, hits)
        precision_gain = 1.0 - odds * _confusion.ratio(alarms, hits)
        return (
            np.maximum(np.where(hits == 0, 0.0, recall_gain), 0.0),
            np.where(hits == 0, 1.0, precision_gain),
        )

    def _interpolated_pr(self) -> NDArray[Any]:
        """Areas between neighbouring thresholds, hits a linear function of the positive ones.

        With hits t and positive predictions p = t + false alarms between the two: t = a p + b, and
        the integral of t/p over recall is a (dt + b log(p_1 / p_2)) / positives.
        """
        hits, alarms, _, misses = self._counts()
        selected = hits + alarms
        rise = hits[:-1] - hits[1:]
        slope = _confusion.ratio(rise, np.maximum(selected[:-1] - selected[1:], 0.0))
        intercept = hits[1:] - slope * selected[1:]
        both = (selected[:-1] > 0) & (selected[1:] > 0)
        growth = np.where(both, selected[:-1], 1.0) / np.where(both, selected[1:], 1.0)
        area = slope * (rise + intercept * np.log(growth))
        return _confusion.ratio(area, np.maximum(hits[1:] + misses[1:], 0.0))

    def _average(self, parts: NDArray[Any]) -> float:
        if not self.multi_label:
            return float(parts.sum())
        areas = parts.sum(axis=0)
        if self.label_weights is None:
            return float(areas.mean())
        total = self.label_weights.sum()
        return float((areas * self.label_weights).sum() / total) if total else 0.0

    def get_config(self) -> dict[str, Any]:
        weights = self.label_weights
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if weights is None else weights.tolist(),
            "from_logits": self._from_logits,
            **({"thresholds": self._thresholds[1:-1]} if self._init_from_thresholds else {}),
        }


def _choice(argument: str, value: str, given: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise unknown(argument, given, allowed)
    return value
