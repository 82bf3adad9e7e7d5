"""Dropout that keeps mean and variance behind selu."""

from __future__ import annotations

from typing import Any

from pronghorn.layers._noise import share
from pronghorn.layers._noise_shape import DropoutLayer

_LIMIT = -1.7580993408473766  # of selu from below: its scale times its alpha


class AlphaDropout(DropoutLayer):
    """In training, sets elements to selu's lower limit and rescales so that mean and variance stay.

    Which elements fall depends on the seed and the training step alone, not on threads.

    Args:
        rate: Probability of an element to fall, in [0, 1).
        noise_shape: Axes, the batch's first, of which those of length 1 fall together; None is the
            input's length. A model with such a layer runs recorded.
        seed: Of the masks; None draws one (``utils.set_random_seed`` fixes it).
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For a rate outside [0, 1) or a `noise_shape` that does not fit.

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
        super().__init__(share(rate), noise_shape, seed, **kwargs)

    def _drop(self, inputs: Any, kept: Any) -> Any:
        from pronghorn import ops

        # The scale and shift that give mean 0 and variance 1 back to inputs that had them.
        scale = ((1 - self.rate) * (1 + self.rate * _LIMIT**2)) ** -0.5
        return scale * ops.where(kept, inputs, _LIMIT) - scale * self.rate * _LIMIT
