"""Samples in another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn._engine import EngineGraph
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class Reshape(Layer):
    """Gives each sample another shape with as many elements, in the same (C) order.

    Args:
        target_shape: Shape per sample; one entry may be -1, which is then inferred.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: If the shape is malformed or has another number of elements than the input.

    Example:
        >>> import numpy as np
        >>> Reshape((2, -1))(np.zeros((5, 6))).shape
        (5, 2, 3)
    """

    _keeps_values = True

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        shape = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        integers = all(hasattr(size, "__index__") for size in shape)
        if not integers or any(size < 1 and size != -1 for size in shape) or shape.count(-1) > 1:
            raise ValueError(
                "`target_shape` must be a tuple of positive integers of which one may be -1. "
                f"Received: target_shape={target_shape!r}"
            )
        super().__init__(**kwargs)
        self.target_shape = tuple(int(size) for size in shape)

    def _resolve(self, sample_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        known = math.prod(size for size in self.target_shape if size != -1)
        if None in sample_shape:
            return tuple(None if size == -1 else size for size in self.target_shape)
        elements = math.prod(size for size in sample_shape if size is not None)
        if elements % known or (-1 not in self.target_shape and elements != known):
            raise ValueError(
                f'Layer "{self.name}" cannot make shape {self.target_shape} of samples of shape '
                f"{tuple(sample_shape)}, which have {elements} elements."
            )
        return tuple(elements // known if size == -1 else size for size in self.target_shape)

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        self._resolve(shapes[1:])

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """(batch, *target_shape)."""
        return (input_shape[0], *self._resolve(input_shape[1:]))

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        x = inputs[0]
        return x.reshape(self.compute_output_shape(x.shape))

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        sizes = self._resolve(shapes[0])
        return {"op": "reshape", "shape": tuple(size for size in sizes if size is not None)}

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "target_shape": self.target_shape}
