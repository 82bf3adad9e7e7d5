"""Samples scaled to length one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn._engine import EngineGraph
from pronghorn.layers import _lowering
from pronghorn.layers._layer import Layer
from pronghorn.layers._normalization import check_axis, sample_axes


class UnitNormalization(Layer):
    """Y = X / |X| with the Euclidean norm over `axis`; zeros stay zeros.

    Args:
        axis: One axis or several, counted with the batch; not the batch itself.
        **kwargs: `name`, `dtype`.

    Raises:
        TypeError: If `axis` is no integer or list of them.

    Example:
        >>> import numpy as np
        >>> UnitNormalization()(np.array([[3.0, 4.0]])).round(3).tolist()
        [[0.6, 0.8]]
    """

    supports_masking = True

    _min_ndim = 2

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = check_axis(axis)

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        sample_axes(self, self.axis, len(shapes))

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        x = inputs[0]
        axes = [axis + 1 for axis in sample_axes(self, self.axis, x.ndim)]
        squares = ops.sum(ops.square(x), axis=axes, keepdims=True)
        return x * ops.rsqrt(ops.maximum(squares, 1e-24))

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        axes = sample_axes(self, self.axis, len(graph.shapes[inputs[0]]) + 1)

        def normalize(index: int) -> int:
            return _lowering.activation(graph, index, "unit_length", self.name, p0=1e-12)

        return [_lowering.on_axes(graph, inputs[0], axes, self.name, normalize)]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis}
