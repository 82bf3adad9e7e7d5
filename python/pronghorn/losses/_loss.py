"""The base of the losses, and how values and weights become one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn import _arguments, _state
from pronghorn._autodiff import Tensor
from pronghorn._autodiff._tensor import find
from pronghorn._suggest import unknown
from pronghorn.config import floatx
from pronghorn.losses._function import (
    as_numbers,
    as_recorded,
    engine_spec,
    recorded_predictions,
    same_rank,
)

if TYPE_CHECKING:
    from pronghorn._engine import LossSpec

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


@_arguments.check_constructor
class Loss:
    """A loss to be minimised; subclass it and write ``call``.

    A loss of your own trains with its arithmetic in Python, written with NumPy's functions or with
    ``pronghorn.ops``; forward and backward passes of the layers stay in the engine.

    Args:
        name: A name; None makes one from the class.
        reduction: ``"sum_over_batch_size"`` or ``"mean"`` (sum divided by the number of values),
            ``"sum"``, ``"mean_with_sample_weight"`` (sum divided by the sum of the weights), or
            ``"none"`` or None (one value a sample).
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``.

    Raises:
        ValueError: For an unknown reduction or dtype.

    Example:
        >>> class MeanFourthPower(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return ((y_true - y_pred) ** 4).mean(axis=-1)
        >>> float(MeanFourthPower()([[0.0, 0.0]], [[1.0, 3.0]]))
        41.0
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _arguments.check_constructor(cls)

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: str | None = None,
    ) -> None:
        if reduction not in REDUCTIONS:
            raise unknown("reduction", reduction, [str(each) for each in REDUCTIONS])
        if dtype not in (None, "float32", "float64"):
            raise unknown("dtype", dtype, ("float32", "float64"))
        self.name = name or _state.unique_name(_state.snake_case(type(self).__name__))
        self.reduction = reduction
        self._dtype = dtype or floatx()
        self._dtype_is_given = dtype is not None

    @property
    def dtype(self) -> str:
        """The dtype of the value."""
        return self._dtype

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One value a sample.

        Args:
            y_true: Targets.
            y_pred: Predictions.
        """
        raise NotImplementedError(f"{type(self).__name__} must write `call(self, y_true, y_pred)`.")

    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Any:
        """The loss.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: Weights of the samples; None for 1.

        Returns:
            A NumPy scalar, or an array for reduction ``"none"`` or None.
        """
        tensor = recorded_predictions(y_true, y_pred, sample_weight)
        if tensor is not None:
            return self._on_tensors(y_true, tensor, sample_weight)
        predictions = as_numbers(y_pred, "y_pred").astype(self._dtype)
        targets = as_numbers(y_true, "y_true")
        if targets.dtype.kind == "f":
            targets = targets.astype(self._dtype)
        values = np.asarray(self.call(targets, predictions))
        counted = self._counted(targets, values)
        mask = getattr(y_pred, "_keras_mask", None)
        if mask is not None:
            if counted is not None:
                mask, counted = np.asarray(mask, bool) & counted, None
            scaled = self.reduction in _OF_ALL
            sample_weight = masked_weights(values.shape, sample_weight, mask, scaled)
        return reduce(values, sample_weight, self.reduction, counted).astype(self._dtype)[()]

    def _counted(self, y_true: Any, values: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Which values a mean is taken over; None for all."""
        return None

    def _on_tensors(self, y_true: Any, y_pred: Tensor, sample_weight: Any) -> Any:
        """As on arrays, with the history recorded."""
        targets: Any = as_recorded(y_true)
        if targets is None:
            targets = Tensor(as_numbers(y_true, "y_true"))
        # A model of float64 has its losses in float64 too, as in the engine.
        dtype: Any = self._dtype
        if not self._dtype_is_given and y_pred.dtype == np.float64:
            dtype = np.float64
        if targets.dtype.kind == "f":
            targets = targets.astype(dtype)
        mask = getattr(y_pred, "_keras_mask", None)
        values = self.call(targets, y_pred.astype(dtype))
        if type(self)._counted is not Loss._counted:
            counted = self._counted(np.asarray(targets), np.asarray(values))
            if counted is not None and mask is not None:
                mask = np.asarray(mask, bool) & counted  # what makes up for both is one factor
            elif counted is not None:
                sample_weight = _weights_of_counted(
                    np.asarray(values), sample_weight, self.reduction, counted
                )
        if mask is not None:
            sample_weight = masked_weights(
                np.shape(values), sample_weight, mask, self.reduction in _OF_ALL
            )
        return reduce_tensors(values, sample_weight, self.reduction)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal loss."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """The loss of a configuration."""
        return cls(**config)

    def _engine_spec(self) -> LossSpec | None:
        """What the engine must compute; None for a user's own loss."""
        return None


class FunctionLoss(Loss):
    """A loss whose values come from a function of (y_true, y_pred) and fixed settings."""

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._settings = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(y_true, y_pred, **self._settings)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._settings}

    def _engine_spec(self) -> LossSpec | None:
        if type(self).call is not FunctionLoss.call:  # a subclass of the user's own
            return None
        if self.reduction in (None, "none"):
            raise ValueError(
                f"[{self.name}] a compiled model needs a loss that is one number; received "
                f"reduction={self.reduction!r}. Use 'sum_over_batch_size' or 'sum'."
            )
        specification = engine_spec(lambda y, p: self.fn(y, p, **self._settings))
        if specification is None:
            return None
        return cast("LossSpec", {**specification, "reduction": self.reduction})

    def __repr__(self) -> str:
        settings = "".join(f", {key}={value!r}" for key, value in self._settings.items())
        return f"{type(self).__name__}(reduction={self.reduction!r}{settings})"


def reduce(
    values: NDArray[Any],
    sample_weight: ArrayLike | None,
    reduction: str | None,
    counted: NDArray[np.bool_] | None = None,
) -> NDArray[Any]:
    """Weighted values as one number, summed in float64.

    Args:
        values: One value a sample, shape (n,) or (n, ...).
        sample_weight: Weights whose shape is a prefix of that of ``values``, a last axis of length
            1 aside; or None.
        reduction: See ``Loss``.
        counted: Which values count, of their shape; None for all.
    """
    total = np.asarray(values, np.float64)
    weights = None
    if counted is not None:
        sample_weight = _weights_of_counted(total, sample_weight, reduction, counted)
    if sample_weight is not None:
        total, weights = weigh(total, sample_weight)
        total = total * weights
    if reduction in (None, "none"):
        return total
    if reduction == "sum" or not total.shape:
        return np.asarray(total.sum())
    if reduction == "mean_with_sample_weight" and weights is not None:
        divisor = float(np.sum(np.asarray(sample_weight, np.float64)))  # as given, not broadcast
    else:
        divisor = float(total.size)
    return np.asarray(total.sum() / divisor if divisor else 0.0)


def _weights_of_counted(
    values: NDArray[Any],
    sample_weight: ArrayLike | None,
    reduction: str | None,
    counted: NDArray[np.bool_],
) -> NDArray[Any]:
    """Weights by which only what counts has a part in the sum or, scaled to it, in the mean."""
    factor = 1.0
    if reduction in ("mean", "sum_over_batch_size"):
        factor = counted.size / counted.sum() if counted.any() else 0.0
    weights = counted * factor
    return weights if sample_weight is None else weights * weigh(values, sample_weight)[1]


def reduce_tensors(values: Any, sample_weight: Any, reduction: str | None) -> Any:
    """As `reduce`, with the history recorded."""
    dtype = values.dtype
    if sample_weight is None and reduction not in (None, "none"):
        factor = 1.0 if reduction == "sum" else 1.0 / values.size if values.size else 0.0
        return find("_scaled_sum")(values, factor)
    total, weights = values.astype(np.float64), None
    if sample_weight is not None:
        total, weights = weigh(total, sample_weight)
        total = total * weights
    if reduction not in (None, "none"):
        divisor: Any = 1.0 if reduction == "sum" else float(total.size)
        if reduction == "mean_with_sample_weight" and weights is not None:
            recorded: Any = as_recorded(sample_weight)  # as given, not broadcast
            given = np.asarray(sample_weight) if recorded is None else recorded
            divisor = given.astype(np.float64).sum()
        total = total.sum() * (1.0 / divisor if divisor else 0.0)
    return total.astype(dtype)


def weigh(values: NDArray[Any], sample_weight: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Values and weights of one shape.

    Raises:
        ValueError: If the shape of the weights does not fit.
    """
    tensor: Any = as_recorded(sample_weight)  # which may be learnt
    weights: Any = as_numbers(sample_weight, "sample_weight") if tensor is None else tensor
    weights = weights.astype(np.float64)
    values, weights = same_rank(values, weights)
    if not values.shape:  # one value of a whole batch
        values = np.broadcast_to(values, weights.shape)
    trailing = values.ndim - weights.ndim
    if trailing > 0:
        weights = weights.reshape(weights.shape + (1,) * trailing)
    try:
        return values, np.broadcast_to(weights, values.shape)
    except ValueError:
        raise ValueError(
            f"`sample_weight` has shape {np.shape(sample_weight)}, which does not fit the values, "
            f"one for each of {values.shape}."
        ) from None


# Reductions that divide by the number of values, which must not count what is masked.
_OF_ALL = ("sum_over_batch_size", "mean")


def masked_weights(shape: tuple[int, ...], weights: Any, mask: Any, scaled: bool) -> Any:
    """Weights of values of some `shape` that leave out what is masked.

    Args:
        shape: Of the values.
        weights: Of the samples or values; None for 1.
        mask: Which values count, of fewer axes or as many.
        scaled: Whether to make up for the masked values in a mean over all.
    """
    kept = np.asarray(mask, np.float64)
    if scaled:
        kept = kept * (kept.size / max(float(kept.sum()), 1e-7))
    parts: list[Any] = [kept]
    if weights is not None:
        tensor: Any = as_recorded(weights)
        parts.append((np.asarray(weights) if tensor is None else tensor).astype(np.float64))
    total: Any = 1.0
    for part in parts:
        if part.ndim == len(shape) + 1 and part.shape[-1] == 1:
            part = part[..., 0]
        total = total * part.reshape(part.shape + (1,) * (len(shape) - part.ndim))
    return np.broadcast_to(total, shape)
