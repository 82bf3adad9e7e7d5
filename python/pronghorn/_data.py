"""From what users pass to arrays that the engine reads in place.

A C-contiguous, aligned, native array of the engine's dtype is used as it is. Anything else is
converted once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pronghorn._engine import Array, Shape, as_array
from pronghorn._graph import KerasTensor

_INT32 = np.dtype(np.int32)
_UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


def numeric(value: Any, argument: str) -> Array:
    """An array of real numbers: `value` itself, a view of it, or a copy of another container.

    Args:
        value: Array, nested list of numbers, pandas object, or anything with ``__array__``.
        argument: Its name in messages.

    Raises:
        ValueError: If the elements are no real numbers, a list is ragged, or there is no axis.
    """
    if isinstance(value, np.ndarray):
        array = np.asarray(value)
        if type(value).__name__ == "MaskedArray" and np.asarray(value.mask).any():  # type: ignore[attr-defined]
            raise ValueError(f"`{argument}` is a masked array with masked values; fill them first.")
    elif hasattr(value, "to_numpy") and (hasattr(value, "dtypes") or hasattr(value, "dtype")):
        array = _from_pandas(value, argument)
    elif value is None or isinstance(value, (str, bytes, Mapping, KerasTensor)):
        raise ValueError(f"`{argument}` must be an array of numbers. Received: {_describe(value)}")
    else:
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise ValueError(
                f"`{argument}` is not a rectangular array of numbers ({error})."
            ) from error
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"`{argument}` must hold real numbers. Received: {_describe(value)} of dtype "
            f"{array.dtype}{_hint(value, array)}"
        )
    if array.ndim == 0:
        raise ValueError(
            f"`{argument}` must be an array with the samples along its first axis. "
            f"Received: {value!r}"
        )
    return array


def _from_pandas(value: Any, argument: str) -> Array:
    dtypes = getattr(value, "dtypes", None)
    columns = getattr(value, "columns", None)
    if columns is None or dtypes is None:
        pairs = [(getattr(value, "name", None), value.dtype)]
    else:
        pairs = list(zip(columns, dtypes, strict=True))
    for name, dtype in pairs:
        if getattr(dtype, "kind", "O") not in "biuf":
            of = "" if name is None else f" in column {name!r}"
            raise ValueError(
                f"`{argument}` must hold real numbers. Received: a {type(value).__name__} with "
                f"dtype {dtype}{of}; encode it as numbers first."
            )
    native = {dtype for _, dtype in pairs if isinstance(dtype, np.dtype)}
    if len(native) == 1 and all(isinstance(dtype, np.dtype) for _, dtype in pairs):
        return np.asarray(value)
    # Mixed columns would become objects; nullable ones hold NA, which becomes NaN.
    return np.asarray(value.to_numpy(dtype="float64", na_value=math.nan))


def _describe(value: Any) -> str:
    if value is None:
        return "None"
    kind = type(value)
    return f"{kind.__module__}.{kind.__name__}".removeprefix("builtins.").removeprefix("numpy.")


def _hint(value: Any, array: Array) -> str:
    if hasattr(value, "toarray"):
        return "; a sparse matrix has to be made dense: pass its `.toarray()`."
    if array.dtype.kind in "OUS":
        return "; convert it with `.astype('float32')` if it holds numbers, otherwise encode it."
    return "."


def split_structure(
    value: Any, names: Sequence[str], keyed: bool, ranks: Sequence[int], argument: str
) -> list[Any]:
    """The parts of `value` for each input or output, in the model's order.

    Args:
        value: One array, a list or tuple of them, or a dict by name.
        names: Of the inputs or outputs.
        keyed: Whether the model was made with a dict.
        ranks: Number of dimensions of each, to tell a list of arrays from an array as a list.
        argument: Name in messages.

    Raises:
        ValueError: If the parts do not match the names.
    """
    count = len(names)
    if type(value) is np.ndarray and count == 1 and not keyed:  # before the slow checks below
        return [value]
    if isinstance(value, Mapping):
        unknown = [key for key in value if key not in names]
        missing = [name for name in names if name not in value]
        if unknown or missing:
            told = [f"missing {missing}"] if missing else []
            told += [f"unknown {unknown}"] if unknown else []
            raise ValueError(
                f"`{argument}` is a dict and must have the keys {list(names)}. "
                f"Received the keys {list(value)}: {', '.join(told)}."
            )
        return [value[name] for name in names]
    if count == 1 and not keyed:
        first = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else None
        wrapped = getattr(first, "ndim", None) == ranks[0] > 0
        return [first if wrapped else value]
    if not isinstance(value, (list, tuple)) or len(value) != count:
        shown = f"{_describe(value)}" + (f" of {len(value)}" if hasattr(value, "__len__") else "")
        raise ValueError(
            f"`{argument}` must have {count} parts, as a list in this order or a dict by name: "
            f"{list(names)}. Received: {shown}"
        )
    return list(value)


def fit_shape(array: Array, shape: Shape, argument: str, what: str) -> Array:
    """`array` with the rank of `shape` (batch first), if it differs by one axis of size 1 only.

    Raises:
        ValueError: If the shapes do not agree.
    """
    if array.ndim == len(shape) and array.shape[1:] == shape[1:]:
        return array
    if array.ndim == len(shape) - 1 and shape[-1] == 1:
        array = array[..., None]
    elif array.ndim == len(shape) + 1 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == len(shape) and all(
        size is None or size == given
        for size, given in zip(shape[1:], array.shape[1:], strict=True)
    ):
        return array
    expected = ", ".join(["samples", *("any" if s is None else str(s) for s in shape[1:])])
    hint = ""
    if array.shape == tuple(shape[1:]):
        hint = f" For one sample, pass `{argument}[None]`."
    raise ValueError(
        f"`{argument}` does not fit {what}: expected shape ({expected}), received "
        f"{array.shape}.{hint}"
    )


def features(value: Any, shape: Shape, dtype: str, argument: str, what: str) -> Array:
    """Data for one input, of the engine's dtype and layout."""
    array = fit_shape(numeric(value, argument), shape, argument, what)
    _check_not_empty(array, argument)
    return as_array(array, np.dtype(dtype))


def targets(value: Any, shape: Shape, dtype: str, argument: str, what: str) -> Array:
    """Targets of one output for losses that compare numbers.

    Raises:
        ValueError: If the shape differs from the output's, or a target is NaN or infinite.
    """
    array = fit_shape(numeric(value, argument), shape, argument, what)
    _check_not_empty(array, argument)
    array = as_array(array, np.dtype(dtype))
    _check_finite(array, argument)
    return array


def class_labels(
    value: Any, shape: Shape, argument: str, loss: str, ignored: int | None = None
) -> Array:
    """Class numbers as int32, one for each vector of scores of an output of `shape`.

    Raises:
        ValueError: If one is fractional, NaN, infinite or neither in 0..classes-1 nor `ignored`.
    """
    array = numeric(value, argument)
    classes = shape[-1]
    if array.ndim == len(shape) and array.shape[-1] == classes and classes != 1:
        raise ValueError(
            f"`{argument}` has shape {array.shape}, which looks one-hot; '{loss}' takes class "
            f"numbers of shape (samples{''.join(f', {s}' for s in shape[1:-1])}). Use the "
            "categorical variant of it, or pass `y.argmax(-1)`."
        )
    array = fit_shape(array, shape[:-1], argument, f"'{loss}' with output shape {tuple(shape)}")
    _check_not_empty(array, argument)
    kind = array.dtype.kind
    if kind == "f":
        _check_finite(array, argument)
        fractional = array != np.floor(array)
        if fractional.any():
            raise ValueError(
                f"`{argument}` holds class numbers for '{loss}' and must be integral. "
                f"Received: {_first(array, fractional)}"
            )
    # Seen as unsigned, a negative number is a large one, so one pass finds both kinds of mistake.
    if kind in "iu" and classes is not None:
        seen = array.view(_UNSIGNED[array.dtype.itemsize]) if kind == "i" else array
        if array.dtype.isnative and np.maximum.reduce(seen, axis=None) < classes:
            return as_array(array, _INT32)
    wrong = array < 0 if classes is None else (array < 0) | (array >= classes)
    if ignored is not None:
        wrong &= array != ignored
    if wrong.any():
        raise ValueError(
            f"`{argument}` must hold class numbers from 0 to {(classes or 1) - 1}, as the output "
            f"has {classes} classes. Received: {_first(array, wrong)}"
        )
    return as_array(array, np.dtype(np.int32))


def sample_weights(
    value: Any, rows: int, dtype: str, argument: str, steps: Sequence[int] | None = ()
) -> Array:
    """Weights of samples, shape (samples,), or of their steps, shape (samples, *steps).

    Args:
        value: As given; a last axis of length 1 is dropped, and axes that are missing or of length
            1 are broadcast.
        rows: How many samples.
        dtype: Of the result.
        argument: Name in messages.
        steps: Sizes of the axes that an output has between the first and the last; None if they
            are not known, for weights to be taken as they are.

    Raises:
        ValueError: If the shape does not fit, or a weight is NaN or infinite.
    """
    given = numeric(value, argument)
    array = given
    if steps is not None and array.ndim == len(steps) + 2 and array.shape[-1] == 1:
        array = array[..., 0]
    if all(size == 1 for size in array.shape[1:]):
        array = array.reshape(len(array))
    own = array.shape[1:]
    fits = steps is None or (
        len(own) <= len(steps)
        and all(size in (1, step) for size, step in zip(own, steps, strict=False))
    )
    if len(array) != rows or not fits:
        of_steps = "" if not steps else f", or for each of its steps, shape {(rows, *steps)}"
        raise ValueError(
            f"`{argument}` must have one weight for each sample, shape ({rows},){of_steps}. "
            f"Received shape {given.shape}."
        )
    if steps is not None and own:
        whole = array.reshape(array.shape + (1,) * (len(steps) - len(own)))
        array = np.broadcast_to(whole, (rows, *steps))
    array = as_array(array, np.dtype(dtype))
    _check_finite(array, argument)
    return array


def class_to_sample_weights(class_weight: Any, y: Any, dtype: str) -> Array:
    """The weight of each sample's class; 1 for classes that are not mentioned.

    Args:
        class_weight: Dict of class number to weight.
        y: Class numbers, (samples,) or (samples, 1), or one-hot rows.
        dtype: Of the result.
    """
    if not isinstance(class_weight, Mapping):
        raise TypeError(
            "`class_weight` must be a dict of class number to weight. "
            f"Received: {_describe(class_weight)}"
        )
    labels = numeric(y, "y")
    if labels.ndim > 2:
        raise ValueError(
            "`class_weight` needs one class for each sample: `y` of shape (samples,), (samples, 1) "
            f"or (samples, classes). Received `y` of shape {labels.shape}."
        )
    if labels.ndim == 2:
        labels = labels[:, 0] if labels.shape[1] == 1 else labels.argmax(axis=1)
    weights = np.ones(len(labels), dtype=dtype)
    rounded = np.round(labels)
    for label, weight in class_weight.items():
        number = isinstance(weight, (int, float, np.number)) and math.isfinite(weight)
        if not hasattr(label, "__index__") or not number:
            raise ValueError(
                "`class_weight` must map class numbers to finite weights. "
                f"Received: {label!r}: {weight!r}"
            )
        weights[rounded == int(label)] = weight
    return weights


def check_lengths(parts: Sequence[tuple[str, Sequence[Array | None]]]) -> int:
    """The common number of samples.

    Raises:
        ValueError: If the arrays differ in it; all are listed.
    """
    sizes = {name: [len(a) for a in arrays if a is not None] for name, arrays in parts}
    found = {size for group in sizes.values() for size in group}
    if len(found) != 1:
        listed = ", ".join(
            f"`{name}`: {', '.join(map(str, group))}" for name, group in sizes.items() if group
        )
        raise ValueError(f"All arrays must have the same number of samples. Received {listed}.")
    return found.pop()


def _check_not_empty(array: Array, argument: str) -> None:
    if array.size == 0:
        raise ValueError(f"`{argument}` is empty: its shape is {array.shape}.")


def _check_finite(array: Array, argument: str) -> None:
    if array.dtype.kind == "f":
        finite = np.isfinite(array)
        if not finite.all():
            raise ValueError(f"`{argument}` must be finite. Received: {_first(array, ~finite)}")


def _first(array: Array, mask: Array) -> str:
    """The first element that `mask` marks, and how many there are."""
    index = tuple(int(i) for i in np.argwhere(mask)[0])
    place = index[0] if len(index) == 1 else index
    return f"{array[index]} at {place} ({int(mask.sum())} such values)"
