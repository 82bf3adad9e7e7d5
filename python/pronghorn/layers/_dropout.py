"""Dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn._engine import EngineGraph
from pronghorn.layers._noise_shape import DropoutLayer

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode

_LEAST = 1e-7  # where everything falls, zeros are divided by this


class Dropout(DropoutLayer):
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

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        if isinstance(rate, (str, bool)) or not 0 <= rate <= 1:
            raise ValueError(f"`rate` must be a number between 0 and 1. Received: rate={rate!r}")
        super().__init__(float(rate), noise_shape, seed, **kwargs)

    def _drop(self, inputs: Any, kept: Any) -> Any:
        from pronghorn import ops

        return inputs * ops.cast(kept, self.compute_dtype) / max(1 - self.rate, _LEAST)

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        return {"op": "dropout", "rate": self.rate, "seed": self._stream}
