"""What every initializer is: a callable from shape and dtype to an array."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pronghorn._registry import Registry
from pronghorn._suggest import unknown
from pronghorn.config import floatx
from pronghorn.random._seed import check_seed, next_seed

REGISTRY = Registry("initializer", "keras.initializers")


class Initializer:
    """Base of all initializers; subclass it and write ``__call__``.

    Example:
        >>> class Halves(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.full(shape, 0.5, dtype or "float32")
        >>> Halves()((2,)).tolist()
        [0.5, 0.5]
    """

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[Any]:
        """A new array.

        Args:
            shape: Its shape.
            dtype: Its dtype; None for ``config.floatx()``.
        """
        raise NotImplementedError(f"{type(self).__name__} must write `__call__`.")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal initializer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """The initializer of a configuration."""
        return cls(**config)

    def clone(self) -> Initializer:
        """A new initializer of the same configuration."""
        return self.from_config(self.get_config())

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class RandomInitializer(Initializer):
    """Base of the initializers that draw at random.

    The same instance gives the same numbers at every call with the same shape, as in Keras. The
    numbers come from NumPy's Philox generator, in float64, and are then rounded to the dtype.

    Args:
        seed: Non-negative integer; None takes the next seed of the session.

    Example:
        >>> class Signs(RandomInitializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return self.generator().choice([-1.0, 1.0], shape).astype(dtype or "float32")
        >>> signs = Signs(seed=3)
        >>> bool((signs((4,)) == signs((4,))).all())
        True
    """

    def __init__(self, seed: int | None = None) -> None:
        self._given_seed = check_seed(seed)
        self.seed = next_seed() if self._given_seed is None else self._given_seed

    def generator(self) -> np.random.Generator:
        """A fresh generator at the start of this instance's stream."""
        return np.random.Generator(np.random.Philox(self.seed))

    def get_config(self) -> dict[str, Any]:
        return {"seed": self._given_seed}


def check_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """``shape`` as a tuple of non-negative ints."""
    try:
        dims = tuple(operator.index(size) for size in shape)
    except TypeError:
        raise TypeError(f"`shape` must be a sequence of integers; received {shape!r}.") from None
    if any(size < 0 for size in dims):
        raise ValueError(f"`shape` must not have negative entries; received {dims}.")
    return dims


def check_dtype(dtype: object) -> np.dtype[Any]:
    """``dtype`` as a NumPy dtype; None stands for ``config.floatx()``."""
    name = floatx() if dtype is None else dtype
    try:
        return np.dtype(name)  # type: ignore[call-overload,no-any-return]
    except TypeError:
        raise unknown("dtype", dtype, ("float32", "float64")) from None
