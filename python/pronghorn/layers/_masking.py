"""Steps left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn._engine import EngineGraph
from pronghorn._numbers import real
from pronghorn.layers import _lowering
from pronghorn.layers._layer import Layer


class Masking(Layer):
    """Zeroes the rows along the last axis of which every element equals `mask_value`.

    They are masked for later layers that read masks, and for the loss.

    Args:
        mask_value: What marks a row.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: If `mask_value` is no number.

    Example:
        >>> import numpy as np
        >>> Masking(9.0)(np.array([[[9.0, 9.0], [9.0, 1.0]]])).tolist()
        [[[0.0, 0.0], [9.0, 1.0]]]
    """

    supports_masking = True
    _makes_mask = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = real(mask_value, "mask_value")

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Where a row has an element that is not `mask_value`."""
        from pronghorn import ops

        del previous_mask
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        x = inputs[0]
        kept = ops.any(ops.not_equal(x, self.mask_value), axis=-1, keepdims=True)
        return x * ops.cast(kept, x.dtype)

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        return [_lowering.activation(graph, inputs[0], "mask_rows", self.name, p0=self.mask_value)]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "mask_value": self.mask_value}
