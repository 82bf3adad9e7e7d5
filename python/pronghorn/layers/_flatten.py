"""Flattening of samples to vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn._engine import EngineGraph
from pronghorn.layers._input_spec import InputSpec
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class Flatten(Layer):
    """Makes each sample a vector: (batch, a, b) becomes (batch, a b).

    Args:
        data_format: None or "channels_last".
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For another `data_format`.

    Example:
        >>> import numpy as np
        >>> Flatten()(np.zeros((5, 2, 3))).shape
        (5, 6)
    """

    _tells_shape = True
    _keeps_values = True

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        if data_format not in (None, "channels_last"):
            raise ValueError(
                "`data_format` must be None or 'channels_last'. "
                f"Received: data_format={data_format!r}"
            )
        super().__init__(**kwargs)
        self.data_format = "channels_last"

    def _own_input_spec(self) -> InputSpec:
        return InputSpec(min_ndim=1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """(batch, product of the other dimensions)."""
        sizes = input_shape[1:]
        size = None if None in sizes else math.prod(sizes)
        return (input_shape[0], size)

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        x = inputs[0]
        return x.reshape(self.compute_output_shape(x.shape))

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        return {"op": "reshape", "shape": (math.prod(shapes[0]),)}

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "data_format": self.data_format}
