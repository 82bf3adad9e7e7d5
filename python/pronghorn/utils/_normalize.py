"""Vectors scaled to length one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn._arguments import checked


@checked
def normalize(x: ArrayLike, axis: int = -1, order: float = 2) -> NDArray[Any]:
    """`x` divided by its norm along an axis; vectors of norm zero stay as they are.

    Args:
        x: Array of numbers.
        axis: Along which the norm is taken.
        order: Of the norm: 2 is Euclidean, 1 the sum of absolute values.

    Returns:
        Array of the shape of `x`.

    Example:
        >>> normalize([[3.0, 4.0], [0.0, 0.0]]).tolist()
        [[0.6, 0.8], [0.0, 0.0]]
    """
    values = np.asarray(x)
    norm = np.linalg.norm(values, order, axis, keepdims=True)
    return np.asarray(values / np.where(norm == 0, 1, norm))
