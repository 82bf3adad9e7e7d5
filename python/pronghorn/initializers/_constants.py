"""Initializers that draw nothing: Zeros, Ones, Constant, Identity."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn._numbers import real
from pronghorn.initializers._initializer import REGISTRY, Initializer, check_dtype, check_shape


@REGISTRY.add("zero")
class Zeros(Initializer):
    """All values 0.

    Example:
        >>> Zeros()((2,)).tolist()
        [0.0, 0.0]
    """

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[Any]:
        return np.zeros(check_shape(shape), check_dtype(dtype))


@REGISTRY.add("one")
class Ones(Initializer):
    """All values 1.

    Example:
        >>> Ones()((2,)).tolist()
        [1.0, 1.0]
    """

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[Any]:
        return np.ones(check_shape(shape), check_dtype(dtype))


@REGISTRY.add()
class Constant(Initializer):
    """All values the same.

    Args:
        value: The value: a number, or an array that broadcasts to the shape asked for.

    Example:
        >>> Constant(0.25)((2,)).tolist()
        [0.25, 0.25]
    """

    def __init__(self, value: ArrayLike = 0.0) -> None:
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"`value` must be a number or an array of numbers; received {value!r}.")
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[Any]:
        return np.full(check_shape(shape), self.value, check_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        array = np.asarray(self.value)
        return {"value": float(array) if array.ndim == 0 else array.tolist()}


@REGISTRY.add("IdentityInitializer")
class Identity(Initializer):
    """``gain`` on the diagonal of a matrix, 0 elsewhere.

    Args:
        gain: The value on the diagonal.

    Example:
        >>> Identity(2.0)((2, 2)).tolist()
        [[2.0, 0.0], [0.0, 2.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = real(gain, "gain")

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[Any]:
        dims = check_shape(shape)
        if len(dims) != 2:
            raise ValueError(f"Identity makes matrices only; received shape={dims}.")
        return self.gain * np.eye(*dims, dtype=check_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}
