"""Constraints on the sign of weights and on the Euclidean norms of vectors of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn._numbers import integer, real
from pronghorn.config import epsilon, floatx
from pronghorn.constraints._constraint import REGISTRY, Constraint


def _weights(w: ArrayLike) -> NDArray[Any]:
    """``w`` as an array of floating-point numbers, its own dtype kept if it is one."""
    array = np.asarray(w)
    return array if array.dtype.kind == "f" else array.astype(floatx())


def _axes(axis: Any) -> int | tuple[int, ...]:
    if isinstance(axis, Sequence):
        return tuple(integer(each, "axis") for each in axis)
    return integer(axis, "axis")


class _OfNorms(Constraint):
    """Base of constraints that change the length of vectors along ``axis`` alone."""

    axis: Any

    def __call__(self, w: ArrayLike) -> Any:
        array = _weights(w)
        wide = array.astype(np.float64)
        along = _axes(self.axis)
        norms = np.sqrt(np.square(wide).sum(axis=along, keepdims=True))
        return (wide * (self._wanted(norms) / (epsilon() + norms))).astype(array.dtype)

    def _wanted(self, norms: NDArray[np.float64]) -> Any:
        raise NotImplementedError


@REGISTRY.add()
class MaxNorm(_OfNorms):
    """Vectors longer than ``max_value`` are shortened to it.

    Args:
        max_value: The greatest length.
        axis: The axis, or axes, of a vector: 0 for the weights into each unit of a Dense kernel.

    Source: Srivastava et al., JMLR 15, 2014, section 5.1.

    Example:
        >>> MaxNorm(1.0)([[3.0], [4.0]]).round(4).tolist()
        [[0.6], [0.8]]
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        real(max_value, "max_value", low=0.0)
        _axes(axis)
        self.max_value, self.axis = max_value, axis

    def _wanted(self, norms: NDArray[np.float64]) -> Any:
        return np.clip(norms, 0.0, self.max_value)

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


@REGISTRY.add()
class MinMaxNorm(_OfNorms):
    """Lengths outside [min_value, max_value] move towards it.

    Args:
        min_value: The least length.
        max_value: The greatest length.
        rate: Share of the way, in [0, 1]: 1 goes all of it at once.
        axis: The axis, or axes, of a vector: 0 for the weights into each unit of a Dense kernel.

    Example:
        >>> MinMaxNorm(min_value=0.5, max_value=1.0)([[0.03], [0.04]]).round(4).tolist()
        [[0.3], [0.4]]
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] = 0,
    ) -> None:
        real(min_value, "min_value", low=0.0)
        real(max_value, "max_value", low=min_value)
        real(rate, "rate")
        _axes(axis)
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def _wanted(self, norms: NDArray[np.float64]) -> Any:
        inside = np.clip(norms, self.min_value, self.max_value)
        return self.rate * inside + (1.0 - self.rate) * norms

    def get_config(self) -> dict[str, Any]:
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


@REGISTRY.add()
class UnitNorm(_OfNorms):
    """Every vector gets the length 1.

    Args:
        axis: The axis, or axes, of a vector: 0 for the weights into each unit of a Dense kernel.

    Example:
        >>> UnitNorm()([[3.0], [4.0]]).round(4).tolist()
        [[0.6], [0.8]]
    """

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        _axes(axis)
        self.axis = axis

    def _wanted(self, norms: NDArray[np.float64]) -> Any:
        return 1.0

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


@REGISTRY.add()
class NonNeg(Constraint):
    """Negative weights become 0.

    Example:
        >>> NonNeg()([-1.0, 2.0]).tolist()
        [0.0, 2.0]
    """

    def __call__(self, w: ArrayLike) -> Any:
        array = _weights(w)
        return np.maximum(array, array.dtype.type(0))
