"""Dropout that keeps mean and variance behind selu."""

from __future__ import annotations

from typing import Any

from pronghorn.layers._noise import NoiseLayer, share


class AlphaDropout(NoiseLayer):
    """In training, sets elements to selu's lower limit and rescales so that mean and variance stay.

    Which elements fall depends on the seed and the training step alone, not on threads.

    Args:
        rate: Probability of an element to fall, in [0, 1).
        noise_shape: Must be None.
        seed: Of the masks; None draws one (``utils.set_random_seed`` fixes it).
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For a rate outside [0, 1) or a `noise_shape`.

    Source: Klambauer et al., arXiv:1706.02515.

    Example:
        >>> import numpy as np
        >>> AlphaDropout(0.5)(np.ones((1, 3))).tolist()
        [[1.0, 1.0, 1.0]]
    """

    _operation = "alpha_dropout"

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        if noise_shape is not None:
            raise ValueError(
                "AlphaDropout does not support `noise_shape`. "
                f"Received: noise_shape={noise_shape!r}"
            )
        checked = share(rate)
        super().__init__(seed=seed, **kwargs)
        self.rate = checked
        self.noise_shape = None

    def _numbers(self) -> dict[str, float]:
        return {"rate": self.rate}

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "noise_shape": self.noise_shape}
