"""Initializers that draw independent values: RandomNormal, RandomUniform, TruncatedNormal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pronghorn._numbers import real
from pronghorn.initializers._initializer import (
    REGISTRY,
    RandomInitializer,
    check_dtype,
    check_shape,
)


def draw_truncated_normal(
    generator: np.random.Generator, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Standard normal values, those beyond two standard deviations drawn again.

    The standard deviation of the result is 0.87962566..., that of N(0, 1) given |z| <= 2.
    """
    values = generator.standard_normal(shape)
    outside = np.abs(values) > 2.0
    while outside.any():
        values[outside] = generator.standard_normal(int(outside.sum()))
        outside = np.abs(values) > 2.0
    return values


@REGISTRY.add("normal")
class RandomNormal(RandomInitializer):
    """Normal values N(mean, stddev^2).

    Args:
        mean: Mean.
        stddev: Standard deviation, >= 0.
        seed: Non-negative integer; None takes the next seed of the session.

    Example:
        >>> RandomNormal(stddev=0.1, seed=1)((3, 2)).shape
        (3, 2)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = real(mean, "mean")
        self.stddev = real(stddev, "stddev", low=0.0)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[Any]:
        values = self.generator().normal(self.mean, self.stddev, check_shape(shape))
        return np.asarray(values, check_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


@REGISTRY.add()
class TruncatedNormal(RandomInitializer):
    """Normal values, those farther than two standard deviations from the mean drawn again.

    Args:
        mean: Mean.
        stddev: Standard deviation before truncation, >= 0.
        seed: Non-negative integer; None takes the next seed of the session.

    Example:
        >>> values = TruncatedNormal(stddev=1.0, seed=1)((1000,))
        >>> bool(abs(values).max() <= 2.0)
        True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = real(mean, "mean")
        self.stddev = real(stddev, "stddev", low=0.0)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[Any]:
        values = draw_truncated_normal(self.generator(), check_shape(shape))
        return np.asarray(self.mean + self.stddev * values, check_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


@REGISTRY.add("uniform")
class RandomUniform(RandomInitializer):
    """Uniform values in [minval, maxval).

    Args:
        minval: Lower bound.
        maxval: Upper bound.
        seed: Non-negative integer; None takes the next seed of the session.

    Example:
        >>> values = RandomUniform(-1.0, 1.0, seed=1)((1000,))
        >>> bool(abs(values).max() <= 1.0)
        True
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        self.minval = real(minval, "minval")
        self.maxval = real(maxval, "maxval", low=self.minval)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[Any]:
        values = self.generator().uniform(self.minval, self.maxval, check_shape(shape))
        return np.asarray(values, check_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}
