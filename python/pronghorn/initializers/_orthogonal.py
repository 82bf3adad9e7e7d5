"""Orthogonal: a random matrix with orthonormal rows or columns."""

import math
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


@REGISTRY.add("OrthogonalInitializer")
class Orthogonal(RandomInitializer):
    """``gain`` times a matrix drawn uniformly among those with orthonormal rows or columns.

    The matrix is Q of the QR decomposition of a normal matrix, each column multiplied by the sign
    of R's diagonal entry, without which the draw would not be uniform (Mezzadri,
    arXiv:math-ph/0609050). Axes before the last are taken together as rows.

    Args:
        gain: Factor.
        seed: Non-negative integer; None takes the next seed of the session.

    Source: Saxe, McClelland & Ganguli, arXiv:1312.6120.

    Example:
        >>> q = Orthogonal(seed=1)((4, 3), "float64")
        >>> bool(np.allclose(q.T @ q, np.eye(3)))
        True
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = real(gain, "gain")

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[Any]:
        dims = check_shape(shape)
        if len(dims) < 2:
            raise ValueError(f"Orthogonal needs at least two dimensions; received shape={dims}.")
        rows, columns = math.prod(dims[:-1]), dims[-1]
        normal = self.generator().standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(normal)
        q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
        if rows < columns:
            q = q.T
        return np.asarray(self.gain * q.reshape(dims), check_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}
