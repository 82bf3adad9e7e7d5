"""Functions of one number, applied to each element."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pronghorn._arguments import explained
from pronghorn._autodiff import OPERATIONS, operation, rule


@operation()
def negative(x: Any) -> Any:
    """-x.

    Example:
        >>> negative([1.0]).tolist()
        [-1.0]
    """
    return np.negative(x)


@operation()
def absolute(x: Any) -> Any:
    """|x|; the derivative at 0 is 0.

    Example:
        >>> absolute([-1.0]).tolist()
        [1.0]
    """
    return np.absolute(x)


@operation()
def square(x: Any) -> Any:
    """x².

    Example:
        >>> square([3.0]).tolist()
        [9.0]
    """
    return np.square(x)


@operation()
def sqrt(x: Any) -> Any:
    """The square root of x.

    Example:
        >>> sqrt([9.0]).tolist()
        [3.0]
    """
    return np.sqrt(x)


@operation()
def rsqrt(x: Any) -> Any:
    """1 / sqrt(x).

    Example:
        >>> rsqrt([4.0]).tolist()
        [0.5]
    """
    return 1.0 / np.sqrt(x)


@operation()
def cbrt(x: Any) -> Any:
    """The cube root of x.

    Example:
        >>> cbrt([8.0]).round(6).tolist()
        [2.0]
    """
    return np.cbrt(x)


@operation()
def reciprocal(x: Any) -> Any:
    """1 / x.

    Example:
        >>> reciprocal([4.0]).tolist()
        [0.25]
    """
    return np.true_divide(1.0, x)


@operation()
def exp(x: Any) -> Any:
    """E to the power of x.

    Example:
        >>> exp([0.0]).tolist()
        [1.0]
    """
    return np.exp(x)


@operation()
def exp2(x: Any) -> Any:
    """2 to the power of x.

    Example:
        >>> exp2([3.0]).tolist()
        [8.0]
    """
    return np.exp2(x)


@operation()
def expm1(x: Any) -> Any:
    """exp(x) - 1, exact near 0.

    Example:
        >>> expm1([0.0]).tolist()
        [0.0]
    """
    return np.expm1(x)


@operation()
def log(x: Any) -> Any:
    """The natural logarithm of x.

    Example:
        >>> log([1.0]).tolist()
        [0.0]
    """
    return np.log(x)


@operation()
def log1p(x: Any) -> Any:
    """log(1 + x), exact near 0.

    Example:
        >>> log1p([0.0]).tolist()
        [0.0]
    """
    return np.log1p(x)


@operation()
def log2(x: Any) -> Any:
    """The logarithm of x to the base 2.

    Example:
        >>> log2([8.0]).tolist()
        [3.0]
    """
    return np.log2(x)


@operation()
def log10(x: Any) -> Any:
    """The logarithm of x to the base 10.

    Example:
        >>> log10([100.0]).tolist()
        [2.0]
    """
    return np.log10(x)


@operation()
def sin(x: Any) -> Any:
    """The sine of x.

    Example:
        >>> sin([0.0]).tolist()
        [0.0]
    """
    return np.sin(x)


@operation()
def cos(x: Any) -> Any:
    """The cosine of x.

    Example:
        >>> cos([0.0]).tolist()
        [1.0]
    """
    return np.cos(x)


@operation()
def tan(x: Any) -> Any:
    """The tangent of x.

    Example:
        >>> tan([0.0]).tolist()
        [0.0]
    """
    return np.tan(x)


@operation()
def arcsin(x: Any) -> Any:
    """The angle whose sine is x.

    Example:
        >>> arcsin([0.0]).tolist()
        [0.0]
    """
    return np.arcsin(x)


@operation()
def arccos(x: Any) -> Any:
    """The angle whose cosine is x.

    Example:
        >>> arccos([1.0]).tolist()
        [0.0]
    """
    return np.arccos(x)


@operation()
def arctan(x: Any) -> Any:
    """The angle whose tangent is x.

    Example:
        >>> arctan([0.0]).tolist()
        [0.0]
    """
    return np.arctan(x)


@operation()
def sinh(x: Any) -> Any:
    """The hyperbolic sine of x.

    Example:
        >>> sinh([0.0]).tolist()
        [0.0]
    """
    return np.sinh(x)


@operation()
def cosh(x: Any) -> Any:
    """The hyperbolic cosine of x.

    Example:
        >>> cosh([0.0]).tolist()
        [1.0]
    """
    return np.cosh(x)


@operation()
def arcsinh(x: Any) -> Any:
    """The inverse of `sinh`.

    Example:
        >>> arcsinh([0.0]).tolist()
        [0.0]
    """
    return np.arcsinh(x)


@operation()
def arccosh(x: Any) -> Any:
    """The inverse of `cosh`.

    Example:
        >>> arccosh([1.0]).tolist()
        [0.0]
    """
    return np.arccosh(x)


@operation()
def arctanh(x: Any) -> Any:
    """The inverse of `tanh`.

    Example:
        >>> arctanh([0.0]).tolist()
        [0.0]
    """
    return np.arctanh(x)


# W. J. Cody, Math. Comp. 23 (1969), is behind the C library's erf, which Python's math calls.
_erf = np.frompyfunc(math.erf, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def _by_element(function: Callable[..., Any], x: Any) -> Any:
    array = np.asarray(x)
    dtype = array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
    return np.asarray(function(array), dtype)


@operation()
def erf(x: Any) -> Any:
    """The error function.

    Example:
        >>> erf([0.0]).tolist()
        [0.0]
    """
    return _by_element(_erf, x)


@operation()
def erfc(x: Any) -> Any:
    """1 - erf(x), exact for large x.

    Example:
        >>> erfc([0.0]).tolist()
        [1.0]
    """
    return _by_element(_erfc, x)


@operation()
def sign(x: Any) -> Any:
    """-1, 0 or 1 as x is negative, zero or positive.

    Example:
        >>> sign([-2.0, 0.0, 3.0]).tolist()
        [-1.0, 0.0, 1.0]
    """
    return np.sign(x)


@operation()
def floor(x: Any) -> Any:
    """The largest whole number not above x.

    Example:
        >>> floor([1.5, -1.5]).tolist()
        [1.0, -2.0]
    """
    return np.floor(x)


@operation()
def ceil(x: Any) -> Any:
    """The smallest whole number not below x.

    Example:
        >>> ceil([1.5, -1.5]).tolist()
        [2.0, -1.0]
    """
    return np.ceil(x)


@operation()
def round(x: Any, decimals: int = 0) -> Any:
    """X to the nearest number of so many decimals; halves go to the even one.

    Example:
        >>> round([1.4, 2.5]).tolist()
        [1.0, 2.0]
    """
    return np.round(x, decimals)


@operation()
def trunc(x: Any) -> Any:
    """X without its fraction.

    Example:
        >>> trunc([1.5, -1.5]).tolist()
        [1.0, -1.0]
    """
    return np.trunc(x)


@operation()
def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """X with NaN and infinities replaced (None: by the largest numbers there are).

    Args:
        x: Array or tensor.
        nan: In place of NaN.
        posinf: In place of infinity.
        neginf: In place of minus infinity.

    Example:
        >>> nan_to_num([np.nan, 1.0]).tolist()
        [0.0, 1.0]
    """
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@operation(differentiable=False)
def isnan(x: Any) -> Any:
    """Where x is NaN.

    Example:
        >>> isnan([np.nan, 1.0]).tolist()
        [True, False]
    """
    return np.isnan(x)


@operation(differentiable=False)
def isinf(x: Any) -> Any:
    """Where x is infinite.

    Example:
        >>> isinf([np.inf, 1.0]).tolist()
        [True, False]
    """
    return np.isinf(x)


@operation(differentiable=False)
def isfinite(x: Any) -> Any:
    """Where x is neither NaN nor infinite.

    Example:
        >>> isfinite([np.inf, 1.0]).tolist()
        [False, True]
    """
    return np.isfinite(x)


# The derivative of each function, from dy, the value y and the argument x.
_RULES: dict[Callable[..., Any], Callable[[Any, Any, Any], Any]] = {
    negative: lambda dy, y, x: -dy,
    absolute: lambda dy, y, x: dy * sign(x),
    square: lambda dy, y, x: dy * (2.0 * x),
    sqrt: lambda dy, y, x: dy * 0.5 / y,
    rsqrt: lambda dy, y, x: dy * -0.5 * y / x,
    cbrt: lambda dy, y, x: dy / (3.0 * y * y),
    reciprocal: lambda dy, y, x: -dy * y * y,
    exp: lambda dy, y, x: dy * y,
    exp2: lambda dy, y, x: dy * y * math.log(2.0),
    expm1: lambda dy, y, x: dy * exp(x),
    log: lambda dy, y, x: dy / x,
    log1p: lambda dy, y, x: dy / (1.0 + x),
    log2: lambda dy, y, x: dy / (x * math.log(2.0)),
    log10: lambda dy, y, x: dy / (x * math.log(10.0)),
    sin: lambda dy, y, x: dy * cos(x),
    cos: lambda dy, y, x: -dy * sin(x),
    tan: lambda dy, y, x: dy * (1.0 + y * y),
    arcsin: lambda dy, y, x: dy * rsqrt(1.0 - x * x),
    arccos: lambda dy, y, x: -dy * rsqrt(1.0 - x * x),
    arctan: lambda dy, y, x: dy / (1.0 + x * x),
    sinh: lambda dy, y, x: dy * cosh(x),
    cosh: lambda dy, y, x: dy * sinh(x),
    arcsinh: lambda dy, y, x: dy * rsqrt(x * x + 1.0),
    arccosh: lambda dy, y, x: dy * rsqrt(x * x - 1.0),
    arctanh: lambda dy, y, x: dy / (1.0 - x * x),
    erf: lambda dy, y, x: dy * (2.0 / math.sqrt(math.pi)) * exp(-x * x),
    erfc: lambda dy, y, x: dy * (-2.0 / math.sqrt(math.pi)) * exp(-x * x),
    # Steps: flat wherever they have a derivative.
    sign: lambda dy, y, x: dy * 0.0,
    floor: lambda dy, y, x: dy * 0.0,
    ceil: lambda dy, y, x: dy * 0.0,
    trunc: lambda dy, y, x: dy * 0.0,
}
for _function, _derivative in _RULES.items():
    rule(_function)(_derivative)


@rule(round)
def _(dy: Any, y: Any, x: Any, decimals: int = 0) -> Any:
    return dy * 0.0


@rule(nan_to_num)
def _(dy: Any, y: Any, x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    from pronghorn.ops._choice import where

    return where(isfinite(x), dy, 0.0)


@explained
def abs(x: Any) -> Any:
    """The same as `absolute`.

    Example:
        >>> abs([-1.0]).tolist()
        [1.0]
    """
    return absolute(x)


OPERATIONS.update(abs=absolute)
