"""Sums and products of the first elements along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._autodiff import by_composition, operation, rule
from pronghorn.ops._reduction import prod
from pronghorn.ops._shaping import broadcast_to, flip, moveaxis, reshape


@operation()
def cumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Sums of the first 1, 2, 3, ... elements along an axis (None: of the flat tensor).

    Args:
        x: Array or tensor.
        axis: The axis; None for the flat tensor.
        dtype: Of the result; None follows from x.

    Example:
        >>> cumsum([1.0, 2.0, 3.0]).tolist()
        [1.0, 3.0, 6.0]
    """
    return np.cumsum(x, axis=axis, dtype=dtype)


@rule(cumsum)
def _(dy: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None) -> Any:
    along = 0 if axis is None else axis
    return reshape(flip(cumsum(flip(dy, along), along), along), x.shape)


@operation()
def cumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Products of the first 1, 2, 3, ... elements along an axis (None: of the flat tensor).

    Args:
        x: Array or tensor.
        axis: The axis; None for the flat tensor.
        dtype: Of the result; None follows from x.

    Example:
        >>> cumprod([1.0, 2.0, 3.0]).tolist()
        [1.0, 2.0, 6.0]
    """
    return np.cumprod(x, axis=axis, dtype=dtype)


def _cumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    from pronghorn.ops._choice import where

    x, along = (reshape(x, (-1,)), 0) if axis is None else (x, axis)
    moved = moveaxis(x, along, -1)
    size = moved.shape[-1]
    table = broadcast_to(
        reshape(moved, (*moved.shape[:-1], 1, size)), (*moved.shape[:-1], size, size)
    )
    kept = where(np.tri(size, dtype=bool), table, np.ones((), x.dtype))
    return moveaxis(prod(kept, axis=-1), -1, along)


by_composition(cumprod, _cumprod)
