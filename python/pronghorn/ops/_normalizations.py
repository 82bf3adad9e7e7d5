"""Moments, and what is divided by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._arguments import explained
from pronghorn.config import epsilon as fuzz
from pronghorn.ops._arithmetic import maximum
from pronghorn.ops._choice import cast, tensor_like
from pronghorn.ops._elementwise import absolute, rsqrt
from pronghorn.ops._reduction import mean as average_of
from pronghorn.ops._reduction import sum as add_up
from pronghorn.ops._reduction import var
from pronghorn.ops._shaping import reshape


@explained
def moments(
    x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False
) -> tuple[Any, Any]:
    """Mean and variance along axes.

    Args:
        x: Array or tensor.
        axes: The axes.
        keepdims: Whether the axes stay, with size 1.
        synchronized: Must be false.

    Example:
        >>> [float(value) for value in moments([1.0, 3.0], axes=0)]
        [2.0, 1.0]
    """
    if synchronized:
        raise ValueError("ops.moments does not support `synchronized`.")
    x = tensor_like(x)
    axes = tuple(axes) if isinstance(axes, list) else axes
    return average_of(x, axis=axes, keepdims=keepdims), var(x, axis=axes, keepdims=keepdims)


@explained
def normalize(x: Any, axis: Any = -1, order: Any = 2, epsilon: float | None = None) -> Any:
    """X divided by its norm along an axis.

    Args:
        x: Of any shape.
        axis: Along which.
        order: Of the norm: (sum |x|^order)^(1/order).
        epsilon: The least norm to divide by; None for ``config.epsilon()``.

    Example:
        >>> normalize([3.0, 4.0]).round(6).tolist()
        [0.6, 0.8]
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"`order` must be a positive integer. Received: order={order!r}")
    x = tensor_like(x)
    x = x if np.dtype(x.dtype).kind == "f" else cast(x, None)
    least = fuzz() if epsilon is None else epsilon
    if order == 2:
        total = add_up(x * x, axis=axis, keepdims=True)
        return x * rsqrt(maximum(total, least * least))
    norm = add_up(absolute(x) ** order, axis=axis, keepdims=True) ** (1.0 / order)
    return x / maximum(norm, least)


@explained
def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None,
    epsilon: float = 1e-3,
) -> Any:  # fmt: skip
    """(x - mean) / sqrt(variance + epsilon) * scale + offset, with vectors along one axis.

    Args:
        x: Array or tensor.
        mean: A vector.
        variance: A vector.
        axis: Which the vectors lie along.
        offset: A vector; None for 0.
        scale: A vector; None for 1.
        epsilon: Added to the variance.

    Example:
        >>> batch_normalization([[3.0]], [1.0], [4.0], -1, epsilon=0.0).tolist()
        [[1.0]]
    """
    x = tensor_like(x)
    sizes = [1] * len(x.shape)
    sizes[axis] = -1

    def along(vector: Any) -> Any:
        return reshape(vector, tuple(sizes))

    factor = rsqrt(along(variance) + epsilon)
    if scale is not None:
        factor = factor * along(scale)
    result = (x - along(mean)) * factor
    return result if offset is None else result + along(offset)


@explained
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Any:
    """X with mean 0 and variance 1 along axes, times gamma plus beta.

    Args:
        x: Array or tensor.
        gamma: Factors; None for 1.
        beta: Summands; None for 0.
        axis: One axis or several.
        epsilon: Added to the variance; None for ``config.epsilon()``.

    Example:
        >>> layer_normalization([[1.0, 3.0]], epsilon=0.0).tolist()
        [[-1.0, 1.0]]
    """
    x = tensor_like(x)
    least = fuzz() if epsilon is None else epsilon
    centred = x - average_of(x, axis=axis, keepdims=True)
    result = centred * rsqrt(var(x, axis=axis, keepdims=True) + least)
    result = result if gamma is None else result * gamma
    return result if beta is None else result + beta


@explained
def rms_normalization(
    x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Any:
    """X divided by its root mean square along axes, times scale.

    Args:
        x: Array or tensor.
        scale: Factors; None for 1.
        axis: One axis or several.
        epsilon: Added to the mean square; None for ``config.epsilon()``.

    Example:
        >>> rms_normalization([[3.0, 4.0]], epsilon=0.0).round(4).tolist()
        [[0.8485, 1.1314]]
    """
    x = tensor_like(x)
    least = fuzz() if epsilon is None else epsilon
    result = x * rsqrt(average_of(x * x, axis=axis, keepdims=True) + least)
    return result if scale is None else result * scale
