"""Reductions along axes: sums, means, extremes and the like."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._arguments import explained
from pronghorn._autodiff import operation, rule
from pronghorn.ops._shaping import broadcast_to, moveaxis, reshape


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """`axis` as a tuple of non-negative numbers."""
    if axis is None:
        return tuple(range(rank))
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(int(a) % rank for a in given) if rank else ()


def _axis(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _kept(gradient: Any, x: Any, axis: Any) -> Any:
    """A gradient with the reduced axes put back as axes of length 1."""
    axes = axes_of(axis, x.ndim)
    return reshape(gradient, tuple(1 if i in axes else size for i, size in enumerate(x.shape)))


def _count(x: Any, axis: Any) -> int:
    total = 1
    for i in axes_of(axis, x.ndim):
        total *= x.shape[i]
    return total


@operation()
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum along axes.

    Args:
        x: Of any shape.
        axis: One or several; None is all.
        keepdims: Whether reduced axes stay, with length 1.

    Example:
        >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
        [4.0, 6.0]
    """
    return np.sum(x, axis=_axis(axis), keepdims=keepdims)


@rule(sum)
def _(dy: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return broadcast_to(_kept(dy, x, axis), x.shape)


@operation()
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean along axes.

    Args:
        x: Of any shape.
        axis: One or several; None is all.
        keepdims: Whether reduced axes stay, with length 1.

    Example:
        >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
        [2.0, 3.0]
    """
    return np.mean(x, axis=_axis(axis), keepdims=keepdims)


@rule(mean)
def _(dy: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return broadcast_to(_kept(dy, x, axis) / max_of_one(_count(x, axis)), x.shape)


@operation(name="_scaled_sum")
def scaled_sum(x: Any, factor: float) -> Any:
    """The sum of all elements times a number, computed in float64 and rounded once."""
    return np.asarray(np.sum(x, dtype=np.float64) * factor).astype(x.dtype)


@rule(scaled_sum)
def _(dy: Any, y: Any, x: Any, factor: float) -> Any:
    return broadcast_to(dy * factor, x.shape)


def max_of_one(count: int) -> float:
    """A divisor that is never 0."""
    return float(count or 1)


@operation()
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The product along axes.

    Args:
        x: Of any shape.
        axis: One or several; None is all.
        keepdims: Whether reduced axes stay, with length 1.
        dtype: Of the result; None for that of x.

    Example:
        >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
        [3.0, 8.0]
    """
    return np.prod(x, axis=_axis(axis), keepdims=keepdims, dtype=dtype)


@rule(prod)
def _(dy: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    if not np.any(np.asarray(x) == 0):
        return _kept(dy * y, x, axis) / x
    # With a zero among the factors: for each factor the product of the others.
    from pronghorn.ops._choice import where

    axes = axes_of(axis, x.ndim)
    last = tuple(range(x.ndim - len(axes), x.ndim))
    moved = moveaxis(x, axes, last)
    outer = moved.shape[: x.ndim - len(axes)]
    flat = reshape(moved, (*outer, -1))
    size = flat.shape[-1]
    tiled = broadcast_to(reshape(flat, (*outer, 1, size)), (*outer, size, size))
    others = prod(where(np.eye(size, dtype=bool), np.ones((), x.dtype), tiled), axis=-1)
    back = moveaxis(reshape(others, moved.shape), last, axes)
    return _kept(dy, x, axis) * back


@operation()
def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The largest element along axes; equal ones share the gradient.

    Args:
        x: Of any shape.
        axis: One or several; None is all.
        keepdims: Whether reduced axes stay, with length 1.
        initial: A lower bound of the result; None for none.

    Example:
        >>> max([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
        [3.0, 4.0]
    """
    bound = {} if initial is None else {"initial": initial}
    return np.max(x, axis=_axis(axis), keepdims=keepdims, **bound)


@operation()
def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The smallest element along axes; equal ones share the gradient.

    Args:
        x: Of any shape.
        axis: One or several; None is all.
        keepdims: Whether reduced axes stay, with length 1.
        initial: An upper bound of the result; None for none.

    Example:
        >>> min([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
        [1.0, 2.0]
    """
    bound = {} if initial is None else {"initial": initial}
    return np.min(x, axis=_axis(axis), keepdims=keepdims, **bound)


def _extreme(
    dy: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None
) -> Any:
    from pronghorn.ops._choice import cast, stop_gradient

    mask = cast(x == _kept(y, x, axis), dy.dtype)
    ties = stop_gradient(sum(mask, axis=axis, keepdims=True))
    if axis is None:
        ties = reshape(ties, (1,) * x.ndim)
    return _kept(dy, x, axis) * mask / maximum_of_one(ties)


def maximum_of_one(x: Any) -> Any:
    """x, and 1 where it is 0."""
    from pronghorn.ops._choice import where

    return where(x == 0, np.ones((), x.dtype), x)


rule(max)(_extreme)
rule(min)(_extreme)


@explained
def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The same as `max`.

    Args:
        x: Array or tensor.
        axis: One axis or several; None for all.
        keepdims: Whether the axes stay, with size 1.

    Example:
        >>> float(amax([1.0, 3.0]))
        3.0
    """
    return max(x, axis=axis, keepdims=keepdims)


@explained
def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The same as `min`.

    Args:
        x: Array or tensor.
        axis: One axis or several; None for all.
        keepdims: Whether the axes stay, with size 1.

    Example:
        >>> float(amin([1.0, 3.0]))
        1.0
    """
    return min(x, axis=axis, keepdims=keepdims)


@explained
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean square deviation from the mean along axes.

    Args:
        x: Array or tensor.
        axis: One axis or several; None for all.
        keepdims: Whether the axes stay, with size 1.

    Example:
        >>> float(var([1.0, 3.0]))
        1.0
    """
    from pronghorn.ops._choice import tensor_like

    x = tensor_like(x)
    deviation = x - mean(x, axis=axis, keepdims=True)
    return mean(deviation * deviation, axis=axis, keepdims=keepdims)


@explained
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The square root of `var`.

    Args:
        x: Array or tensor.
        axis: One axis or several; None for all.
        keepdims: Whether the axes stay, with size 1.

    Example:
        >>> float(std([1.0, 3.0]))
        1.0
    """
    from pronghorn.ops._elementwise import sqrt

    return sqrt(var(x, axis=axis, keepdims=keepdims))


@explained
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element less the smallest, along axes.

    Args:
        x: Array or tensor.
        axis: One axis or several; None for all.
        keepdims: Whether the axes stay, with size 1.

    Example:
        >>> float(ptp([1.0, 3.0]))
        2.0
    """
    return max(x, axis=axis, keepdims=keepdims) - min(x, axis=axis, keepdims=keepdims)


@explained
def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """The weighted mean along axes.

    Args:
        x: Of any shape.
        axis: One or several; None is all.
        weights: Of the shape of x or, for one axis, a vector; None for equal ones.

    Example:
        >>> float(average([1.0, 3.0], weights=[3.0, 1.0]))
        1.5
    """
    from pronghorn.ops._choice import tensor_like

    if weights is None:
        return mean(x, axis=axis)
    x, weights = tensor_like(x), tensor_like(weights)
    if weights.ndim == 1 and x.ndim > 1:
        if not isinstance(axis, int):
            raise ValueError("ops.average needs one `axis` for a vector of `weights`.")
        sizes = [1] * x.ndim
        sizes[axis] = weights.shape[0]
        weights = reshape(weights, tuple(sizes))
    total = sum(broadcast_to(weights, x.shape), axis=axis)
    return sum(x * weights, axis=axis) / total


@operation()
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) along axes, without overflow.

    Args:
        x: Array or tensor.
        axis: One axis or several; None for all.
        keepdims: Whether the axes stay, with size 1.

    Example:
        >>> round(float(logsumexp([0.0, 0.0])), 6)
        0.693147
    """
    top = np.max(x, axis=_axis(axis), keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    total = np.log(np.sum(np.exp(x - top), axis=_axis(axis), keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axes_of(axis, np.ndim(x)))


@rule(logsumexp)
def _(dy: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    from pronghorn.ops._elementwise import exp

    return _kept(dy, x, axis) * exp(x - _kept(y, x, axis))


@operation(differentiable=False)
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether an element along axes is true.

    Args:
        x: Array or tensor.
        axis: One axis or several; None for all.
        keepdims: Whether the axes stay, with size 1.

    Example:
        >>> bool(any([False, True]))
        True
    """
    return np.any(x, axis=_axis(axis), keepdims=keepdims)


@operation(differentiable=False)
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether all elements along axes are true.

    Args:
        x: Array or tensor.
        axis: One axis or several; None for all.
        keepdims: Whether the axes stay, with size 1.

    Example:
        >>> bool(all([False, True]))
        False
    """
    return np.all(x, axis=_axis(axis), keepdims=keepdims)


@operation(differentiable=False)
def count_nonzero(x: Any, axis: Any = None) -> Any:
    """How many elements along axes are not 0.

    Example:
        >>> int(count_nonzero([0, 2, 3]))
        2
    """
    return np.asarray(np.count_nonzero(x, axis=_axis(axis)), np.int32)[()]
