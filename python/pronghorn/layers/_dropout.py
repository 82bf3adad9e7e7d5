"""Dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn._engine import EngineGraph
from pronghorn.layers._layer import Layer
from pronghorn.layers._noise_shape import ShapedMask, check_noise_shape
from pronghorn.random._seed import check_seed, next_seed

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode

_LEAST = 1e-7  # where everything falls, zeros are divided by this


class Dropout(Layer):
    """In training, zeroes each element with probability `rate` and scales the rest by 1/(1-rate).

    Which elements fall depends on the seed and the training step alone, not on threads.

    Args:
        rate: Between 0 and 1.
        noise_shape: Axes, the batch's first, of which those of length 1 fall together, e.g.
            (None, 1, features) the same features in all steps; None is the input's length. A model
            with such a layer runs recorded.
        seed: Of the masks; None draws one (``utils.set_random_seed`` fixes it).
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For a rate outside [0, 1] or a `noise_shape` that does not fit.

    Source: Srivastava et al., JMLR 15 (2014).

    Example:
        >>> import numpy as np
        >>> Dropout(0.5)(np.ones((1, 3))).tolist()
        [[1.0, 1.0, 1.0]]
    """

    supports_masking = True

    _keeps_shape = True
    _knows_training = True

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        if isinstance(rate, (str, bool)) or not 0 <= rate <= 1:
            raise ValueError(f"`rate` must be a number between 0 and 1. Received: rate={rate!r}")
        shape = check_noise_shape(noise_shape)
        self.seed = check_seed(seed)
        super().__init__(**kwargs)
        self.rate = float(rate)
        self.noise_shape = shape
        self._stream = next_seed() if self.seed is None else self.seed
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
        return inputs * ops.cast(kept, self.compute_dtype) / max(1 - self.rate, _LEAST)

    setattr(call, "_built_in", True)  # noqa: B010

    def _check_training_argument(self, training: bool | None) -> None:
        if training:  # a fixed False gives way to what fit and predict ask for, as in Keras
            raise ValueError(
                f"Layer '{self.name}' decides at run time whether it drops; in a graph it cannot "
                f"be fixed. Received: training={training!r}"
            )

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        return super()._compose(inputs, training) if training and self.rate else inputs[0]

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        return {"op": "dropout", "rate": self.rate, "seed": self._stream}

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "rate": self.rate,
            "seed": self.seed,
            "noise_shape": self.noise_shape,
        }
