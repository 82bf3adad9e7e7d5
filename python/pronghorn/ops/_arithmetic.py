"""Arithmetic of two tensors, with broadcasting, and what it needs."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._arguments import explained
from pronghorn._autodiff import operation, rule
from pronghorn.ops._reduction import sum as _sum
from pronghorn.ops._shaping import broadcast_to, reshape


def fit(gradient: Any, x: Any) -> Any:
    """`gradient` summed over the axes along which `x` was broadcast."""
    shape = np.shape(x) if not hasattr(x, "shape") else x.shape
    if gradient.shape == shape:
        return gradient
    extra = gradient.ndim - len(shape)
    if extra < 0 or any(
        size != 1 and size != given
        for size, given in zip(shape, gradient.shape[extra:], strict=True)
    ):
        return broadcast_to(gradient, shape)
    axes = tuple(range(extra)) + tuple(
        i + extra for i, size in enumerate(shape) if size == 1 and gradient.shape[i + extra] != 1
    )
    if type(gradient) is np.ndarray:  # nothing to record
        return np.add.reduce(gradient, axis=axes).reshape(shape)
    return reshape(_sum(gradient, axis=axes), shape)


def _wide(*values: Any) -> list[Any]:
    """The values in 32 bits at least: with integers of 8 bits NumPy computes in float16."""
    return [
        value.astype(np.float32) if getattr(value, "itemsize", 4) == 1 else value
        for value in values
    ]


@operation(2)
def add(x1: Any, x2: Any) -> Any:
    """x1 + x2.

    Example:
        >>> add([1.0, 2.0], 3).tolist()
        [4.0, 5.0]
    """
    return np.add(x1, x2)


@rule(add)
def _(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    return lambda: fit(dy, x1), lambda: fit(dy, x2)


@operation(2)
def subtract(x1: Any, x2: Any) -> Any:
    """x1 - x2.

    Example:
        >>> subtract([1.0, 2.0], 3).tolist()
        [-2.0, -1.0]
    """
    return np.subtract(x1, x2)


@rule(subtract)
def _(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    return lambda: fit(dy, x1), lambda: fit(-dy, x2)


@operation(2)
def multiply(x1: Any, x2: Any) -> Any:
    """x1 * x2, element by element.

    Example:
        >>> multiply([1.0, 2.0], 3).tolist()
        [3.0, 6.0]
    """
    return np.multiply(x1, x2)


@rule(multiply)
def _(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    return lambda: fit(dy * x2, x1), lambda: fit(dy * x1, x2)


@operation(2)
def divide(x1: Any, x2: Any) -> Any:
    """x1 / x2, element by element; floating point even for integers.

    Example:
        >>> divide([1.0, 2.0], 4).tolist()
        [0.25, 0.5]
    """
    return np.true_divide(x1, x2)


@rule(divide)
def _(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    return lambda: fit(dy / x2, x1), lambda: fit(-dy * y / x2, x2)


@operation(2)
def true_divide(x1: Any, x2: Any) -> Any:
    """The same as `divide`.

    Example:
        >>> true_divide([1.0], 4).tolist()
        [0.25]
    """
    return np.true_divide(x1, x2)


rule(true_divide)(getattr(divide, "_operation").rule)  # noqa: B009


@operation(2)
def divide_no_nan(x1: Any, x2: Any) -> Any:
    """x1 / x2, and 0 where x2 is 0.

    Example:
        >>> divide_no_nan([1.0, 2.0], [0.0, 4.0]).tolist()
        [0.0, 0.5]
    """
    zero = np.equal(x2, 0)
    return np.where(zero, np.zeros((), np.result_type(x1, x2)), np.true_divide(x1, x2 + zero))


@rule(divide_no_nan)
def _(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    return (
        lambda: fit(divide_no_nan(dy, x2), x1),
        lambda: fit(-divide_no_nan(dy * y, x2), x2),
    )


@operation(2, differentiable=False)
def floor_divide(x1: Any, x2: Any) -> Any:
    """The largest whole number not above x1 / x2.

    Example:
        >>> floor_divide([7, -7], 2).tolist()
        [3, -4]
    """
    return np.floor_divide(x1, x2)


@operation(2)
def mod(x1: Any, x2: Any) -> Any:
    """The remainder of x1 / x2, with the sign of x2.

    Example:
        >>> mod([7, -7], 3).tolist()
        [1, 2]
    """
    return np.mod(x1, x2)


@rule(mod)
def _(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    return lambda: fit(dy, x1), lambda: fit(-dy * floor_divide(x1, x2), x2)


@operation(2)
def power(x1: Any, x2: Any) -> Any:
    """x1 to the power of x2.

    Example:
        >>> power([2.0, 3.0], 2).tolist()
        [4.0, 9.0]
    """
    return np.power(x1, x2)


@rule(power)
def _(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    from pronghorn.ops._choice import where
    from pronghorn.ops._elementwise import log

    def base() -> Any:
        if isinstance(x2, (int, float)):
            return fit(dy * (x2 * x1 ** (x2 - 1)) if x2 else dy * 0, x1)
        # 0 * 0**-1 is 0 here: a constant has no slope.
        return fit(dy * where(x2 == 0, 0.0, x2 * power(x1, where(x2 == 0, 1.0, x2 - 1))), x1)

    def exponent() -> Any:
        return fit(dy * y * where(x1 > 0, log(where(x1 > 0, x1, 1.0)), 0.0), x2)

    return base, exponent


@operation(2)
def maximum(x1: Any, x2: Any) -> Any:
    """The larger of x1 and x2; where they are equal, each gets half of the gradient.

    Example:
        >>> maximum([1.0, 5.0], 3).tolist()
        [3.0, 5.0]
    """
    return np.maximum(x1, x2)


@operation(2)
def minimum(x1: Any, x2: Any) -> Any:
    """The smaller of x1 and x2; where they are equal, each gets half of the gradient.

    Example:
        >>> minimum([1.0, 5.0], 3).tolist()
        [1.0, 3.0]
    """
    return np.minimum(x1, x2)


def _chosen(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    from pronghorn.ops._choice import cast

    share = cast(x1 == x2, dy.dtype) * 0.5
    return (
        lambda: fit(dy * (cast(x1 == y, dy.dtype) - share), x1),
        lambda: fit(dy * (cast(x2 == y, dy.dtype) - share), x2),
    )


rule(maximum)(_chosen)
rule(minimum)(_chosen)


@operation(2)
def arctan2(x1: Any, x2: Any) -> Any:
    """The angle of the point (x2, x1), from -pi to pi.

    Example:
        >>> arctan2([0.0], [1.0]).tolist()
        [0.0]
    """
    return np.arctan2(*_wide(x1, x2))


@rule(arctan2)
def _(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    return (
        lambda: fit(dy * x2 / (x1 * x1 + x2 * x2), x1),
        lambda: fit(-dy * x1 / (x1 * x1 + x2 * x2), x2),
    )


@operation(2)
def hypot(x1: Any, x2: Any) -> Any:
    """The square root of x1² + x2².

    Example:
        >>> hypot([3.0], [4.0]).tolist()
        [5.0]
    """
    return np.hypot(*_wide(x1, x2))


@rule(hypot)
def _(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    return lambda: fit(dy * x1 / y, x1), lambda: fit(dy * x2 / y, x2)


@operation(2)
def logaddexp(x1: Any, x2: Any) -> Any:
    """log(exp(x1) + exp(x2)), without overflow.

    Example:
        >>> round(float(logaddexp(0.0, 0.0)), 6)
        0.693147
    """
    return np.logaddexp(*_wide(x1, x2))


@rule(logaddexp)
def _(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    from pronghorn.ops._elementwise import exp

    return lambda: fit(dy * exp(x1 - y), x1), lambda: fit(dy * exp(x2 - y), x2)


@explained
def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """X between x_min and x_max.

    Args:
        x: Array or tensor.
        x_min: Lower bound.
        x_max: Upper bound.

    Example:
        >>> clip([-1.0, 0.5, 2.0], 0, 1).tolist()
        [0.0, 0.5, 1.0]
    """
    return _clip(x, x_min, x_max)


@operation(3, name="clip")
def _clip(x: Any, x_min: Any, x_max: Any) -> Any:
    return np.clip(x, x_min, x_max)


@rule(_clip)
def _(dy: Any, y: Any, x: Any, x_min: Any, x_max: Any) -> Any:
    from pronghorn.ops._choice import where

    inside = (x >= x_min) & (x <= x_max)
    return (
        lambda: fit(where(inside, dy, 0.0), x),
        lambda: fit(where(x < x_min, dy, 0.0), x_min),
        lambda: fit(where(x > x_max, dy, 0.0), x_max),
    )
