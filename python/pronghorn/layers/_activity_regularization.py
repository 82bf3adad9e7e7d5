"""A penalty on what passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn._engine import EngineGraph
from pronghorn._numbers import real
from pronghorn.layers._layer import Layer
from pronghorn.regularizers import L1L2


class ActivityRegularization(Layer):
    """Y = X, and the loss grows by the mean over the batch of sum l1 |x| + l2 x^2.

    Args:
        l1: Factor of the absolute values, >= 0.
        l2: Factor of the squares, >= 0.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: If a factor is negative.

    Example:
        >>> import numpy as np
        >>> ActivityRegularization(l1=0.1)(np.array([[1.0, 2.0]])).tolist()
        [[1.0, 2.0]]
    """

    supports_masking = True

    _keeps_shape = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        penalty = L1L2(real(l1, "l1", low=0.0), real(l2, "l2", low=0.0))
        kwargs["activity_regularizer"] = penalty  # configurations repeat l1 and l2 there
        super().__init__(**kwargs)
        self.l1, self.l2 = penalty.l1, penalty.l2

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        return inputs[0]

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        return list(inputs)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        config = {**super().get_config(), "l1": self.l1, "l2": self.l2}
        config.pop("activity_regularizer")
        return config
