"""Additive noise."""

from __future__ import annotations

from typing import Any

from pronghorn._numbers import real
from pronghorn.layers._noise import NoiseLayer


class GaussianNoise(NoiseLayer):
    """In training, adds normal numbers of mean zero.

    Which numbers depends on the seed, the training step and the element alone, not on threads.

    Args:
        stddev: Standard deviation, between 0 and 1.
        seed: Of the noise; None draws one (``utils.set_random_seed`` fixes it).
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For a `stddev` outside [0, 1].

    Source: Bishop, Neural Computation 7 (1995) 108.

    Example:
        >>> import numpy as np
        >>> GaussianNoise(0.5)(np.ones((1, 3))).tolist()
        [[1.0, 1.0, 1.0]]
    """

    _operation = "gaussian_noise"

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        deviation = real(stddev, "stddev", low=0.0, high=1.0)
        super().__init__(seed=seed, **kwargs)
        self.stddev = deviation

    def _numbers(self) -> dict[str, float]:
        return {"stddev": self.stddev}
