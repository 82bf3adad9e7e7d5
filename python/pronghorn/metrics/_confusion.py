"""Weighted counts of hits, false alarms and misses at thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn._numbers import integer
from pronghorn.losses._function import as_numbers, same_rank

Float64 = NDArray[np.float64]
# What stands for predictions that are not among the k largest: below every threshold.
BELOW_ALL = -1e10
_MOST_THRESHOLDS = 1_000_000


class Counts(NamedTuple):
    """Sums of weights, one a threshold; with labels kept apart of shape (thresholds, labels)."""

    true_positives: Float64
    false_positives: Float64
    true_negatives: Float64
    false_negatives: Float64


def threshold_list(thresholds: Any, default: float = 0.5) -> list[float]:
    """Thresholds given as None, a number or a sequence.

    Raises:
        ValueError: If one is not in [0, 1].
    """
    if thresholds is None:
        return [default]
    listed = list(thresholds) if isinstance(thresholds, Sequence | np.ndarray) else [thresholds]
    wrong = [each for each in listed if each is None or not 0 <= each <= 1]
    if wrong:
        raise ValueError(f"`thresholds` must lie in [0, 1]; received {wrong}.")
    return listed


def threshold_count(num_thresholds: Any, low: int) -> int:
    """How many thresholds to make, from `low` up to as many as float32 keeps well apart.

    Raises:
        TypeError: If it is no integer.
        ValueError: If it is out of bounds.
    """
    return integer(num_thresholds, "num_thresholds", low=low, high=_MOST_THRESHOLDS)


def evenly_distributed(thresholds: Sequence[float]) -> bool:
    """Whether these are 0, ..., 1 at equal distances, at least three."""
    count = len(thresholds)
    return count >= 3 and np.allclose(
        thresholds, np.arange(count, dtype=np.float32) / (count - 1), atol=1e-7
    )


def _largest(predictions: NDArray[Any], k: int) -> NDArray[Any]:
    """The k largest of each row as they are, the first of equal ones; the rest below all."""
    order = np.argsort(-predictions, axis=-1, kind="stable")[..., :k]
    kept = np.zeros(predictions.shape, bool)
    np.put_along_axis(kept, order, values=True, axis=-1)
    return np.where(kept, predictions, np.asarray(BELOW_ALL, predictions.dtype))


def _above(
    predictions: NDArray[Any], thresholds: NDArray[Any], weights: Float64, even: bool
) -> Float64:
    """For each threshold the weight of the predictions above it; all arrays of one axis."""
    count = len(thresholds)
    if even:
        # In the arithmetic of the predictions, as Keras has it: bucket i lies above threshold i.
        scale = predictions.dtype.type(count - 1)
        bucket = (np.ceil(np.clip(predictions, 0, 1) * scale) - 1).astype(np.int64)
        if thresholds[0] < 0 or thresholds[-1] > 1:
            bucket = np.maximum(bucket, 0)
        inside = bucket >= 0
        sums = np.bincount(bucket[inside], weights[inside], minlength=count)
    else:
        order = np.argsort(thresholds, kind="stable")
        # The number of thresholds, from the least, that a prediction exceeds.
        exceeded = np.searchsorted(thresholds[order], predictions, side="left")
        sums = np.bincount(exceeded[exceeded > 0] - 1, weights[exceeded > 0], minlength=count)
        totals = np.empty(count)
        totals[order] = np.cumsum(sums[::-1])[::-1]
        return totals
    return np.asarray(np.cumsum(sums[::-1])[::-1])


def count(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    thresholds: Sequence[float],
    even: bool,
    dtype: str,
    sample_weight: ArrayLike | None = None,
    top_k: int | None = None,
    class_id: int | None = None,
    multi_label: bool = False,
    label_weights: ArrayLike | None = None,
) -> Counts:
    """The counts of targets and predictions at every threshold.

    Args:
        y_true: Targets; what is not 0 is positive.
        y_pred: Predictions of the same shape; positive above a threshold.
        thresholds: The thresholds.
        even: Whether they are ``evenly_distributed``.
        dtype: The dtype in which predictions and thresholds are compared.
        sample_weight: Weights of the samples; None for 1.
        top_k: Only the k largest predictions of a sample can be positive; None for all.
        class_id: The only label that counts; None for all.
        multi_label: Whether labels (the last axis) are kept apart.
        label_weights: Weights of the labels; None for 1.

    Raises:
        ValueError: If the shapes do not fit.
    """
    given = as_numbers(y_pred, "y_pred").astype(dtype)
    predictions, targets = same_rank(given, as_numbers(y_true, "y_true").astype(dtype))
    if predictions.shape != targets.shape:
        raise ValueError(
            "`y_true` and `y_pred` must have the same shape; received "
            f"{np.shape(y_true)} and {np.shape(y_pred)}."
        )
    if top_k is not None:
        predictions = _largest(predictions, min(top_k, predictions.shape[-1]))
    if class_id is not None:
        if predictions.ndim == 1 or not -predictions.shape[-1] <= class_id < predictions.shape[-1]:
            raise ValueError(
                f"`class_id` is {class_id}; `y_pred` must have a column of this number. Received "
                f"shape {predictions.shape}."
            )
        predictions, targets = predictions[..., [class_id]], targets[..., [class_id]]
    weights = np.ones(predictions.shape)
    if sample_weight is not None:
        given_weights = as_numbers(sample_weight, "sample_weight").astype(np.float64)
        weights = weights * _to_rank(given_weights, predictions)
    if label_weights is not None:
        weights = weights * np.asarray(label_weights, np.float64)
    positive = targets != 0
    limits = np.asarray(thresholds, dtype)
    columns = predictions.shape[-1] if multi_label else 1
    parts = [
        each.reshape(-1, columns) for each in (predictions, weights * positive, weights * ~positive)
    ]
    pairs = [
        [_above(parts[0][:, j], limits, parts[kind][:, j], even) for j in range(columns)]
        for kind in (1, 2)
    ]
    hits, alarms = (np.stack(pair, axis=-1) for pair in pairs)
    of_true, of_false = parts[1].sum(axis=0), parts[2].sum(axis=0)
    all_counts = (hits, alarms, of_false - alarms, of_true - hits)
    return Counts(*(each if multi_label else each[:, 0] for each in all_counts))


def _to_rank(weights: Float64, values: NDArray[Any]) -> Float64:
    """Weights with axes added at the end so that they broadcast against ``values``."""
    if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    padded = weights.reshape(weights.shape + (1,) * (values.ndim - weights.ndim))
    try:
        return np.broadcast_to(padded, values.shape)
    except ValueError:
        raise ValueError(
            f"`sample_weight` has shape {weights.shape}, which does not fit predictions of shape "
            f"{values.shape}."
        ) from None


def ratio(numerator: Float64, denominator: Float64) -> Float64:
    """The quotient, 0 where the denominator is 0."""
    safe = np.where(denominator == 0, 1.0, denominator)
    return np.where(denominator == 0, 0.0, numerator / safe)


def optional_index(value: Any, argument: str, low: int | None = None) -> int | None:
    """None or an integer."""
    return None if value is None else integer(value, argument, low=low)
