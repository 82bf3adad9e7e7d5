"""Checks of numbers given by the user, with errors that name the argument."""

import math
import numbers

import numpy as np


def real(
    value: object,
    argument: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """``value`` as a finite float within bounds.

    Args:
        value: A Python or NumPy real number, or a zero-dimensional array of one.
        argument: Its name in messages.
        low: Least value.
        high: Greatest value.
        open_low: Whether ``low`` itself is excluded.
        open_high: Whether ``high`` itself is excluded.

    Raises:
        TypeError: If it is no real number.
        ValueError: If it is not finite or out of bounds.

    Example:
        >>> real(3, "rate", low=0)
        3.0
    """
    if type(value) is float and low < value < high:
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise TypeError(f"`{argument}` must be a number; received {value!r}.")
    result = float(value)
    below = result <= low if open_low else result < low
    above = result >= high if open_high else result > high
    if not math.isfinite(result) or below or above:
        bounds = _bounds(low, high, open_low, open_high)
        raise ValueError(f"`{argument}` must be a finite number{bounds}; received {value!r}.")
    return result


def _bounds(low: float, high: float, open_low: bool, open_high: bool) -> str:
    parts = []
    if low > -math.inf:
        parts.append(f"{'>' if open_low else '>='} {low:g}")
    if high < math.inf:
        parts.append(f"{'<' if open_high else '<='} {high:g}")
    return f" {' and '.join(parts)}" if parts else ""


def integer(
    value: object, argument: str, *, low: int | None = None, high: int | None = None
) -> int:
    """``value`` as an int from ``low`` to ``high``.

    Raises:
        TypeError: If it is no integer.
        ValueError: If it is out of bounds.

    Example:
        >>> integer(np.int64(3), "patience", low=0)
        3
    """
    if type(value) is int and high is None and (low is None or value >= low):
        return value
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"`{argument}` must be an integer; received {value!r}.")
    result = int(value)
    if low is not None and result < low:
        raise ValueError(f"`{argument}` must be an integer >= {low}; received {value!r}.")
    if high is not None and result > high:
        raise ValueError(f"`{argument}` must be an integer <= {high}; received {value!r}.")
    return result
