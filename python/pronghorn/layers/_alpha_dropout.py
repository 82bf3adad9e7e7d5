"""Dropout that keeps mean and variance behind selu."""

from __future__ import annotations

from typing import Any

from pronghorn.layers._noise import NoiseLayer, share
from pronghorn.layers._noise_shape import ShapedMask, check_noise_shape

_LIMIT = -1.7580993408473766  # of selu from below: its scale times its alpha


class AlphaDropout(NoiseLayer):
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
        shape = check_noise_shape(noise_shape)
        checked = share(rate)
        super().__init__(seed=seed, **kwargs)
        self.rate = checked
        self.noise_shape = shape
        if shape is not None:
            self._own_call = True
            self._mask = ShapedMask(self.rate, shape, self._stream)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Drops, if `training`.

        Args:
            inputs: A tensor, batch first.
            training: Whether to drop.
        """
        if self.noise_shape is None:
            return self._call_built_in(inputs, training)
        if not training or not self.rate:
            return inputs
        from pronghorn import ops

        kept = self._mask.draw(inputs.shape, self.name)
        # The scale and shift that give mean 0 and variance 1 back to inputs that had them.
        scale = ((1 - self.rate) * (1 + self.rate * _LIMIT**2)) ** -0.5
        return scale * ops.where(kept, inputs, _LIMIT) - scale * self.rate * _LIMIT

    setattr(call, "_built_in", True)  # noqa: B010

    def _numbers(self) -> dict[str, float]:
        return {"rate": self.rate}

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "noise_shape": self.noise_shape}
