"""Which element is the largest, and what follows from the order of elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._arguments import explained
from pronghorn._autodiff import operation, rule
from pronghorn.ops._reduction import axes_of
from pronghorn.ops._shaping import get_item, moveaxis, reshape


@operation(differentiable=False)
def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The place of the largest element along an axis (None: in the flat tensor).

    Args:
        x: Array or tensor.
        axis: The axis; None for the flat tensor.
        keepdims: Whether the axes stay, with size 1.

    Example:
        >>> int(argmax([1.0, 5.0, 3.0]))
        1
    """
    return np.argmax(x, axis=axis, keepdims=keepdims)


@operation(differentiable=False)
def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The place of the smallest element along an axis (None: in the flat tensor).

    Args:
        x: Array or tensor.
        axis: The axis; None for the flat tensor.
        keepdims: Whether the axes stay, with size 1.

    Example:
        >>> int(argmin([1.0, 5.0, 3.0]))
        0
    """
    return np.argmin(x, axis=axis, keepdims=keepdims)


@operation()
def sort(x: Any, axis: int = -1) -> Any:
    """X in ascending order along an axis.

    Example:
        >>> sort([3.0, 1.0, 2.0]).tolist()
        [1.0, 2.0, 3.0]
    """
    return np.sort(x, axis=axis)


@rule(sort)
def _(dy: Any, y: Any, x: Any, axis: int = -1) -> Any:
    from pronghorn.ops._indexing import take_along_axis

    return take_along_axis(dy, argsort(argsort(x, axis), axis), axis)


@operation(differentiable=False)
def argsort(x: Any, axis: int = -1) -> Any:
    """The order in which the elements along an axis ascend; equal ones keep their order.

    Example:
        >>> argsort([3.0, 1.0, 2.0]).tolist()
        [1, 2, 0]
    """
    return np.argsort(x, axis=axis, kind="stable")


@explained
def quantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """The values below which the fractions q of the elements lie.

    Args:
        x: Of any shape.
        q: A fraction from 0 to 1, or several of them.
        axis: One axis; None is all.
        method: "linear", "lower", "higher", "midpoint" or "nearest": between two elements.
        keepdims: Whether reduced axes stay, with length 1.

    Example:
        >>> float(quantile([1.0, 2.0, 3.0], 0.25))
        1.5
    """
    from pronghorn.ops._choice import cast, tensor_like

    methods = ("linear", "lower", "higher", "midpoint", "nearest")
    if method not in methods:
        raise ValueError(f"`method` must be one of {methods}. Received: method={method!r}")
    x = tensor_like(x)
    if x.dtype.kind != "f":
        x = cast(x, "float32")
    fractions = np.asarray(q, np.float64)
    axes = axes_of(axis, x.ndim)
    moved = moveaxis(x, axes, tuple(range(len(axes))))
    rest = moved.shape[len(axes) :]
    ordered = sort(reshape(moved, (-1, *rest)), axis=0)
    place = fractions.reshape(-1) * (ordered.shape[0] - 1)
    low, high = np.floor(place).astype(int), np.ceil(place).astype(int)
    share = place - low
    if method == "nearest":
        low = high = np.round(place).astype(int)
    elif method in ("lower", "higher"):
        low = high = low if method == "lower" else high
    elif method == "midpoint":
        share = np.where(low == high, 0.0, 0.5)
    weight = share.astype(x.dtype).reshape(-1, *(1,) * len(rest))
    result = get_item(ordered, low) * (1 - weight) + get_item(ordered, high) * weight
    if keepdims:
        rest = tuple(1 if i in axes else size for i, size in enumerate(x.shape))
    return reshape(result, (*fractions.shape, *rest))


@explained
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle value along an axis (None: of all elements).

    Args:
        x: Array or tensor.
        axis: One axis or several; None for all.
        keepdims: Whether the axes stay, with size 1.

    Example:
        >>> float(median([1.0, 5.0, 3.0]))
        3.0
    """
    return quantile(x, 0.5, axis=axis, keepdims=keepdims)
