"""Multiplicative noise."""

from __future__ import annotations

from typing import Any

from pronghorn.layers._noise import NoiseLayer, share


class GaussianDropout(NoiseLayer):
    """In training, multiplies by normal numbers of mean 1 and variance rate / (1 - rate).

    Which numbers depends on the seed, the training step and the element alone, not on threads.

    Args:
        rate: As of the dropout with the same mean and variance, in [0, 1).
        seed: Of the noise; None draws one (``utils.set_random_seed`` fixes it).
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For a rate outside [0, 1).

    Source: Srivastava et al., JMLR 15 (2014), section 10.

    Example:
        >>> import numpy as np
        >>> GaussianDropout(0.5)(np.ones((1, 3))).tolist()
        [[1.0, 1.0, 1.0]]
    """

    _operation = "gaussian_dropout"

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        checked = share(rate)
        super().__init__(seed=seed, **kwargs)
        self.rate = checked

    def _numbers(self) -> dict[str, float]:
        return {"rate": self.rate}
