"""New tensors: constants, ranges and grids. They are plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._arguments import explained
from pronghorn._autodiff import operation, value_of
from pronghorn.ops._choice import convert_to_tensor, standard_dtype


@explained
def zeros(shape: Any, dtype: Any = None) -> Any:
    """An array of zeros; None for the dtype is ``config.floatx()``.

    Example:
        >>> zeros((2,)).tolist()
        [0.0, 0.0]
    """
    return np.zeros(shape, standard_dtype(dtype))


@explained
def ones(shape: Any, dtype: Any = None) -> Any:
    """An array of ones; None for the dtype is ``config.floatx()``.

    Example:
        >>> ones((2,)).tolist()
        [1.0, 1.0]
    """
    return np.ones(shape, standard_dtype(dtype))


@explained
def empty(shape: Any, dtype: Any = None) -> Any:
    """An array of zeros, as Keras gives it on JAX.

    Example:
        >>> empty((2,)).shape
        (2,)
    """
    return np.zeros(shape, standard_dtype(dtype))


@explained
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array of one value; None for the dtype is ``config.floatx()``.

    Args:
        shape: Of the result.
        fill_value: The value.
        dtype: Of the result; None is ``config.floatx()``.

    Example:
        >>> full((2,), 7.0).tolist()
        [7.0, 7.0]
    """
    return np.full(shape, value_of(fill_value), standard_dtype(dtype))


@operation(differentiable=False, settled=False)
def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros of the shape of x, and its dtype if None is given.

    Example:
        >>> zeros_like([1.0, 2.0]).tolist()
        [0.0, 0.0]
    """
    return np.zeros_like(x, dtype=None if dtype is None else standard_dtype(dtype))


@operation(differentiable=False, settled=False)
def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones of the shape of x, and its dtype if None is given.

    Example:
        >>> ones_like([1.0, 2.0]).tolist()
        [1.0, 1.0]
    """
    return np.ones_like(x, dtype=None if dtype is None else standard_dtype(dtype))


@operation(differentiable=False, settled=False)
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value in the shape of x, and its dtype if None is given.

    Args:
        x: Whose shape is taken.
        fill_value: The value.
        dtype: Of the result; None is that of x.

    Example:
        >>> full_like([1.0, 2.0], 7).tolist()
        [7.0, 7.0]
    """
    found = None if dtype is None else standard_dtype(dtype)
    return np.full_like(x, value_of(fill_value), dtype=found)


@explained
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Numbers from `start` (0 if there is no `stop`) up to, but without, `stop`.

    Args:
        start: First number, or `stop` if that is None.
        stop: Where to end, not included.
        step: Distance of neighbours; None is 1.
        dtype: Of the result; None follows from the numbers.

    Example:
        >>> arange(3).tolist()
        [0, 1, 2]
    """
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if dtype is None:
        whole = all(isinstance(each, (int, np.integer)) for each in (start, stop, step))
        dtype = "int32" if whole else None
    return np.arange(start, stop, step, dtype=standard_dtype(dtype))


@explained
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """`num` numbers at equal distances from `start` to `stop`.

    Args:
        start: First number.
        stop: Last number.
        num: How many.
        endpoint: Whether `stop` is among them.
        retstep: Whether the distance of neighbours is returned, too.
        dtype: Of the result; None is ``config.floatx()``.
        axis: Where their axis goes, if `start` is an array.

    Example:
        >>> linspace(0, 1, 3).tolist()
        [0.0, 0.5, 1.0]
    """
    found = standard_dtype(dtype)
    return np.linspace(start, stop, num, endpoint, retstep, found, axis)  # type: ignore[call-overload]


@explained
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: float = 10,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """`num` numbers at equal ratios from base**start to base**stop.

    Args:
        start: First exponent.
        stop: Last exponent.
        num: How many.
        endpoint: Whether `stop` is among them.
        base: What the exponents are of.
        dtype: Of the result; None is ``config.floatx()``.
        axis: Where their axis goes, if `start` is an array.

    Example:
        >>> logspace(0, 2, 3).tolist()
        [1.0, 10.0, 100.0]
    """
    return np.logspace(start, stop, num, endpoint, base, axis=axis).astype(standard_dtype(dtype))


@explained
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on the k-th diagonal of an N by M matrix.

    Args:
        N: Rows.
        M: Columns; None for N.
        k: 0 is the main diagonal, above it is positive.
        dtype: Of the result; None is ``config.floatx()``.

    Example:
        >>> eye(2).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    return np.eye(N, M, k, standard_dtype(dtype))


@explained
def identity(n: int, dtype: Any = None) -> Any:
    """The same as `eye`.

    Example:
        >>> identity(2).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    return eye(n, dtype=dtype)


@explained
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on and below the k-th diagonal of an N by M matrix.

    Args:
        N: Rows.
        M: Columns; None for N.
        k: 0 is the main diagonal, above it is positive.
        dtype: Of the result; None is ``config.floatx()``.

    Example:
        >>> tri(2).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    return np.tri(N, M, k, standard_dtype(dtype))


@explained
def array(x: Any, dtype: Any = None) -> Any:
    """The same as `convert_to_tensor`.

    Example:
        >>> array([1.0]).numpy().tolist()
        [1.0]
    """
    return convert_to_tensor(x, dtype)
