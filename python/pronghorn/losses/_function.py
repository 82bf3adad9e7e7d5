"""What loss functions share: preparing arrays, and telling the engine what they are.

A loss is written once, on float64 arrays of equal rank, and wrapped by ``loss_function``. The
wrapper converts the arguments, rounds the result to the dtype of the predictions and, when called
with a probe instead of arrays, reports the specification for the engine. The probe is also why a
callable such as ``lambda y, p: binary_crossentropy(y, p, from_logits=True)`` can be compiled.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn._arguments import MISFITS, Checks
from pronghorn._autodiff import Tensor, recording_is_on
from pronghorn._autodiff._tensor import find
from pronghorn._registry import Registry
from pronghorn.config import epsilon, floatx

if TYPE_CHECKING:
    from pronghorn._engine import LossSpec

Float64 = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., Any])
REGISTRY = Registry("loss", "keras.losses", snake_case=False)

# Losses whose targets are class numbers.
SPARSE = ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy", "circle")
ENGINE_ARGUMENTS = (
    "from_logits",
    "label_smoothing",
    "delta",
    "threshold",
    "alpha",
    "beta",
    "gamma",
    "q",
    "apply_class_balancing",
    "k",
    "ignore_class",
)
# Losses that couple the samples of a batch in a way that the engine does not compute.
_NOT_IN_ENGINE = ("circle",)
# Losses with a bound, which the engine's kernels hold fixed.
_BOUNDED = frozenset(
    (
        "binary_crossentropy",
        "binary_focal_crossentropy",
        "categorical_crossentropy",
        "categorical_focal_crossentropy",
        "categorical_generalized_cross_entropy",
        "cosine_similarity",
        "dice",
        "kl_divergence",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "poisson",
        "sparse_categorical_crossentropy",
        "tversky",
    )
)
_ENGINE_EPSILON = 1e-7
# Losses over all of a batch, or over the last axis under another name in the engine.
_BY_ROW = {"dice": "dice_by_row", "tversky": "tversky_by_row"}


class NotInEngine(ValueError):
    """A loss of this package with arguments that no compiled model can have."""


class _Probe:
    """Stands for predictions when a loss function is asked what it is."""


def loss_function(*aliases: str) -> Callable[[F], F]:
    """Decorator: registers a function of (y_true, y_pred, ...) and gives it ``_engine_spec``."""

    def register(function: F) -> F:
        signature = inspect.signature(function)

        checks = Checks(function)

        @functools.wraps(function)
        def wrapper(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(y_pred, _Probe):
                bound = signature.bind(y_true, y_pred, *args, **kwargs)
                bound.apply_defaults()
                return _specification(function.__name__, bound.arguments)
            sparse = function.__name__ in SPARSE
            try:
                tensor = recorded_predictions(y_true, y_pred)
                if tensor is not None:
                    dtype = tensor.dtype
                    targets, tensor = prepare_tensors(y_true, tensor, sparse)
                    return function(targets, tensor, *args, **kwargs).astype(dtype)
                targets, predictions, dtype = prepare(y_true, y_pred, sparse)
                value = function(targets, predictions, *args, **kwargs)
                return np.asarray(value).astype(dtype)[()]
            except MISFITS as error:
                said = checks.explain(error, (y_true, y_pred, *args), kwargs)
                if said is error:
                    raise
                raise said from error

        setattr(wrapper, "_engine_spec", lambda: engine_spec(wrapper))  # noqa: B010
        REGISTRY.add(*aliases)(wrapper)
        return cast(F, wrapper)

    return register


def engine_name(name: str, axis: Any = -1) -> str | None:
    """The engine's name of a loss taken over ``axis``; None if it does not have that."""
    if name in _BY_ROW:
        return name if axis is None else _BY_ROW[name] if axis == -1 else None
    return name if axis == -1 else None


def beyond_engine(name: str, arguments: Mapping[str, Any]) -> bool:
    """Whether ``config.epsilon()`` is one that the engine's kernel of a function does not have."""
    bounded = name in _BOUNDED and not arguments.get("from_logits", False)
    return bounded and epsilon() != _ENGINE_EPSILON


def _specification(name: str, arguments: dict[str, Any]) -> LossSpec | None:
    if name in _NOT_IN_ENGINE or beyond_engine(name, arguments):
        return None
    axis = arguments.get("axis", -1)
    kernel = engine_name(name, axis)
    if kernel is None:
        allowed = "None or -1" if name in _BY_ROW else "-1"
        raise NotInEngine(
            f"[{name}] `axis` must be {allowed} in a compiled model; received {axis!r}."
        )
    given = {key: arguments[key] for key in ENGINE_ARGUMENTS if key in arguments}
    return cast("LossSpec", {"name": kernel, **given, "reduction": "sum_over_batch_size"})


def engine_spec(function: Callable[..., Any]) -> LossSpec | None:
    """What the engine must compute for ``function``; None if it is a user's own loss."""
    probe = _Probe()
    try:
        specification = function(probe, probe)
    except NotInEngine:
        raise
    except Exception:  # a user's own function, which does arithmetic on the probe
        return None
    is_specification = isinstance(specification, dict) and "reduction" in specification
    return cast("LossSpec", specification) if is_specification else None


def as_numbers(values: ArrayLike, argument: str) -> NDArray[Any]:
    """``values`` as an array of numbers.

    Raises:
        TypeError: If it holds anything else.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"`{argument}` must hold numbers; received dtype {array.dtype}.")
    return array


def prepare(
    y_true: ArrayLike, y_pred: ArrayLike, sparse: bool = False
) -> tuple[Float64, Float64, np.dtype[Any]]:
    """Targets and predictions in float64 with equal rank, and the dtype of the result.

    Args:
        y_true: Targets; with ``sparse`` class indices without the axis of classes.
        y_pred: Predictions.
        sparse: Whether the targets are class indices.

    Raises:
        ValueError: If the shapes do not fit.
    """
    predictions = as_numbers(y_pred, "y_pred")
    targets = as_numbers(y_true, "y_true")
    dtype = predictions.dtype if predictions.dtype.kind == "f" else np.dtype(floatx())
    if not sparse:
        targets, predictions = same_rank(targets, predictions)
        if targets.shape != predictions.shape:
            raise ValueError(
                f"`y_true` and `y_pred` must have the same shape; received {targets.shape} and "
                f"{predictions.shape}."
            )
    # Rounded to the dtype of the result first, as Keras does, then computed in float64.
    targets64 = targets.astype(dtype).astype(np.float64) if not sparse else targets
    return np.asarray(targets64, np.float64), predictions.astype(np.float64), dtype


def recorded_predictions(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor | None:
    """Predictions as a tensor if anything may have a history; None if all are plain data."""
    tensor = as_recorded(y_pred)
    if tensor is None and any(as_recorded(each) is not None for each in (y_true, sample_weight)):
        predictions = as_numbers(y_pred, "y_pred")
        dtype = predictions.dtype if predictions.dtype.kind == "f" else np.dtype(floatx())
        tensor = Tensor(predictions.astype(dtype))
    return tensor


def as_recorded(values: Any) -> Tensor | None:
    """A tensor, variable, or list of them as a tensor; None for anything else."""
    if isinstance(values, Tensor):
        return values
    if type(values) is np.ndarray or not recording_is_on():
        return None
    if hasattr(values, "_recorded"):
        found: Tensor | None = values._recorded()
        return found
    if isinstance(values, (list, tuple)) and any(as_recorded(each) is not None for each in values):
        return cast("Tensor", find("stack")(list(values)))
    return None


def prepare_tensors(y_true: Any, y_pred: Tensor, sparse: bool = False) -> tuple[Any, Tensor]:
    """As `prepare`, for predictions whose history is recorded."""
    tensor = as_recorded(y_true)
    targets: Any = as_numbers(y_true, "y_true") if tensor is None else tensor
    predictions: Any = y_pred
    if not sparse:
        targets, predictions = same_rank(targets, predictions)
        if targets.shape != predictions.shape:
            raise ValueError(
                f"`y_true` and `y_pred` must have the same shape; received {targets.shape} and "
                f"{predictions.shape}."
            )
        targets = targets.astype(y_pred.dtype)
    if isinstance(targets, Tensor) and targets._node is None:
        targets = targets._value
    return targets.astype(np.float64), predictions.astype(np.float64)


def in_float64(values: Any) -> Float64:
    """A recorded tensor as it is, which `prepare_tensors` made; anything else as an array."""
    found: Any = values if isinstance(values, Tensor) else np.asarray(values, np.float64)
    return cast("Float64", found)


def same_rank(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """``a`` and ``b`` with a last axis of length 1 added to or dropped from one of them.

    Example:
        >>> same_rank(np.zeros(3), np.zeros((3, 1)))[0].shape
        (3, 1)
    """
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b[:, None]) if b.ndim == 1 else (a[..., 0], b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a[:, None], b) if a.ndim == 1 else (a, b[..., 0])
    return a, b


def clip_probabilities(p: Float64, dtype: np.dtype[Any]) -> Float64:
    """``p`` between epsilon and 1 - epsilon, bounds as they are in ``dtype``."""
    low = dtype.type(epsilon())
    return np.clip(p, float(low), float(dtype.type(1) - low))


def check_labels(labels: Float64, classes: int) -> NDArray[np.intp]:
    """Class indices as integers.

    Raises:
        ValueError: If one is fractional, not finite or outside 0..classes-1.
    """
    if not np.isfinite(labels).all() or (labels != np.floor(labels)).any():
        raise ValueError("`y_true` must hold whole numbers (class indices); received others.")
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(
            f"`y_true` must hold class indices 0..{classes - 1}, as `y_pred` has {classes} "
            f"classes; received {labels.min():.0f}..{labels.max():.0f}."
        )
    return labels.astype(np.intp)
