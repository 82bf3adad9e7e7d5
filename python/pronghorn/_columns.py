"""Columns of a table as arrays: text, whole numbers, other numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn import _data
from pronghorn._autodiff import Tensor
from pronghorn._engine import Array, Shape
from pronghorn._graph import KerasTensor


def is_text(value: Any) -> bool:
    """Whether a column holds text: by its type, or by the first of its values.

    Example:
        >>> is_text(["a", "b"]), is_text(np.ones(2))
        (True, False)
    """
    if isinstance(value, (str, bytes)):
        return True
    value = value._value if isinstance(value, Tensor) else value
    kind = getattr(getattr(value, "dtype", None), "kind", "O")
    if kind != "O":
        return bool(kind in "US")
    if isinstance(value, (list, tuple)):
        return bool(value) and is_text(value[0])
    if isinstance(value, np.ndarray):
        return value.size > 0 and isinstance(value.flat[0], (str, bytes))
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return False
    return array.dtype.kind in "US" or (array.dtype.kind == "O" and is_text(array))


def column(value: Any, shape: Shape | None, dtype: str | None, argument: str, what: str) -> Array:
    """A column for an input of a table.

    Args:
        value: Array, list or pandas column; text as str, bytes or arrays of them.
        shape: Of the input, batch first; None takes any.
        dtype: Of the input; None takes text and numbers as they are.
        argument: Name of the value in messages.
        what: What it is for, in messages.

    Raises:
        ValueError: If it is not of that kind or shape, or empty.
    """
    value = value._value if isinstance(value, Tensor) else value
    if dtype == "string" or (dtype is None and is_text(value)):
        array = texts(value, argument, what)
    else:
        array = numbers(value, dtype, argument, what)
    if shape is not None:
        array = _data.fit_shape(array, shape, argument, what)
    if array.size == 0:
        raise ValueError(f"`{argument}` is empty: its shape is {array.shape}.")
    return array


def numbers(value: Any, dtype: str | None, argument: str, what: str) -> Array:
    """A column of numbers; fractions are cut off where the input is of whole numbers.

    Raises:
        ValueError: If it holds something else, or what no whole number can stand for.
    """
    if is_text(value):
        raise ValueError(
            f"`{argument}` must hold numbers, as {what} has dtype '{dtype}'. Received: text; an "
            "Input with dtype='string' takes it."
        )
    array = _data.numeric(value, argument)
    if dtype is None:
        return array
    if array.dtype.kind == "f" and not dtype.startswith("float"):
        wrong = ~np.isfinite(array)
        if wrong.any():
            raise ValueError(
                f"`{argument}` must be finite, as {what} has dtype '{dtype}'. Received: "
                f"{_data._first(array, wrong)}"
            )
    return array.astype(dtype, copy=False)


def texts(value: Any, argument: str, what: str) -> Array:
    """A column of text as an array of kind U, S or O.

    Raises:
        ValueError: If something else is in it, such as a missing value.
    """
    value = value._value if isinstance(value, Tensor) else value
    if value is None or isinstance(value, (str, bytes, dict, KerasTensor)):
        raise ValueError(
            f"`{argument}` must be an array or list of text, for {what}. Received: {value!r}"
        )
    if hasattr(value, "to_numpy"):  # a column of a data frame
        array = np.asarray(value.to_numpy(dtype=object))
    elif isinstance(value, (list, tuple)):
        array = _from_list(value)
    else:
        array = np.asarray(value)
    if array.dtype.kind not in "OUS":
        raise ValueError(
            f"`{argument}` must hold text, for {what} of dtype 'string'. Received: dtype "
            f"{array.dtype}; convert it with `.astype(str)`, or make the Input of numbers."
        )
    if array.ndim == 0:
        raise ValueError(
            f"`{argument}` must be an array with the samples along its first axis, for {what}. "
            f"Received: {value!r}"
        )
    if array.dtype.kind == "O":
        for place, item in enumerate(array.reshape(-1).tolist()):
            if not isinstance(item, (str, bytes)):
                row = place // max(1, array.size // len(array))
                nested = isinstance(item, (list, tuple, np.ndarray))
                hint = "rows must be of one length" if nested else "fill missing values first"
                raise ValueError(
                    f"`{argument}` must hold text alone, for {what}. Received: {item!r} (of type "
                    f"{type(item).__name__}) in row {row}; {hint}."
                )
    return array


def _from_list(value: Any) -> Array:
    """A nested list as an array of objects: arrays of text lose zeros at the end."""
    try:
        return np.asarray(value, object)
    except ValueError:  # parts of different lengths, with arrays among them
        found = np.empty(len(value), object)
        found[:] = list(value)
        return found
